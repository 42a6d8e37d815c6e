package main

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"io"
	"sort"
	"strings"

	"golang.org/x/mod/sumdb/tlog"
)

// A bundle (c2sp.org/tlog-proof with our `extra`; FORMATS.md section 7): one entry, its path and a checkpoint.

type bundle struct {
	index       int64
	path        tlog.RecordProof
	note        []byte
	entry       []byte
	disclosures []string
	consistency map[int64]tlog.TreeProof
}

const header = "c2sp.org/tlog-proof@v1"

func parseBundle(data []byte) (*bundle, error) {
	place := bytes.Index(data, []byte("\n\n"))
	if place < 0 {
		return nil, errors.New("there is no empty line before the checkpoint")
	}
	b := &bundle{note: data[place+2:], consistency: map[int64]tlog.TreeProof{}}
	lines := strings.Split(string(data[:place]), "\n")
	if len(lines) < 3 || lines[0] != header || !strings.HasPrefix(lines[1], "extra ") || !strings.HasPrefix(lines[2], "index ") {
		return nil, errors.New("the first lines are not those of a proof with its entry")
	}
	extra, err := strictBase64(strings.TrimPrefix(lines[1], "extra "))
	if err != nil {
		return nil, err
	}
	if b.index, err = parseSize(strings.TrimPrefix(lines[2], "index ")); err != nil {
		return nil, err
	}
	for _, line := range lines[3:] {
		hash, err := parseHash(line)
		if err != nil {
			return nil, err
		}
		b.path = append(b.path, hash)
	}
	return b, b.readExtra(extra)
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

// shown is what a bundle shows, and against which checkpoint; grown: also that this grew from the one held outside.
type shown struct {
	text  string
	head  *Checkpoint
	grown bool
}

// verifyBundle gives what the bundle shows, or why it is refused.
func verifyBundle(data []byte, trust *Trust, since *Checkpoint) (shown, error) {
	b, err := parseBundle(data)
	if err != nil {
		return shown{}, err
	}
	head, err := trust.open(b.note, false)
	if err != nil {
		return shown{}, fmt.Errorf("the checkpoint: %w", err)
	}
	if b.index >= head.size {
		return shown{}, fmt.Errorf("index %d does not lie in a tree of %d entries", b.index, head.size)
	}
	if err := tlog.CheckRecord(b.path, head.size, head.root, b.index, tlog.RecordHash(b.entry)); err != nil {
		return shown{}, fmt.Errorf("the path: %w", err)
	}
	for size := range b.consistency {
		if size == 0 || size >= head.size {
			return shown{}, fmt.Errorf("a path from a tree of %d entries to one of %d", size, head.size)
		}
	}
	entry, err := readEntry(b.entry)
	if err != nil {
		return shown{}, fmt.Errorf("the entry: %w", err)
	}
	if entry.index != b.index {
		return shown{}, fmt.Errorf("the entry says that it is entry %d, and the proof is of %d", entry.index, b.index)
	}
	if seen := entry.statement.seen; seen != nil && seen.size > entry.index {
		return shown{}, fmt.Errorf("its author had seen %d entries, before entry %d", seen.size, entry.index)
	}
	if entry.statement.ledger != head.origin {
		return shown{}, fmt.Errorf("the statement was made for the ledger %q", entry.statement.ledger)
	}
	disclosed, withheld, err := disclose(entry.statement, b.disclosures)
	if err != nil {
		return shown{}, err
	}
	grown, err := b.checkSince(since, head)
	if err != nil {
		return shown{}, err
	}
	told := ""
	if grown {
		told = fmt.Sprintf(", grown from %d", since.size)
	} else if since != nil {
		told = ", growth not shown"
	}
	text := fmt.Sprintf("entry %d of %d, %s, disclosed [%s], withheld %d, witnesses %d%s", b.index, head.size,
		entry.statement.kind, strings.Join(disclosed, " "), withheld, len(head.cosigned), told)
	return shown{text, head, grown}, nil
}

// checkSince tells whether the bundle shows growth; it is refused where it shows the contrary.
func (b *bundle) checkSince(since, head *Checkpoint) (bool, error) {
	if since == nil {
		return false, nil
	}
	if since.size == head.size && since.root == head.root || since.size == 0 {
		return true, nil
	}
	proof, have := b.consistency[since.size]
	if !have && since.size < head.size {
		return false, nil
	}
	if since.size >= head.size || tlog.CheckTree(proof, head.size, head.root, since.size, since.root) != nil {
		return false, fmt.Errorf("the checkpoint did not grow from the one held outside, of size %d", since.size)
	}
	return true, nil
}

// ungrown gives the sizes of the trees of which no bundle shows that they grew from what is held outside.
func ungrown(every []shown) []int64 {
	type tree struct {
		size int64
		root tlog.Hash
	}
	grown := map[tree]bool{}
	for _, one := range every {
		key := tree{one.head.size, one.head.root}
		grown[key] = grown[key] || one.grown
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
)

// unzip gives the bundles of a zip by their names.
func unzip(data []byte) (map[string][]byte, error) {
	archive, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return nil, err
	}
	if len(archive.File) == 0 || len(archive.File) > mostFiles {
		return nil, fmt.Errorf("a zip of %d files", len(archive.File))
	}
	found := map[string][]byte{}
	for _, file := range archive.File {
		if found[file.Name] != nil || !strings.HasSuffix(file.Name, ".tlog-proof") {
			return nil, fmt.Errorf("%q stands twice, or is no .tlog-proof", file.Name)
		}
		stream, err := file.Open()
		if err != nil {
			return nil, err
		}
		content, err := io.ReadAll(io.LimitReader(stream, mostBytes+1))
		stream.Close()
		if err != nil || len(content) > mostBytes {
			return nil, fmt.Errorf("%q cannot be read, or is too long", file.Name)
		}
		found[file.Name] = content
	}
	return found, nil
}
