package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"sort"
	"strconv"
	"strings"
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
		name, value, err := openDisclosure(text)
		if err != nil {
			return nil, 0, err
		}
		if err := fitsEvidence(statement.evidence, place.in, name, value); err != nil {
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

// openDisclosure opens a disclosure in its one spelling: what is read is written again and compared, so that white space,
// other escapes, keys twice or out of order, and fractions are refused. `_sd` and `...` may not be in it.
func openDisclosure(text string) (string, any, error) {
	wrong := errors.New("a disclosure is no JSON array of salt, name and value in its one spelling")
	spelled, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if err != nil || base64.RawURLEncoding.EncodeToString(spelled) != text || !utf8.Valid(spelled) {
		return "", nil, errors.New("a disclosure is no base64url of UTF-8")
	}
	reader := json.NewDecoder(bytes.NewReader(spelled))
	reader.UseNumber()
	var array []any
	if reader.Decode(&array) != nil || len(array) != 3 {
		return "", nil, wrong
	}
	salt, ok1 := array[0].(string)
	name, ok2 := array[1].(string)
	raw, err := base64.RawURLEncoding.Strict().DecodeString(salt)
	if !ok1 || !ok2 || err != nil || len(raw) != 16 || base64.RawURLEncoding.EncodeToString(raw) != salt {
		return "", nil, wrong
	}
	var out strings.Builder
	if err := writeJSON(&out, array, deepest+1); err != nil {
		return "", nil, err
	}
	if out.String() != string(spelled) {
		return "", nil, wrong
	}
	if name == "_sd" || name == "..." {
		return "", nil, errors.New("a disclosure uses a reserved name")
	}
	return name, array[2], nil
}

var wholeNumber = regexp.MustCompile(`^(0|-?[1-9][0-9]{0,19})$`)

func writeJSON(out *strings.Builder, value any, room int) error {
	switch value := value.(type) {
	case nil:
		out.WriteString("null")
	case bool:
		fmt.Fprint(out, value)
	case json.Number:
		_, signed := strconv.ParseInt(string(value), 10, 64)
		_, unsigned := strconv.ParseUint(string(value), 10, 64)
		if !wholeNumber.MatchString(string(value)) || signed != nil && unsigned != nil {
			return errors.New("a disclosure holds a number that is no integer of 64 bits")
		}
		out.WriteString(string(value))
	case string:
		writeText(out, value)
	case []any:
		if room == 0 {
			return errors.New("a disclosure is nested too deeply")
		}
		for i, item := range value {
			out.WriteString([]string{"[", ","}[min(i, 1)])
			if err := writeJSON(out, item, room-1); err != nil {
				return err
			}
		}
		out.WriteString([]string{"[]", "]"}[min(len(value), 1)])
	case map[string]any:
		return writeMap(out, value, room)
	}
	return nil
}

func writeMap(out *strings.Builder, value map[string]any, room int) error {
	if room == 0 {
		return errors.New("a disclosure is nested too deeply")
	}
	names := make([]string, 0, len(value))
	for name := range value {
		if name == "_sd" || name == "..." {
			return errors.New("a disclosure uses a reserved name")
		}
		names = append(names, name)
	}
	sort.Strings(names)
	for i, name := range names {
		out.WriteString([]string{"{", ","}[min(i, 1)])
		writeText(out, name)
		out.WriteString(":")
		if err := writeJSON(out, value[name], room-1); err != nil {
			return err
		}
	}
	out.WriteString([]string{"{}", "}"}[min(len(names), 1)])
	return nil
}

// writeText escapes as RFC 8785 does.
func writeText(out *strings.Builder, text string) {
	short := map[rune]string{'"': `\"`, '\\': `\\`, '\b': `\b`, '\f': `\f`, '\n': `\n`, '\r': `\r`, '\t': `\t`}
	out.WriteString(`"`)
	for _, r := range text {
		if escaped, ok := short[r]; ok {
			out.WriteString(escaped)
		} else if r < 0x20 {
			fmt.Fprintf(out, `\u%04x`, r)
		} else {
			out.WriteRune(r)
		}
	}
	out.WriteString(`"`)
}

func min(a, b int) int {
	if a < b {
		return a
	}
	return b
}
