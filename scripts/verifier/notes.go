package main

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// Signed notes and checkpoints in their one spelling: beyond what the library refuses, base64 with stray bits,
// one key's signature twice, and a known key whose signature fails.

// openCheckpoint opens a note in its one spelling and gives those of the known keys that signed it; a known
// key's signature that fails refuses it.
func openCheckpoint(data []byte, known []key) (*Checkpoint, []key, error) {
	text, signers, err := openNote(data, known)
	if err != nil {
		return nil, nil, err
	}
	c, err := parseCheckpoint(text)
	return c, signers, err
}

func openNote(data []byte, known []key) (string, []key, error) {
	if err := strictLines(data); err != nil {
		return "", nil, err
	}
	unique := []note.Verifier{}
	for i, one := range known {
		if !among(one, known[:i]) {
			unique = append(unique, one)
		}
	}
	n, err := note.Open(data, note.VerifierList(unique...))
	if err != nil {
		return "", nil, err
	}
	signers := []key{}
	for _, one := range known {
		for _, s := range n.Sigs {
			if one.hash == s.Hash && one.name == s.Name {
				signers = append(signers, one)
			}
		}
	}
	return n.Text, signers, nil
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
