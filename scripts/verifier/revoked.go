package main

import (
	"errors"
	"fmt"

	"golang.org/x/mod/sumdb/tlog"
)

// A key of the ledger that was lost or stolen (`ledger-key-revoked/1 {key, size, root}`; FORMATS.md section 6).
// What it signed counts up to that size and under that root: a checkpoint under it alone must be one from which
// the tree grew that the revocation is proven in, by paths in its bundle.
//
// The revocation counts with the proof of entry 0 at the same checkpoint, whose recovery key or first authority's
// key must have signed it. Authorities of later days are not followed here; `adamas verify --revoked` does.

type revocation struct {
	key   key
	size  int64
	root  tlog.Hash
	head  *Checkpoint
	paths map[int64]tlog.TreeProof
}

func (t *Trust) isRevoked(one key) bool {
	for _, other := range t.revoked {
		if other.key.is(one) {
			return true
		}
	}
	return false
}

// revoke reads a file of bundles, one of which revokes a key.
func (t *Trust) revoke(data []byte) (*revocation, error) {
	bundles, err := unpack(data)
	if err != nil {
		return nil, err
	}
	plain := *t
	plain.revoked = nil
	var found, opening *shown
	every := []shown{}
	for name, data := range bundles {
		one, err := verifyBundle(data, &plain, nil)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		every = append(every, one)
	}
	for i, one := range every {
		switch one.entry.statement.kind {
		case "ledger-key-revoked/1":
			if found != nil {
				return nil, errors.New("there are two revocations in one file")
			}
			found = &every[i]
		case "ledger-opened/1":
			if one.entry.index == 0 {
				opening = &every[i]
			}
		}
	}
	if found == nil || opening == nil || opening.head.tree() != found.head.tree() {
		return nil, errors.New("there must be a revocation and the proof of entry 0 at the same checkpoint")
	}
	if err := entitled(found.entry.statement, opening.entry.statement, every); err != nil {
		return nil, err
	}
	return t.readRevocation(found)
}

// entitled: by the recovery key or the first authority's, for their own party, and neither of them revoked.
func entitled(act, opening Statement, every []shown) error {
	party, _ := opening.body.get("by")
	by, _ := act.body.get("by")
	_, documented := act.body.get("documented")
	self, ok := opening.body.bytes("authority_key")
	recovery, _ := opening.body.bytes("recovery_key")
	if !ok || string(self) != string(opening.author) || party == nil || by != party || documented || act.onBehalf {
		return errors.New("nothing here shows that whoever revoked the key was entitled")
	}
	if string(act.author) != string(self) && string(act.author) != string(recovery) {
		return errors.New("the revocation is neither by the recovery key nor by the first authority's")
	}
	for _, one := range every {
		key, _ := one.entry.statement.body.bytes("key")
		if one.entry.statement.kind == "key-revoked/1" && string(key) == string(act.author) {
			return errors.New("the key that signed the revocation is itself revoked in this file")
		}
	}
	return nil
}

func (t *Trust) readRevocation(found *shown) (*revocation, error) {
	body := found.entry.statement.body
	text, _ := body.get("key")
	spelled, isText := text.(string)
	size, ok1 := body.size("size")
	root, ok2 := body.hash("root")
	if !isText || !ok1 || !ok2 {
		return nil, errors.New("the revocation has no key, size and root")
	}
	revoked, err := parseKey(spelled)
	if err != nil || revoked == nil {
		return nil, errors.New("the revoked key is none that can be checked here")
	}
	if revoked.name != found.head.origin {
		return nil, errors.New("the revoked key is another ledger's")
	}
	own := *t
	own.logs, own.revoked = nil, nil
	for _, log := range t.logs {
		if !log.is(*revoked) {
			own.logs = append(own.logs, log)
		}
	}
	if _, err := own.open(found.bundle.note, true); err != nil {
		return nil, errors.New("the revocation is proven under the revoked key alone")
	}
	return &revocation{*revoked, size, root, found.head, found.bundle.consistency}, nil
}

// check refuses a checkpoint that the revoked key signed too late, or in another history.
func (r *revocation) check(c *Checkpoint) error {
	if !r.grown(r.size, r.root) {
		return errors.New("nothing shows that the tree grew from the last that the revoked key honestly signed")
	}
	if c.size > r.size || !r.grown(c.size, c.root) {
		return fmt.Errorf("signed by a revoked key alone, which counts only up to size %d, with a path from there", r.size)
	}
	return nil
}

func (r *revocation) grown(size int64, root tlog.Hash) bool {
	if size == r.head.size {
		return root == r.head.root
	}
	path, have := r.paths[size]
	return (have || size == 0) && grew(path, r.head.size, r.head.root, size, root)
}
