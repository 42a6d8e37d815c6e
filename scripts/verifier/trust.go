package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// Whose signatures make a checkpoint count: a trust file (c2sp.org/tlog-policy) or one verifier key.
//
// Keys of kind 06 (ML-DSA-44) cannot be checked here: their lines on checkpoints are passed over, and a trust
// file that names no other key of the ledger, or whose quorum needs them, is refused.

const (
	kindLog     = 0x01
	kindWitness = 0x04
	kindMlDsa   = 0x06
)

// Trust is one origin's keys and quorum, and what was revoked of them.
type Trust struct {
	origin    string
	logs      []key
	revoked   []*revocation
	witnesses map[string]key    // by their names in the file
	keyNames  map[string]string // of all witnesses, also of those whose kind cannot be checked here
	groups    []group
	quorum    string
	quantum   bool // a key of kind 06 stands in it
}

type group struct {
	name    string
	needed  int
	members []string
}

// Checkpoint is what a ledger signed.
type Checkpoint struct {
	origin   string
	size     int64
	root     tlog.Hash
	cosigned []string
}

var emptyRoot = tlog.Hash(sha256.Sum256(nil))

type tree struct {
	size int64
	root tlog.Hash
}

func (c *Checkpoint) tree() tree { return tree{c.size, c.root} }

// key is a verifier of kind 01 or 04 that lets no point of small order pass.
type key struct {
	name   string
	hash   uint32
	kind   byte
	public []byte
}

func (k key) is(other key) bool {
	return k.name == other.name && k.kind == other.kind && bytes.Equal(k.public, other.public)
}

func (k key) Name() string    { return k.name }
func (k key) KeyHash() uint32 { return k.hash }

func (k key) Verify(text, signature []byte) bool {
	if k.kind == kindLog {
		return verifyStrictly(k.public, text, signature)
	}
	if len(signature) != 72 || signature[0]&0x80 != 0 {
		return false
	}
	head := fmt.Sprintf("cosignature/v1\ntime %d\n", binary.BigEndian.Uint64(signature[:8]))
	return verifyStrictly(k.public, append([]byte(head), text...), signature[8:])
}

// parseKey reads a verifier key; nil for one of kind 06.
func parseKey(text string) (*key, error) {
	parts := strings.SplitN(text, "+", 3)
	if len(parts) != 3 {
		return nil, fmt.Errorf("%.80q is no verifier key", text)
	}
	data, err := strictBase64(parts[2])
	if err != nil || len(data) < 1 {
		return nil, fmt.Errorf("%.80q is no verifier key", text)
	}
	sum := sha256.Sum256(append([]byte(parts[0]+"\n"), data...))
	if hex.EncodeToString(sum[:4]) != parts[1] {
		return nil, fmt.Errorf("the verifier key of %s does not have the id it says", parts[0])
	}
	if data[0] == kindMlDsa && len(data) == 1+1312 {
		return nil, nil
	}
	if len(data) != 33 || data[0] != kindLog && data[0] != kindWitness {
		return nil, fmt.Errorf("the verifier key of %s is of an unknown kind", parts[0])
	}
	if data[0] == kindLog { // what the library makes of it must be the same
		if v, err := note.NewVerifier(text); err != nil || v.Name() != parts[0] {
			return nil, fmt.Errorf("the verifier key of %s: %w", parts[0], err)
		}
	}
	return &key{parts[0], binary.BigEndian.Uint32(sum[:4]), data[0], data[1:]}, nil
}

func trustKey(text string) (*Trust, error) {
	k, err := parseKey(text)
	if err != nil {
		return nil, err
	}
	if k == nil || k.kind != kindLog {
		return nil, errors.New("the key must be a log's, of kind 01")
	}
	return &Trust{origin: k.name, logs: []key{*k}, quorum: "none"}, nil
}

func parseTrust(data []byte) (*Trust, error) {
	t := &Trust{witnesses: map[string]key{}, keyNames: map[string]string{}}
	known := map[string]bool{"none": true}
	member := map[string]bool{}
	publics := map[string]bool{}
	if !bytes.HasSuffix(data, []byte("\n")) {
		return nil, errors.New("the trust file must end with a newline")
	}
	for number, line := range strings.Split(string(data), "\n") {
		items := strings.FieldsFunc(line, func(r rune) bool { return r == ' ' || r == '\t' })
		if len(items) == 0 || strings.HasPrefix(items[0], "#") {
			continue
		}
		var err error
		switch n := len(items); {
		case items[0] == "log" && (n == 2 || n == 3):
			err = t.addLog(items[1], publics)
		case items[0] == "witness" && (n == 3 || n == 4):
			err = t.addWitness(items[1], items[2], known, publics)
		case items[0] == "group" && n >= 4:
			err = t.addGroup(items[1], items[2], items[3:], known, member)
		case items[0] == "quorum" && n == 2 && t.quorum == "" && known[items[1]]:
			t.quorum = items[1]
		default:
			err = errors.New("not understood")
		}
		if err != nil {
			return nil, fmt.Errorf("line %d of the trust file: %w", number+1, err)
		}
	}
	if len(t.logs) == 0 && t.quantum {
		return nil, errors.New("the trust file demands ML-DSA-44 (kind 06), which this program cannot check: " +
			"make one with adamas trust --classical, and check the second line with other software")
	}
	for name, keyName := range t.keyNames {
		if keyName == t.origin {
			return nil, fmt.Errorf("the witness %s is the ledger itself", name)
		}
	}
	if err := t.checkCountedOnce(); err != nil {
		return nil, err
	}
	if len(t.logs) == 0 || t.quorum == "" {
		return nil, errors.New("the trust file needs a log of kind 01 and a quorum")
	}
	return t, nil
}

func (t *Trust) addLog(text string, publics map[string]bool) error {
	k, err := parseKey(text)
	if err != nil {
		return err
	}
	if k == nil {
		t.quantum = true
		return nil
	}
	if k.kind != kindLog || publics[string(k.public)] || t.origin != "" && t.origin != k.name {
		return errors.New("a log's key is of kind 01, stands once, and all are of one origin")
	}
	publics[string(k.public)] = true
	t.origin, t.logs = k.name, append(t.logs, *k)
	return nil
}

func (t *Trust) addWitness(name, text string, known, publics map[string]bool) error {
	k, err := parseKey(text)
	if err != nil {
		return err
	}
	if known[name] {
		return fmt.Errorf("the name %q stands twice", name)
	}
	known[name] = true
	t.keyNames[name] = strings.SplitN(text, "+", 2)[0]
	if k == nil {
		return nil // kind 06: it never counts here
	}
	if k.kind != kindWitness || publics[string(k.public)] {
		return errors.New("a witness's key is of kind 04, and stands once")
	}
	publics[string(k.public)] = true
	t.witnesses[name] = *k
	return nil
}

func (t *Trust) addGroup(name, needed string, members []string, known, taken map[string]bool) error {
	if known[name] {
		return fmt.Errorf("the name %q stands twice", name)
	}
	for _, one := range members {
		if !known[one] || taken[one] || one == "none" {
			return fmt.Errorf("%q is not defined above, or a member twice", one)
		}
		taken[one] = true
	}
	count := 1
	if needed == "all" {
		count = len(members)
	} else if needed != "any" {
		number, err := strconv.Atoi(needed)
		if err != nil || number < 1 || number > len(members) || strconv.Itoa(number) != needed {
			return fmt.Errorf("%q of %d members cannot be", needed, len(members))
		}
		count = number
	}
	known[name] = true
	t.groups = append(t.groups, group{name, count, members})
	return nil
}

// checkCountedOnce: a witness with two keys is still one; they stand in one group of which any suffices.
func (t *Trust) checkCountedOnce() error {
	place := map[string]int{} // the group of each witness's first key, by the name of the key
	for number, g := range t.groups {
		for _, member := range g.members {
			keyName, isWitness := t.keyNames[member]
			if !isWitness {
				continue
			}
			if earlier, twice := place[keyName]; twice && (earlier != number || g.needed > 1) {
				return fmt.Errorf("the witness %s would count twice", keyName)
			}
			place[keyName] = number
		}
	}
	return nil
}

func (t *Trust) reached(names []string) bool {
	agreed := map[string]bool{"none": true}
	for _, name := range names {
		agreed[name] = true
	}
	for _, g := range t.groups {
		count := 0
		for _, one := range g.members {
			if agreed[one] {
				count++
			}
		}
		if count >= g.needed {
			agreed[g.name] = true
		}
	}
	return agreed[t.quorum]
}

// open checks a signed checkpoint; a pinned one needs the log's signature only.
func (t *Trust) open(data []byte, pinned bool) (*Checkpoint, error) {
	known := append([]key{}, t.logs...)
	for _, one := range t.revoked {
		known = append(known, one.key)
	}
	for _, v := range t.witnesses {
		known = append(known, v)
	}
	c, signers, err := openCheckpoint(data, known)
	if err != nil {
		return nil, err
	}
	if c.origin != t.origin {
		return nil, fmt.Errorf("the checkpoint is of the ledger %q, not of %q", c.origin, t.origin)
	}
	if err := t.checkSigners(c, signers); err != nil {
		return nil, err
	}
	for name, w := range t.witnesses {
		if among(w, signers) {
			c.cosigned = append(c.cosigned, name)
		}
	}
	if !pinned && !t.reached(c.cosigned) {
		return nil, fmt.Errorf("%d witnesses cosigned, which does not reach the quorum %s", len(c.cosigned), t.quorum)
	}
	return c, nil
}

// checkSigners wants a key of the ledger; of a revoked one, only what it signed while it was honest.
func (t *Trust) checkSigners(c *Checkpoint, signers []key) error {
	for _, log := range t.logs {
		if among(log, signers) && !t.isRevoked(log) {
			return nil
		}
	}
	heeded := false
	for _, one := range t.revoked {
		if !among(one.key, signers) {
			continue
		}
		if err := one.check(c); err != nil {
			return err
		}
		heeded = true
	}
	if !heeded {
		return errors.New("no pinned key of the ledger signed the checkpoint")
	}
	return nil
}

func among(one key, signers []key) bool {
	for _, other := range signers {
		if one.is(other) {
			return true
		}
	}
	return false
}
