package main

import (
	"errors"
	"strings"
	"unicode"
)

// Evidence of a statement (FORMATS.md section 2): `{media, name, size, sha256}` of a document, or `{title, url,
// seen}` of a published source; media, name, title and url may be sealed, one digest of `_sd` for each.

var wrongEvidence = errors.New("a piece of evidence is neither media, name, size, sha256 nor title, url, seen")

// formOf gives a piece of evidence's keys; true for those that may be sealed.
func formOf(item Map) map[string]bool {
	if _, isDocument := item.get("sha256"); isDocument {
		return map[string]bool{"media": true, "name": true, "size": false, "sha256": false}
	}
	return map[string]bool{"title": true, "url": true, "seen": false}
}

func checkEvidence(value any) error {
	item, isMap := value.(Map)
	if !isMap {
		return wrongEvidence
	}
	form := formOf(item)
	digests := 0
	for i, key := range item.keys {
		if key == "_sd" {
			list, _ := item.values[i].([]any)
			digests = len(list)
			continue
		}
		if _, known := form[key]; !known || !isEvidence(key, item) {
			return wrongEvidence
		}
	}
	for key, sealable := range form {
		if _, there := item.get(key); there {
			continue
		}
		if digests--; !sealable {
			return wrongEvidence
		}
	}
	if digests != 0 {
		return wrongEvidence
	}
	return nil
}

func isEvidence(key string, item Map) bool {
	value, _ := item.get(key)
	text, isText := value.(string)
	ok := isText
	switch key {
	case "size":
		_, ok = item.size(key)
	case "sha256":
		_, ok = item.hash(key)
	case "seen":
		_, _, ok = days(text)
	}
	return ok
}

// fitsEvidence: a value disclosed of a piece of evidence is one of its texts.
func fitsEvidence(evidence []any, in Map, name string, value any) error {
	for _, one := range evidence {
		item, _ := one.(Map)
		if _, isText := value.(string); sameMap(item, in) && !(isText && formOf(item)[name]) {
			return wrongEvidence
		}
	}
	return nil
}

// isIdentifier: 1 to 64 code points, no controls, no `:`, no white space at the ends.
func isIdentifier(text string) bool {
	count := len([]rune(text))
	return count >= 1 && count <= 64 && text == strings.TrimSpace(text) && !strings.Contains(text, ":") &&
		strings.IndexFunc(text, unicode.IsControl) < 0
}
