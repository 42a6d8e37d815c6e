package main

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"sort"
	"strings"

	"golang.org/x/mod/sumdb/tlog"
)

// A bundle (c2sp.org/tlog-proof with our `extra`; FORMATS.md section 7): one entry, its path and a checkpoint.

type bundle struct {
	proof
	entry       []byte
	disclosures []string
	consistency map[int64]tlog.TreeProof
}

const header = "c2sp.org/tlog-proof@v1"

// proof is the plain format of c2sp.org/tlog-proof; extra is nil where there is none.
type proof struct {
	extra []byte
	index int64
	path  tlog.RecordProof
	note  []byte
}

func parseProof(data []byte) (*proof, error) {
	place := bytes.Index(data, []byte("\n\n"))
	if place < 0 || len(data) > mostBytes {
		return nil, errors.New("there is no empty line before the checkpoint, or the file is too long")
	}
	p := &proof{note: data[place+2:]}
	lines := strings.Split(string(data[:place]), "\n")
	if lines[0] != header {
		return nil, errors.New("the first line is not that of a proof")
	}
	lines = lines[1:]
	var err error
	if len(lines) > 0 && strings.HasPrefix(lines[0], "extra ") {
		if p.extra, err = strictBase64(strings.TrimPrefix(lines[0], "extra ")); err != nil || len(p.extra) == 0 {
			return nil, errors.New("the extra is empty, or no base64 in its one spelling")
		}
		lines = lines[1:]
	}
	if len(lines) == 0 || !strings.HasPrefix(lines[0], "index ") {
		return nil, errors.New("the proof names no index")
	}
	if p.index, err = parseSize(strings.TrimPrefix(lines[0], "index ")); err != nil {
		return nil, err
	}
	for _, line := range lines[1:] {
		hash, err := parseHash(line)
		if err != nil {
			return nil, err
		}
		p.path = append(p.path, hash)
	}
	return p, nil
}

func parseBundle(data []byte) (*bundle, error) {
	p, err := parseProof(data)
	if err != nil {
		return nil, err
	}
	if p.extra == nil {
		return nil, errors.New("the proof has no entry in it")
	}
	b := &bundle{proof: *p, consistency: map[int64]tlog.TreeProof{}}
	return b, b.readExtra(p.extra)
}

func (b *bundle) readExtra(data []byte) error {
	value, err := decode(data)
	if err != nil {
		return err
	}
	fields, isMap := value.(Map)
	if !isMap {
		return errors.New("the extra is no map")
	}
	have := map[string]bool{}
	for i, name := range fields.keys {
		ok := false
		switch value := fields.values[i]; name {
		case "v":
			ok = value == int64(1)
		case "entry":
			b.entry, ok = value.([]byte)
		case "disclosures":
			b.disclosures, ok = texts(value)
		case "consistency":
			ok = b.readConsistency(value)
		}
		if !ok {
			return fmt.Errorf("the extra: %q is unknown or not of its form", name)
		}
		have[name] = true
	}
	if !have["v"] || !have["entry"] || !have["disclosures"] {
		return errors.New("the extra lacks a version, an entry or disclosures")
	}
	return nil
}

func texts(value any) ([]string, bool) {
	items, ok := value.([]any)
	list := []string{}
	for _, item := range items {
		text, isText := item.(string)
		list, ok = append(list, text), ok && isText
	}
	return list, ok
}

// readConsistency reads [[size, [hash, ...]], ...], sizes ascending.
func (b *bundle) readConsistency(value any) bool {
	rows, ok := value.([]any)
	last := int64(-1)
	for _, item := range rows {
		row, _ := item.([]any)
		if len(row) != 2 {
			return false
		}
		size, isSize := row[0].(int64)
		hashes, isArray := row[1].([]any)
		if !isSize || !isArray || size <= last || size >= below {
			return false
		}
		proof := tlog.TreeProof{}
		for _, item := range hashes {
			raw, isBytes := item.([]byte)
			if !isBytes || len(raw) != tlog.HashSize {
				return false
			}
			var hash tlog.Hash
			copy(hash[:], raw)
			proof = append(proof, hash)
		}
		b.consistency[size], last = proof, size
	}
	return ok && len(rows) > 0
}

// shown is what a bundle shows, and against which checkpoint; grown: from which of those held outside this grew.
type shown struct {
	text   string
	bundle *bundle
	entry  *Entry
	head   *Checkpoint
	grown  map[*Checkpoint]bool
}

// verifyBundle gives what the bundle shows, or why it is refused.
func verifyBundle(data []byte, trust *Trust, since []*Checkpoint) (shown, error) {
	b, err := parseBundle(data)
	if err != nil {
		return shown{}, err
	}
	head, err := trust.open(b.note, false)
	if err != nil {
		return shown{}, fmt.Errorf("the checkpoint: %w", err)
	}
	entry, err := b.proven(head)
	if err != nil {
		return shown{}, err
	}
	disclosed, withheld, err := disclose(entry.statement, b.disclosures)
	if err != nil {
		return shown{}, err
	}
	text := fmt.Sprintf("entry %d of %d, %s, disclosed [%s], withheld %d, witnesses %d", b.index, head.size,
		entry.statement.kind, strings.Join(disclosed, " "), withheld, len(head.cosigned))
	one := shown{text, b, entry, head, map[*Checkpoint]bool{}}
	for _, older := range since {
		if one.grown[older], err = b.checkSince(older, head); err != nil {
			return shown{}, err
		}
		if one.grown[older] {
			one.text += fmt.Sprintf(", grown from %d", older.size)
		} else {
			one.text += ", growth not shown"
		}
	}
	return one, nil
}

// judgeShown judges bundles with those at the same checkpoint.
func judgeShown(every []shown) func(*shown) verdict {
	together := map[tree][]*Entry{}
	for _, one := range every {
		key := one.head.tree()
		together[key] = append(together[key], one.entry)
	}
	found := map[tree]map[int64]verdict{}
	for key, entries := range together {
		found[key] = judgeTogether(entries)
	}
	return func(one *shown) verdict { return found[one.head.tree()][one.entry.index] }
}

// proven leads the entry to the checkpoint's root, and checks all that it says by itself.
func (b *bundle) proven(head *Checkpoint) (*Entry, error) {
	if b.index >= head.size {
		return nil, fmt.Errorf("index %d does not lie in a tree of %d entries", b.index, head.size)
	}
	if err := tlog.CheckRecord(b.path, head.size, head.root, b.index, tlog.RecordHash(b.entry)); err != nil {
		return nil, fmt.Errorf("the path: %w", err)
	}
	for size := range b.consistency {
		if size == 0 || size >= head.size {
			return nil, fmt.Errorf("a path from a tree of %d entries to one of %d", size, head.size)
		}
	}
	entry, err := readEntry(b.entry)
	if err != nil {
		return nil, fmt.Errorf("the entry: %w", err)
	}
	if entry.index != b.index {
		return nil, fmt.Errorf("the entry says that it is entry %d, and the proof is of %d", entry.index, b.index)
	}
	if seen := entry.statement.seen; seen != nil && seen.size > entry.index {
		return nil, fmt.Errorf("its author had seen %d entries, before entry %d", seen.size, entry.index)
	}
	if entry.statement.ledger != head.origin {
		return nil, fmt.Errorf("the statement was made for the ledger %q", entry.statement.ledger)
	}
	return entry, nil
}

// checkSince tells whether the bundle shows growth; it is refused where it shows the contrary.
func (b *bundle) checkSince(since, head *Checkpoint) (bool, error) {
	if since.tree() == head.tree() {
		return true, nil
	}
	proof, have := b.consistency[since.size]
	if !have && since.size < head.size && since.size > 0 || since.size > head.size {
		return false, nil
	}
	if !grew(proof, head.size, head.root, since.size, since.root) {
		return false, fmt.Errorf("the checkpoint did not grow from the one held outside, of size %d", since.size)
	}
	return true, nil
}

// ungrown gives the sizes of the trees of which nothing shows that they grew from a checkpoint held outside.
func ungrown(every []shown, older *Checkpoint) []int64 {
	grown := map[tree]bool{}
	for _, one := range every {
		key := one.head.tree()
		grown[key] = grown[key] || one.grown[older]
	}
	missing := []int64{}
	for key, done := range grown {
		if !done {
			missing = append(missing, key.size)
		}
	}
	sort.Slice(missing, func(i, j int) bool { return missing[i] < missing[j] })
	return missing
}

const (
	mostFiles = 10000
	mostBytes = 4 << 20
	mostTotal = 64 << 20
)

// unpack gives the bundles of a file by their names: one, or those of a zip.
func unpack(data []byte) (map[string][]byte, error) {
	if bytes.HasPrefix(data, []byte("PK")) {
		return unzip(data)
	}
	return map[string][]byte{"bundle": data}, nil
}

var proofName = regexp.MustCompile(`^(0|[1-9][0-9]{0,15})\.tlog-proof$`)

// unzip gives the bundles of a zip by their names.
func unzip(data []byte) (map[string][]byte, error) {
	archive, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return nil, err
	}
	if len(archive.File) == 0 || len(archive.File) > mostFiles {
		return nil, fmt.Errorf("a zip of %d files", len(archive.File))
	}
	found, total := map[string][]byte{}, 0
	for _, file := range archive.File {
		if found[file.Name] != nil || !proofName.MatchString(file.Name) {
			return nil, fmt.Errorf("%q stands twice, or is no <index>.tlog-proof", file.Name)
		}
		stream, err := file.Open()
		if err != nil {
			return nil, err
		}
		content, err := io.ReadAll(io.LimitReader(stream, mostBytes+1))
		stream.Close()
		total += len(content)
		if err != nil || len(content) > mostBytes || total > mostTotal {
			return nil, fmt.Errorf("%q cannot be read, or is too long", file.Name)
		}
		found[file.Name] = content
	}
	return found, nil
}
