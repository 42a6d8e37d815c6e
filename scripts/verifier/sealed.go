package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"unicode/utf8"
)

// Sealed values (RFC 9901; FORMATS.md section 2): maps carry `_sd`, digests in ascending order. A disclosure
// belongs to exactly one digest, and its name is not one that its map has already.

type digestPlace struct {
	in   Map
	used string
}

// collectDigests finds the digests in a value, each once, by themselves.
func collectDigests(value any, found map[string]*digestPlace) error {
	switch value := value.(type) {
	case []any:
		for _, item := range value {
			if err := collectDigests(item, found); err != nil {
				return err
			}
		}
	case Map:
		for i, key := range value.keys {
			var err error
			switch key {
			case "...":
				err = errors.New("the key '...' is reserved")
			case "_sd":
				err = addDigests(value, value.values[i], found)
			default:
				err = collectDigests(value.values[i], found)
			}
			if err != nil {
				return err
			}
		}
	}
	return nil
}

func addDigests(in Map, value any, found map[string]*digestPlace) error {
	list, isArray := value.([]any)
	if !isArray || len(list) == 0 {
		return errors.New("'_sd' is no array of digests")
	}
	last := ""
	for _, item := range list {
		digest, isText := item.(string)
		raw, err := base64.RawURLEncoding.Strict().DecodeString(digest)
		if !isText || err != nil || len(raw) != 32 || base64.RawURLEncoding.EncodeToString(raw) != digest {
			return errors.New("'_sd' holds something that is no digest")
		}
		if digest <= last {
			return errors.New("the digests of '_sd' do not ascend")
		}
		if found[digest] != nil {
			return fmt.Errorf("the digest %s occurs twice", digest)
		}
		found[digest] = &digestPlace{in: in}
		last = digest
	}
	return nil
}

// disclose gives the names of disclosed fields, in the disclosures' order, and how many stay withheld.
func disclose(statement Statement, disclosures []string) ([]string, int, error) {
	found := map[string]*digestPlace{}
	if err := collectDigests(statement.body, found); err != nil {
		return nil, 0, err
	}
	if err := collectDigests(statement.evidence, found); err != nil {
		return nil, 0, err
	}
	names := []string{}
	for _, text := range disclosures {
		sum := sha256.Sum256([]byte(text))
		place := found[base64.RawURLEncoding.EncodeToString(sum[:])]
		if place == nil {
			return nil, 0, errors.New("a disclosure belongs to no digest of this statement")
		}
		if place.used != "" {
			return nil, 0, errors.New("a disclosure is given twice")
		}
		name, err := disclosedName(text)
		if err != nil {
			return nil, 0, err
		}
		if _, taken := place.in.get(name); taken {
			return nil, 0, fmt.Errorf("a disclosure names the field %q, which its map has already", name)
		}
		for _, other := range found {
			if other.used == name && sameMap(other.in, place.in) {
				return nil, 0, fmt.Errorf("two disclosures name the field %q of one map", name)
			}
		}
		place.used = name
		names = append(names, name)
	}
	return names, len(found) - len(names), nil
}

// sameMap: two places are in one map when they share its array of values.
func sameMap(a, b Map) bool {
	return len(a.values) > 0 && len(b.values) > 0 && &a.values[0] == &b.values[0]
}

// disclosedName opens a disclosure as far as its name; `_sd` and `...` may not be in it.
func disclosedName(text string) (string, error) {
	spelled, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if err != nil || base64.RawURLEncoding.EncodeToString(spelled) != text || !utf8.Valid(spelled) {
		return "", errors.New("a disclosure is no base64url of UTF-8")
	}
	var array []json.RawMessage
	if err := json.Unmarshal(spelled, &array); err != nil || len(array) != 3 {
		return "", errors.New("a disclosure is no JSON array of salt, name and value")
	}
	var salt, name string
	if json.Unmarshal(array[0], &salt) != nil || json.Unmarshal(array[1], &name) != nil {
		return "", errors.New("a disclosure is no JSON array of salt, name and value")
	}
	raw, err := base64.RawURLEncoding.Strict().DecodeString(salt)
	if err != nil || len(raw) != 16 {
		return "", errors.New("a salt has no 16 bytes")
	}
	if name == "_sd" || name == "..." || bytes.Contains(array[2], []byte(`"_sd":`)) || bytes.Contains(array[2], []byte(`"...":`)) {
		return "", errors.New("a disclosure uses a reserved name")
	}
	return name, nil
}
