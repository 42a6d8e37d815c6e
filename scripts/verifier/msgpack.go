package main

import (
	"encoding/binary"
	"errors"
	"fmt"
	"unicode/utf8"

	"golang.org/x/mod/sumdb/tlog"
)

// Canonical MessagePack (FORMATS.md section 1): shortest forms, keys in ascending order, no floats, no extension
// types, at most 32 containers one inside another. Whatever is accepted here has this one spelling.
//
// A value is nil, bool, int64, uint64 (above the int64 range only), string, []byte, []any or Map.

const deepest = 32

// Map keeps its keys in the order of the bytes, which must be ascending.
type Map struct {
	keys   []string
	values []any
}

func (m Map) get(key string) (any, bool) {
	for i, k := range m.keys {
		if k == key {
			return m.values[i], true
		}
	}
	return nil, false
}

func (m Map) text(key string) (string, bool) {
	value, _ := m.get(key)
	text, ok := value.(string)
	return text, ok
}

func (m Map) bytes(key string) ([]byte, bool) {
	value, _ := m.get(key)
	data, ok := value.([]byte)
	return data, ok
}

// size is a number of entries or leaves, or an index.
func (m Map) size(key string) (int64, bool) {
	value, _ := m.get(key)
	number, ok := value.(int64)
	return number, ok && number >= 0 && number < below
}

func (m Map) hash(key string) (tlog.Hash, bool) {
	var hash tlog.Hash
	data, ok := m.bytes(key)
	ok = ok && len(data) == len(hash)
	copy(hash[:], data)
	return hash, ok
}

var errCut = errors.New("the bytes end too early")

type reader struct {
	data []byte
	at   int
}

func decode(data []byte) (any, error) {
	r := &reader{data: data}
	value, err := r.value(deepest)
	if err != nil {
		return nil, fmt.Errorf("no canonical MessagePack at byte %d: %w", r.at, err)
	}
	if r.at != len(data) {
		return nil, fmt.Errorf("%d bytes follow after the value's end", len(data)-r.at)
	}
	return value, nil
}

func (r *reader) take(n uint64) ([]byte, error) {
	if n > uint64(len(r.data)-r.at) {
		return nil, errCut
	}
	taken := r.data[r.at : r.at+int(n)]
	r.at += int(n)
	return taken, nil
}

// number reads n bytes, and refuses a number that a shorter form could hold.
func (r *reader) number(n uint64, least uint64) (uint64, error) {
	bytes, err := r.take(n)
	if err != nil {
		return 0, err
	}
	var wide [8]byte
	copy(wide[8-n:], bytes)
	number := binary.BigEndian.Uint64(wide[:])
	if number < least {
		return 0, errors.New("not in the shortest form")
	}
	return number, nil
}

func (r *reader) value(room int) (any, error) {
	head, err := r.take(1)
	if err != nil {
		return nil, err
	}
	b := head[0]
	switch {
	case b <= 0x7f:
		return int64(b), nil
	case b <= 0x8f:
		return r.mapping(uint64(b&0x0f), room)
	case b <= 0x9f:
		return r.array(uint64(b&0x0f), room)
	case b <= 0xbf:
		return r.text(uint64(b & 0x1f))
	case b >= 0xe0:
		return int64(int8(b)), nil
	}
	return r.long(b, room)
}

func (r *reader) long(b byte, room int) (any, error) {
	switch b {
	case 0xc0:
		return nil, nil
	case 0xc2, 0xc3:
		return b == 0xc3, nil
	case 0xc4, 0xc5, 0xc6:
		n, err := r.number(1<<(b-0xc4), [...]uint64{0, 1 << 8, 1 << 16}[b-0xc4])
		if err != nil {
			return nil, err
		}
		return r.take(n)
	case 0xcc, 0xcd, 0xce, 0xcf:
		n, err := r.number(1<<(b-0xcc), [...]uint64{1 << 7, 1 << 8, 1 << 16, 1 << 32}[b-0xcc])
		if err != nil || n > 1<<63-1 {
			return n, err
		}
		return int64(n), nil
	case 0xd0, 0xd1, 0xd2, 0xd3:
		return r.negative(b - 0xd0)
	case 0xd9, 0xda, 0xdb:
		n, err := r.number(1<<(b-0xd9), [...]uint64{1 << 5, 1 << 8, 1 << 16}[b-0xd9])
		if err != nil {
			return nil, err
		}
		return r.text(n)
	case 0xdc, 0xdd:
		n, err := r.number(2<<(b-0xdc), [...]uint64{1 << 4, 1 << 16}[b-0xdc])
		if err != nil {
			return nil, err
		}
		return r.array(n, room)
	case 0xde, 0xdf:
		n, err := r.number(2<<(b-0xde), [...]uint64{1 << 4, 1 << 16}[b-0xde])
		if err != nil {
			return nil, err
		}
		return r.mapping(n, room)
	}
	return nil, fmt.Errorf("byte %02x stands for no type that is allowed", b)
}

// negative reads a signed integer of 2^power bytes, which must be below what a shorter form can hold.
func (r *reader) negative(power byte) (any, error) {
	size := uint64(1) << power
	number, err := r.number(size, 0)
	if err != nil {
		return nil, err
	}
	shift := 64 - 8*size
	signed := int64(number<<shift) >> shift
	if signed >= [...]int64{-1 << 5, -1 << 7, -1 << 15, -1 << 31}[power] {
		return nil, errors.New("not in the shortest form")
	}
	return signed, nil
}

func (r *reader) text(n uint64) (any, error) {
	bytes, err := r.take(n)
	if err != nil {
		return nil, err
	}
	if !utf8.Valid(bytes) {
		return nil, errors.New("text that is no UTF-8")
	}
	return string(bytes), nil
}

func (r *reader) array(n uint64, room int) (any, error) {
	if room == 0 {
		return nil, errors.New("more than 32 containers one inside another")
	}
	items := []any{}
	for ; n > 0; n-- {
		item, err := r.value(room - 1)
		if err != nil {
			return nil, err
		}
		items = append(items, item)
	}
	return items, nil
}

func (r *reader) mapping(n uint64, room int) (any, error) {
	if room == 0 {
		return nil, errors.New("more than 32 containers one inside another")
	}
	m := Map{}
	for ; n > 0; n-- {
		key, err := r.value(room - 1)
		if err != nil {
			return nil, err
		}
		name, isText := key.(string)
		if !isText {
			return nil, errors.New("a key that is no text")
		}
		if len(m.keys) > 0 && name <= m.keys[len(m.keys)-1] {
			return nil, errors.New("keys that do not ascend")
		}
		value, err := r.value(room - 1)
		if err != nil {
			return nil, err
		}
		m.keys, m.values = append(m.keys, name), append(m.values, value)
	}
	return m, nil
}
