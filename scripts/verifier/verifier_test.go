package main

import (
	"encoding/hex"
	"encoding/json"
	"os"
	"testing"

	"golang.org/x/mod/sumdb/tlog"
)

type vectors struct {
	Keys struct {
		Vkey      string   `json:"log_vkey"`
		Witnesses []string `json:"witnesses"`
	} `json:"keys"`
	Good []struct {
		Hex string `json:"hex"`
	} `json:"canonical_good"`
	Bad []struct {
		Hex string `json:"hex"`
		Why string `json:"why"`
	} `json:"canonical_bad"`
	Entries []struct {
		Entry string `json:"entry"`
	} `json:"entries"`
	Roots       []string          `json:"roots"`
	Checkpoints map[string]string `json:"checkpoints"`
	Bundle      struct {
		Text string `json:"text"`
	} `json:"bundle"`
	Ed25519 []struct {
		Name, Pub, Sig, Msg string
		Accept              bool
	} `json:"ed25519"`
}

func read(t *testing.T) vectors {
	data, err := os.ReadFile("../../tests/data/adamas_format1.json")
	if err != nil {
		t.Fatal(err)
	}
	var v vectors
	if err := json.Unmarshal(data, &v); err != nil {
		t.Fatal(err)
	}
	return v
}

func TestCanonical(t *testing.T) {
	v := read(t)
	for _, c := range v.Good {
		if _, err := decode(unhex(c.Hex)); err != nil {
			t.Errorf("%s: %v", c.Hex, err)
		}
	}
	for _, c := range v.Bad {
		if value, err := decode(unhex(c.Hex)); err == nil {
			t.Errorf("%s (%s) was read as %v", c.Hex, c.Why, value)
		}
	}
	if len(v.Good) < 40 || len(v.Bad) < 19 {
		t.Error("vectors are missing")
	}
}

func TestSignatures(t *testing.T) {
	v := read(t)
	for _, c := range v.Ed25519 {
		if verifyStrictly(unhex(c.Pub), unhex(c.Msg), unhex(c.Sig)) != c.Accept {
			t.Errorf("%s: not %v", c.Name, c.Accept)
		}
	}
	if len(v.Ed25519) < 13 {
		t.Error("vectors are missing")
	}
}

func TestRoots(t *testing.T) {
	v := read(t)
	d := &directory{}
	for n, c := range v.Entries {
		hash, err := d.treeHash(int64(n))
		if err != nil || hex.EncodeToString(hash[:]) != v.Roots[n] {
			t.Errorf("root of %d: %x, %v", n, hash, err)
		}
		data := unhex(c.Entry)
		if _, err := readEntry(data); err != nil {
			t.Errorf("entry %d: %v", n, err)
		}
		more, err := tlog.StoredHashes(int64(n), data, d)
		if err != nil {
			t.Fatal(err)
		}
		d.hashes = append(d.hashes, more...)
	}
	if len(v.Entries) < 9 {
		t.Error("vectors are missing")
	}
}

func TestBundle(t *testing.T) {
	v := read(t)
	policy := "log " + v.Keys.Vkey + "\nwitness a " + v.Keys.Witnesses[0] + "\nwitness b " + v.Keys.Witnesses[1] +
		"\ngroup both all a b\nquorum both\n"
	trust, err := parseTrust([]byte(policy))
	if err != nil {
		t.Fatal(err)
	}
	since, err := trust.open([]byte(v.Checkpoints["5"]), true)
	if err != nil {
		t.Fatal(err)
	}
	one, err := verifyBundle([]byte(v.Bundle.Text), trust, []*Checkpoint{since})
	want := "entry 5 of 9, example-weighed/1, disclosed [buyer], withheld 1, witnesses 2, grown from 5"
	if err != nil || one.text != want || !one.grown[since] {
		t.Errorf("%q, %v", one.text, err)
	}
	if _, err := trust.open([]byte(v.Checkpoints["9"]), false); err == nil {
		t.Error("a checkpoint without its quorum was accepted")
	}
	text := []byte(v.Bundle.Text)
	for place := range text {
		for _, flip := range []byte{1, 0x20, 0x80} {
			text[place] ^= flip
			// Which older size a path is for, nobody signs; with another one it shows nothing, and says so.
			if one, err := verifyBundle(text, trust, []*Checkpoint{since}); err == nil && one.grown[since] {
				t.Errorf("byte %d changed by %02x: %s", place, flip, one.text)
			}
			text[place] ^= flip
		}
	}
}
