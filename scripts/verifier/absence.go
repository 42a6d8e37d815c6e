package main

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"golang.org/x/mod/sumdb/tlog"
)

// A certificate's status, or that its number was never known (`.absence`; FORMATS.md section 8): one leaf of the
// index that a `certificate-index/1` entry states, or two neighbours between which the key has no place.
//
// Whether the index is true of the entries is not looked at here, nor whether the key is in its issuer's normal
// form; of a key with letters beyond ASCII, which could be taken for another one, no absence is shown.

const (
	absenceHeader = "adamas/absence@v1"
	indexType     = "certificate-index/1"
	lastKey       = "\U0010ffff"
	longestLeaf   = 4096
)

type placed struct {
	position int64
	data     []byte
	leaf     leaf
	path     []tlog.Hash
}

// leaf is a certificate's, or a sentinel: status "".
type leaf struct {
	key    string
	status string
	issued int64 // -1: not by this ledger
}

var statuses = map[string]bool{"issued": true, "validated": true, "exported": true, "confirmed": true,
	"voided": true, "replaced": true, "returned": true, "expired": true}

func isKey(key string) bool { return key > "" && key < lastKey }

func readLeaf(data []byte) (leaf, error) {
	wrong := errors.New("a leaf is none of an index of certificates")
	value, err := decode(data)
	if err != nil || len(data) > longestLeaf {
		return leaf{}, wrong
	}
	parts, _ := value.([]any)
	if len(parts) == 0 {
		return leaf{}, wrong
	}
	key, isText := parts[0].(string)
	if len(parts) == 1 && isText && (key == "" || key == lastKey) {
		return leaf{key: key, issued: -1}, nil
	}
	if len(parts) != 4 || !isKey(key) {
		return leaf{}, wrong
	}
	version, ok1 := parts[1].(int64)
	status, _ := parts[2].(string)
	issued, ok2 := parts[3].(int64)
	if parts[3] == nil {
		issued, ok2 = -1, true
	} else if issued < 0 || issued >= below {
		ok2 = false
	}
	if !ok1 || !ok2 || version < 1 || version >= below || !statuses[status] {
		return leaf{}, wrong
	}
	return leaf{key, status, issued}, nil
}

func parseAbsence(data []byte) (string, []placed, []byte, error) {
	place := bytes.Index(data, []byte("\n\n"))
	if place < 0 {
		return "", nil, nil, errors.New("there is no empty line before the proof")
	}
	lines := strings.Split(string(data[:place]), "\n")
	if len(lines) < 3 || lines[0] != absenceHeader || !strings.HasPrefix(lines[1], "key ") {
		return "", nil, nil, errors.New("the first lines are not those of a proof of absence")
	}
	raw, err := strictBase64(strings.TrimPrefix(lines[1], "key "))
	if err != nil || !utf8.Valid(raw) || !isKey(string(raw)) {
		return "", nil, nil, errors.New("the key is none")
	}
	leaves := []placed{}
	for _, line := range lines[2:] {
		if strings.HasPrefix(line, "leaf ") {
			one, err := parsePlaced(line)
			if err != nil {
				return "", nil, nil, err
			}
			leaves = append(leaves, one)
			continue
		}
		hash, err := parseHash(line)
		if err != nil || len(leaves) == 0 {
			return "", nil, nil, errors.New("a line is neither a leaf nor a hash behind one")
		}
		last := &leaves[len(leaves)-1]
		last.path = append(last.path, hash)
	}
	if len(leaves) > 2 || len(leaves) == 2 && leaves[0].position+1 != leaves[1].position {
		return "", nil, nil, errors.New("there must be one leaf, or two neighbours in their order")
	}
	return string(raw), leaves, data[place+2:], nil
}

func parsePlaced(line string) (placed, error) {
	parts := strings.Split(line, " ")
	if len(parts) != 3 {
		return placed{}, errors.New("a leaf's line has a position and the leaf")
	}
	position, err := parseSize(parts[1])
	if err != nil {
		return placed{}, err
	}
	data, err := strictBase64(parts[2])
	if err != nil {
		return placed{}, err
	}
	read, err := readLeaf(data)
	return placed{position: position, data: data, leaf: read}, err
}

// verifyAbsence gives what the file shows, or why it is refused.
func verifyAbsence(data []byte, trust *Trust, since []*Checkpoint) (shown, error) {
	key, leaves, rest, err := parseAbsence(data)
	if err != nil {
		return shown{}, err
	}
	one, err := verifyBundle(rest, trust, since)
	if err != nil {
		return shown{}, err
	}
	size, count, root, err := readIndex(one.entry)
	if err != nil {
		return shown{}, err
	}
	if err := checkLeaves(leaves, count, root); err != nil {
		return shown{}, err
	}
	told, err := tell(key, leaves, size, count)
	one.text = told + ": " + one.text
	return one, err
}

func readIndex(entry *Entry) (int64, int64, tlog.Hash, error) {
	if entry.statement.kind != indexType {
		return 0, 0, tlog.Hash{}, fmt.Errorf("the entry is %s, not %s", entry.statement.kind, indexType)
	}
	body := entry.statement.body
	size, ok1 := body.size("size")
	count, ok2 := body.size("count")
	root, ok3 := body.hash("root")
	if !ok1 || !ok2 || !ok3 || count < 2 {
		return 0, 0, tlog.Hash{}, errors.New("the index has no size, count and root")
	}
	if size > entry.index {
		return 0, 0, tlog.Hash{}, fmt.Errorf("the index of entry %d claims to cover %d", entry.index, size)
	}
	return size, count, root, nil
}

func checkLeaves(leaves []placed, count int64, root tlog.Hash) error {
	hashes := []tlog.Hash{}
	for _, one := range leaves {
		if one.position >= count {
			return fmt.Errorf("leaf %d does not lie in an index of %d", one.position, count)
		}
		hashes = append(hashes, tlog.RecordHash(one.data))
	}
	paths := [2]tlog.RecordProof{leaves[0].path}
	if len(leaves) == 2 {
		var err error
		written := [2][]tlog.Hash{leaves[0].path, leaves[1].path}
		if paths, err = wholePaths(leaves[0].position, count, [2]tlog.Hash{hashes[0], hashes[1]}, written); err != nil {
			return err
		}
	}
	for i, one := range leaves {
		if err := tlog.CheckRecord(paths[i], count, root, one.position, hashes[i]); err != nil {
			return fmt.Errorf("leaf %d: %w", one.position, err)
		}
	}
	return nil
}

func tell(key string, leaves []placed, size, count int64) (string, error) {
	if len(leaves) == 1 {
		found := leaves[0].leaf
		if found.status == "" || found.key != key {
			return "", fmt.Errorf("the leaf is that of %q, not of %q", found.key, key)
		}
		if found.issued >= size {
			return "", fmt.Errorf("the leaf names entry %d as its issue, beyond the first %d", found.issued, size)
		}
		return fmt.Sprintf("%q is %s as of the first %d entries", key, found.status, size), nil
	}
	before, after := leaves[0], leaves[1]
	apart := before.leaf.key < key && key < after.leaf.key
	first := before.leaf.status != "" || before.position == 0
	last := after.leaf.status != "" || after.position == count-1
	if !apart || !first || !last {
		return "", fmt.Errorf("the leaves are no neighbours between which %q would stand", key)
	}
	for _, r := range key {
		if r > 0x7e {
			return "", fmt.Errorf("%q has letters beyond ASCII, and could be taken for another number", key)
		}
	}
	return fmt.Sprintf("%q was never known in the first %d entries", key, size), nil
}
