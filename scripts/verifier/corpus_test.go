package main

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// The corpus of malformed files under tests/data/malformed: what is bad is refused here too, and what is good is
// taken.

type item struct {
	Name   string
	Text   string
	Hex    string
	Files  map[string]*string
	Change map[string]*string
}

func (i item) data() []byte {
	if i.Hex != "" {
		return unhex(i.Hex)
	}
	return []byte(i.Text)
}

type corpus struct {
	Given struct {
		Trust, Leaf, Origin, Root string
		Keys, Pinned              []string
		Size                      int64
	}
	Good, Bad []item
}

func readCorpus(t *testing.T, name string) corpus {
	data, err := os.ReadFile("../../tests/data/malformed/" + name + ".json")
	if err != nil {
		t.Fatal(err)
	}
	var c corpus
	if err := json.Unmarshal(data, &c); err != nil {
		t.Fatal(err)
	}
	if len(c.Good) < 1 || len(c.Bad) < 15 {
		t.Fatalf("%s: the corpus is missing", name)
	}
	return c
}

func (c corpus) keys(t *testing.T) []key {
	keys := []key{}
	for _, text := range c.Given.Keys {
		k, err := parseKey(text)
		if err != nil {
			t.Fatal(err)
		}
		if k != nil {
			keys = append(keys, *k)
		}
	}
	return keys
}

func (c corpus) trust(t *testing.T) (*Trust, []*Checkpoint) {
	trust, err := parseTrust([]byte(c.Given.Trust))
	if err != nil {
		t.Fatal(err)
	}
	since := []*Checkpoint{}
	for _, text := range c.Given.Pinned {
		older, err := trust.open([]byte(text), true)
		if err != nil {
			t.Fatal(err)
		}
		since = append(since, older)
	}
	return trust, since
}

func judges(t *testing.T) map[string]func(c corpus, i item) error {
	return map[string]func(c corpus, i item) error{
		"note": func(c corpus, i item) error {
			_, _, err := openNote(i.data(), c.keys(t))
			return err
		},
		"checkpoint": func(c corpus, i item) error {
			trust, _ := c.trust(t)
			_, err := trust.open(i.data(), false)
			return err
		},
		"trust": func(c corpus, i item) error {
			_, err := parseTrust(i.data())
			return err
		},
		"bundle": func(c corpus, i item) error {
			trust, since := c.trust(t)
			_, err := verifyBundle(i.data(), trust, since)
			return err
		},
		"absence": func(c corpus, i item) error {
			trust, since := c.trust(t)
			_, err := verifyAbsence(i.data(), trust, since)
			return err
		},
		"fork": func(c corpus, i item) error {
			_, err := verifyFork(i.data(), c.keys(t))
			return err
		},
	}
}

func TestCorpus(t *testing.T) {
	count := 0
	for name, judge := range judges(t) {
		c := readCorpus(t, name)
		for _, good := range c.Good {
			if err := judge(c, good); err != nil {
				t.Errorf("%s: %s: refused: %v", name, good.Name, err)
			}
		}
		for _, bad := range c.Bad {
			count++
			if judge(c, bad) == nil {
				t.Errorf("%s: %s: accepted", name, bad.Name)
			}
		}
	}
	if count < 220 {
		t.Errorf("there are %d cases only", count)
	}
}

// Plain proofs have no entry in them, which a bundle must have: their path is checked against a given leaf.
func TestCorpusOfProofs(t *testing.T) {
	c := readCorpus(t, "proof")
	leaf, err := parseHashHex(c.Given.Leaf)
	if err != nil {
		t.Fatal(err)
	}
	judge := func(i item) error {
		p, err := parseProof(i.data())
		if err != nil {
			return err
		}
		head, err := unsignedCheckpoint(p.note)
		if err != nil {
			return err
		}
		return tlog.CheckRecord(p.path, head.size, head.root, p.index, leaf)
	}
	for _, good := range c.Good {
		if err := judge(good); err != nil {
			t.Errorf("%s: refused: %v", good.Name, err)
		}
	}
	for _, bad := range c.Bad {
		if judge(bad) == nil {
			t.Errorf("%s: accepted", bad.Name)
		}
	}
}

// unsignedCheckpoint reads the form of a checkpoint whose keys nobody brought.
func unsignedCheckpoint(data []byte) (*Checkpoint, error) {
	if err := strictLines(data); err != nil {
		return nil, err
	}
	_, err := note.Open(data, note.VerifierList())
	var unverified *note.UnverifiedNoteError
	if !errors.As(err, &unverified) {
		return nil, err
	}
	return parseCheckpoint(unverified.Note.Text)
}

func parseHashHex(text string) (tlog.Hash, error) {
	var hash tlog.Hash
	raw, err := hex.DecodeString(text)
	copy(hash[:], raw)
	return hash, err
}

func TestCorpusOfDirectories(t *testing.T) {
	c := readCorpus(t, "directory")
	root, err := parseHashHex(c.Given.Root)
	if err != nil {
		t.Fatal(err)
	}
	head := &Checkpoint{origin: c.Given.Origin, size: c.Given.Size, root: root}
	faults := func(i item) int {
		place, count := t.TempDir(), 0
		files := map[string]*string{}
		for name, data := range c.Good[0].Files {
			files[name] = data
		}
		for name, data := range i.Change {
			files[name] = data
		}
		for name, data := range files {
			if data == nil {
				continue
			}
			path := filepath.Join(place, name)
			if os.MkdirAll(filepath.Dir(path), 0o777) != nil || os.WriteFile(path, unhex(*data), 0o666) != nil {
				t.Fatal(path)
			}
		}
		newDirectory(place, head.origin, func(where, what string) { count++ }).check(head, nil)
		return count
	}
	if faults(c.Good[0]) > 0 {
		t.Error("the good directory was refused")
	}
	for _, bad := range c.Bad {
		if faults(bad) == 0 {
			t.Errorf("%s: accepted", bad.Name)
		}
	}
}

func TestDates(t *testing.T) {
	for _, text := range []string{"2015", "2015-11", "2015-11-16", "2016-02-29", "2015-11-16T14:05:00+02:00", "0001",
		"2015-11-16T00:00:00-14:00", "1989/1990", "1989-12-31/1990", "1973/..", "../1973-05", "9999-12-31"} {
		if !isOccurred(text) {
			t.Errorf("%q was refused", text)
		}
	}
	for _, text := range []string{"", "15", "02015", "2015-1", "2015-11-16 ", "2015\n", "0000", "2015-02-29", "2015-13",
		"2015-11-16T14:05+02:00", "2015-11-16T14:05:00", "2015-11-16T14:05:00Z", "2015-11-16T14:05:00.5+02:00",
		"2015-11-16T14:05:00-00:00", "2015-11-16T14:05:00+14:01", "2015-11-16T24:00:00+00:00", "1989/1989", "1990/1989",
		"2015-11-16T14:05:60+00:00", "2015-11-16T14:05:00+02:60", "../..", "1989/", "/1989", "1989/1990/1991", "201X",
		"2015-11-16T4:05:000+02:00", "-0044", "2015-11-31T14:05:00+00:00", "1989/1990-01-01T00:00:00+00:00"} {
		if isOccurred(text) {
			t.Errorf("%q was accepted", text)
		}
	}
}
