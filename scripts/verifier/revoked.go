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
// The revocation counts with the proofs, at the same checkpoint, that its author was entitled: of entry 0 for the
// recovery key and the first authority's, of enrolments and roles for others (authority.go).

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
	var found *shown
	every := []shown{}
	for name, data := range bundles {
		one, err := verifyBundle(data, &plain, nil)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		every = append(every, one)
	}
	for i, one := range every {
		if one.entry.statement.kind == "ledger-key-revoked/1" {
			if found != nil {
				return nil, errors.New("there are two revocations in one file")
			}
			found = &every[i]
		}
	}
	if found == nil {
		return nil, errors.New("there is no revocation in this file")
	}
	judged := judgeShown(every)
	for i := range every {
		if v := judged(&every[i]); v.standing == contradicted {
			return nil, fmt.Errorf("entry %d: %s", every[i].entry.index, v.why)
		}
	}
	if v := judged(found); v.standing != entitled {
		return nil, fmt.Errorf("nothing here shows that whoever revoked the key was entitled: %s", v.why)
	}
	return t.readRevocation(found)
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
