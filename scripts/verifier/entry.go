package main

import (
	"bytes"
	"crypto/ed25519"
	"encoding/hex"
	"errors"
	"fmt"
	"math/big"
	"regexp"
)

// Entries and statements (FORMATS.md sections 2 and 3).
//
//	entry      [1, index, previous, recorded, statement, signature], at most 65,535 bytes
//	statement  {v, ledger, id, type, author, body; occurred, for, seen, evidence}
//	signature  the author's Ed25519, over "adamas.statement/1\n" and the statement's bytes
//
// Of what an act means only its author's right is looked at (authority.go).

const (
	longest = 65535
	below   = int64(1) << 53
)

// Entry is an entry taken apart, with its statement.
type Entry struct {
	index     int64
	previous  []byte
	recorded  int64
	statement Statement
}

// Statement is what a party signed.
type Statement struct {
	ledger   string
	id       []byte
	kind     string
	author   []byte
	onBehalf bool
	behalf   string
	occurred string // empty where it is not stated
	seen     *Seen
	body     Map
	evidence []any
}

// Seen is the newest checkpoint that the author had.
type Seen struct {
	size int64
	root []byte
}

var wireName = regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*/[1-9][0-9]*$`)

// readEntry takes an entry apart, and checks all that can be known from its own bytes.
func readEntry(data []byte) (*Entry, error) {
	if len(data) > longest {
		return nil, fmt.Errorf("the entry has %d bytes; at most %d are allowed", len(data), longest)
	}
	value, err := decode(data)
	if err != nil {
		return nil, err
	}
	parts, isArray := value.([]any)
	if !isArray || len(parts) != 6 || parts[0] != int64(1) {
		return nil, errors.New("the entry is no array of version 1, index, previous, recorded, statement, signature")
	}
	index, ok1 := parts[1].(int64)
	previous, ok2 := parts[2].([]byte)
	recorded, ok3 := parts[3].(int64)
	statement, ok4 := parts[4].([]byte)
	signature, ok5 := parts[5].([]byte)
	if !(ok1 && ok2 && ok3 && ok4 && ok5) || index < 0 || index >= below || len(previous) != 32 || recorded < 0 {
		return nil, errors.New("a part of the entry is of the wrong type or out of its range")
	}
	read, author, err := readStatement(statement)
	if err != nil {
		return nil, fmt.Errorf("the statement: %w", err)
	}
	if !verifyStrictly(author[1:], append([]byte("adamas.statement/1\n"), statement...), signature) {
		return nil, fmt.Errorf("the signature is not that of the author %s", hex.EncodeToString(author))
	}
	return &Entry{index, previous, recorded, *read}, nil
}

func readStatement(data []byte) (*Statement, []byte, error) {
	value, err := decode(data)
	if err != nil {
		return nil, nil, err
	}
	fields, isMap := value.(Map)
	if !isMap {
		return nil, nil, errors.New("it is no map")
	}
	var s Statement
	var author []byte
	have := map[string]bool{}
	for i, key := range fields.keys {
		have[key] = true
		ok := false
		switch value := fields.values[i]; key {
		case "v":
			ok = value == int64(1)
		case "ledger":
			s.ledger, ok = value.(string)
		case "id":
			s.id, ok = value.([]byte)
			ok = ok && len(s.id) == 16
		case "type":
			s.kind, ok = value.(string)
			ok = ok && wireName.MatchString(s.kind)
		case "author":
			author, ok = value.([]byte)
			ok = ok && len(author) == 33 && author[0] == 1
		case "body":
			s.body, ok = value.(Map)
		case "occurred":
			s.occurred, ok = value.(string)
			ok = ok && isOccurred(s.occurred)
		case "for":
			s.behalf, ok = value.(string)
			ok, s.onBehalf = ok && isIdentifier(s.behalf), true
		case "seen":
			s.seen, ok = readSeen(value)
		case "evidence":
			s.evidence, ok = value.([]any)
			ok = ok && len(s.evidence) > 0
			for _, item := range s.evidence {
				ok = ok && checkEvidence(item) == nil
			}
		default:
			return nil, nil, fmt.Errorf("unknown key %q", key)
		}
		if !ok {
			return nil, nil, fmt.Errorf("the value of %q is not of its form", key)
		}
	}
	for _, key := range []string{"v", "ledger", "id", "type", "author", "body"} {
		if !have[key] {
			return nil, nil, fmt.Errorf("the key %q is missing", key)
		}
	}
	s.author = author
	return &s, author, nil
}

func readSeen(value any) (*Seen, bool) {
	pair, _ := value.([]any)
	if len(pair) != 2 {
		return nil, false
	}
	size, ok1 := pair[0].(int64)
	root, ok2 := pair[1].([]byte)
	return &Seen{size, root}, ok1 && ok2 && size >= 0 && size < below && len(root) == 32
}

var prime, _ = new(big.Int).SetString("7fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffed", 16)

var smallOrder = [][]byte{
	unhex("0000000000000000000000000000000000000000000000000000000000000000"),
	unhex("0100000000000000000000000000000000000000000000000000000000000000"),
	unhex("ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"),
	unhex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"),
	unhex("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a"),
}

func unhex(text string) []byte {
	data, err := hex.DecodeString(text)
	if err != nil {
		panic(err)
	}
	return data
}

// pointRefused says whether y is not below p, or is that of a point of small order (with either sign of x).
func pointRefused(point []byte) bool {
	y := append([]byte{}, point...)
	y[31] &= 0x7f
	for _, small := range smallOrder {
		if bytes.Equal(y, small) {
			return true
		}
	}
	for i, j := 0, 31; i < j; i, j = i+1, j-1 {
		y[i], y[j] = y[j], y[i]
	}
	return new(big.Int).SetBytes(y).Cmp(prime) >= 0
}

// verifyStrictly is Ed25519 without cofactor, as Go does it, and without the points that Go lets pass.
func verifyStrictly(public, message, signature []byte) bool {
	if len(public) != 32 || len(signature) != 64 || pointRefused(public) || pointRefused(signature[:32]) {
		return false
	}
	return ed25519.Verify(public, message, signature)
}
