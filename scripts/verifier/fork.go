package main

import (
	"bytes"
	"errors"
	"fmt"
	"strings"

	"golang.org/x/mod/sumdb/tlog"
)

// Two signed checkpoints that no single history contains (`.fork-proof`; FORMATS.md section 9). No quorum is
// needed. What one history contains is never accused: the bigger tree's prefix is then the smaller one's root.

const forkHeader = "adamas/fork-proof@v1"

type fork struct {
	prefix  *tlog.Hash
	path    tlog.TreeProof
	smaller []byte
	bigger  []byte
}

func parseFork(data []byte) (*fork, error) {
	parts := bytes.Split(data, []byte("\n\n"))
	if len(parts) != 5 {
		return nil, errors.New("there must be a head and two notes, with empty lines between")
	}
	note := func(text, lines []byte) []byte {
		return append(append(append([]byte{}, text...), "\n\n"...), lines...)
	}
	f := &fork{smaller: append(note(parts[1], parts[2]), '\n'), bigger: note(parts[3], parts[4])}
	lines := strings.Split(string(parts[0]), "\n")
	if lines[0] != forkHeader {
		return nil, errors.New("the first line is not that of a fork proof")
	}
	if len(lines) == 1 {
		return f, nil
	}
	if !strings.HasPrefix(lines[1], "prefix ") {
		return nil, errors.New("the second line is no prefix")
	}
	prefix, err := parseHash(strings.TrimPrefix(lines[1], "prefix "))
	if err != nil {
		return nil, err
	}
	f.prefix = &prefix
	for _, line := range lines[2:] {
		hash, err := parseHash(line)
		if err != nil {
			return nil, err
		}
		f.path = append(f.path, hash)
	}
	return f, nil
}

// verifyFork says whom the file convicts: the keys that signed both checkpoints, otherwise the origin.
func verifyFork(data []byte, keys []key) (string, error) {
	f, err := parseFork(data)
	if err != nil {
		return "", err
	}
	one, signers, err := openCheckpoint(f.smaller, keys)
	if err != nil {
		return "", fmt.Errorf("the first checkpoint: %w", err)
	}
	other, others, err := openCheckpoint(f.bigger, keys)
	if err != nil {
		return "", fmt.Errorf("the second checkpoint: %w", err)
	}
	if one.origin != other.origin {
		return "", fmt.Errorf("the checkpoints are of two ledgers, %q and %q", one.origin, other.origin)
	}
	both := []string{}
	for _, signer := range signers {
		if among(signer, others) {
			both = append(both, fmt.Sprintf("%s+%08x", signer.name, signer.hash))
		}
	}
	for _, signer := range append(signers, others...) {
		if signer.name != one.origin || signer.kind != kindLog {
			return "", errors.New("a checkpoint is signed by a key that is not the ledger's")
		}
	}
	if err := f.contradict(one, other); err != nil {
		return "", err
	}
	if len(both) == 0 {
		both = append(both, "the origin, whose keys contradict each other")
	}
	return fmt.Sprintf("two histories of %s, at %d and %d entries: convicted: %s", one.origin, one.size, other.size,
		strings.Join(both, ", ")), nil
}

func (f *fork) contradict(one, other *Checkpoint) error {
	order := bytes.Compare(one.root[:], other.root[:])
	if one.size > other.size || one.size == other.size && order > 0 || (one.size == other.size) != (f.prefix == nil) {
		return errors.New("the checkpoints are not in their order, or the prefix is missing or too much")
	}
	if f.prefix == nil && order == 0 || f.prefix != nil && *f.prefix == one.root {
		return errors.New("nobody is accused: one history contains both checkpoints")
	}
	if f.prefix == nil {
		return nil
	}
	if !grew(f.path, other.size, other.root, one.size, *f.prefix) {
		return errors.New("nobody is accused: the path does not show that the bigger tree has this prefix")
	}
	return nil
}

// grew is RFC 9162 2.1.4.2, with the empty tree, from which every tree grew by no path.
func grew(path tlog.TreeProof, size int64, root tlog.Hash, older int64, olderRoot tlog.Hash) bool {
	if older == 0 {
		return len(path) == 0 && olderRoot == emptyRoot
	}
	return older <= size && tlog.CheckTree(path, size, root, older, olderRoot) == nil
}
