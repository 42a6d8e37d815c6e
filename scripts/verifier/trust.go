package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"regexp"
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

// Trust is one origin's keys and quorum.
type Trust struct {
	origin    string
	logs      []note.Verifier
	witnesses map[string]note.Verifier // by their names in the file
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

// key is a verifier of kind 01 or 04 that lets no point of small order pass.
type key struct {
	name   string
	hash   uint32
	kind   byte
	public []byte
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
	return &Trust{origin: k.name, logs: []note.Verifier{*k}, quorum: "none"}, nil
}

func parseTrust(data []byte) (*Trust, error) {
	t := &Trust{witnesses: map[string]note.Verifier{}}
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
	known := append([]note.Verifier{}, t.logs...)
	for _, v := range t.witnesses {
		known = append(known, v)
	}
	if err := strictLines(data); err != nil {
		return nil, err
	}
	n, err := note.Open(data, note.VerifierList(known...))
	if err != nil {
		return nil, err
	}
	c, err := parseCheckpoint(n.Text)
	if err != nil {
		return nil, err
	}
	if c.origin != t.origin {
		return nil, fmt.Errorf("the checkpoint is of the ledger %s, not of %s", c.origin, t.origin)
	}
	signed := false
	for _, s := range n.Sigs {
		for _, log := range t.logs {
			signed = signed || log.KeyHash() == s.Hash && log.Name() == s.Name
		}
		for name, w := range t.witnesses {
			if w.KeyHash() == s.Hash && w.Name() == s.Name {
				c.cosigned = append(c.cosigned, name)
			}
		}
	}
	if !signed {
		return nil, errors.New("no pinned key of the ledger signed the checkpoint")
	}
	if !pinned && !t.reached(c.cosigned) {
		return nil, fmt.Errorf("%d witnesses cosigned, which does not reach the quorum %s", len(c.cosigned), t.quorum)
	}
	return c, nil
}

// strictLines refuses what the library lets pass: base64 in another spelling, one key's signature twice.
func strictLines(data []byte) error {
	place := bytes.LastIndex(data, []byte("\n\n"))
	if place < 0 {
		return errors.New("there is no signature")
	}
	seen := map[string]bool{}
	for _, line := range strings.Split(strings.TrimSuffix(string(data[place+2:]), "\n"), "\n") {
		parts := strings.Split(strings.TrimPrefix(line, "— "), " ")
		if len(parts) != 2 {
			return errors.New("a line among the signatures is none")
		}
		raw, err := strictBase64(parts[1])
		if err != nil || len(raw) < 5 {
			return errors.New("a signature is no base64 in its one spelling")
		}
		mark := parts[0] + " " + string(raw[:4])
		if seen[mark] {
			return fmt.Errorf("the key %s signed twice", parts[0])
		}
		seen[mark] = true
	}
	return nil
}

var decimal = regexp.MustCompile(`^(0|[1-9][0-9]{0,15})$`)

func parseSize(text string) (int64, error) {
	number, err := strconv.ParseInt(text, 10, 64)
	if err != nil || !decimal.MatchString(text) || number >= below {
		return 0, fmt.Errorf("%.40q is no size or index", text)
	}
	return number, nil
}

func parseHash(text string) (tlog.Hash, error) {
	var hash tlog.Hash
	raw, err := strictBase64(text)
	if err != nil || len(raw) != len(hash) {
		return hash, fmt.Errorf("%.60q is no hash", text)
	}
	copy(hash[:], raw)
	return hash, nil
}

func parseCheckpoint(text string) (*Checkpoint, error) {
	lines := strings.Split(text, "\n")
	if len(lines) != 4 || lines[3] != "" || lines[0] == "" {
		return nil, errors.New("a checkpoint has three lines")
	}
	size, err := parseSize(lines[1])
	if err != nil {
		return nil, err
	}
	root, err := parseHash(lines[2])
	if err != nil {
		return nil, err
	}
	return &Checkpoint{origin: lines[0], size: size, root: root}, nil
}

func strictBase64(text string) ([]byte, error) {
	raw, err := base64.StdEncoding.Strict().DecodeString(text)
	if err == nil && base64.StdEncoding.EncodeToString(raw) != text {
		err = errors.New("not in its one spelling")
	}
	return raw, err
}
