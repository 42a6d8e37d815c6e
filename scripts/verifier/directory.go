package main

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"runtime"
	"strings"
	"sync"

	"golang.org/x/mod/sumdb/tlog"
)

// A published directory (c2sp.org/tlog-tiles): `checkpoint`, `tile/<L>/<N>[.p/<W>]`, `tile/entries/<N>[.p/<W>]`.
//
// Everything is computed again from the entries. The library's paths are `tile/8/<L>/<N>` and `tile/8/data/<N>`.

const (
	height      = 8
	longestTile = 256 * (2 + longest) // of bundles; tiles have 8,192 bytes
)

type directory struct {
	root    string
	origin  string
	report  func(where, what string)
	hashes  []tlog.Hash // all complete subtrees, in the library's order
	size    int64
	ids     map[string]int64
	last    *Entry
	before  tlog.Hash
	genuine map[string]bool // files that were compared
	authors *register       // nil where entry 0 opens no ledger
}

// ReadHashes gives stored subtrees to the library.
func (d *directory) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	found := make([]tlog.Hash, len(indexes))
	for i, index := range indexes {
		if index >= int64(len(d.hashes)) {
			return nil, errors.New("a hash that is not there")
		}
		found[i] = d.hashes[index]
	}
	return found, nil
}

func (d *directory) treeHash(size int64) (tlog.Hash, error) {
	if size == 0 {
		return emptyRoot, nil
	}
	return tlog.TreeHash(size, d)
}

func path(t tlog.Tile) string {
	name := strings.TrimPrefix(t.Path(), fmt.Sprintf("tile/%d/", height))
	return "tile/" + strings.Replace(name, "data/", "entries/", 1)
}

func parsePath(name string) (tlog.Tile, error) {
	rest := strings.TrimPrefix(name, "tile/")
	if strings.HasPrefix(rest, "entries/") {
		rest = "data/" + strings.TrimPrefix(rest, "entries/")
	} else if strings.HasPrefix(rest, "data/") {
		return tlog.Tile{}, errors.New("no such path")
	}
	return tlog.ParseTilePath(fmt.Sprintf("tile/%d/%s", height, rest))
}

// verifyDirectory reports every finding; nothing reported means that all holds. It gives the checkpoint, and whether
// authors were judged: only a log whose entry 0 opens a ledger says who they are.
func verifyDirectory(root string, trust *Trust, since []*Checkpoint, report reporter) (*Checkpoint, bool) {
	data, err := readFile(filepath.Join(root, "checkpoint"), mostBytes)
	if err != nil {
		report("checkpoint", err.Error())
		return nil, false
	}
	head, err := trust.open(data, false)
	if err != nil {
		report("checkpoint", err.Error())
		return nil, false
	}
	d := newDirectory(root, head.origin, report)
	d.check(head, since)
	return head, d.authors != nil
}

func newDirectory(root, origin string, report reporter) *directory {
	return &directory{root: root, origin: origin, report: report, ids: map[string]int64{}, genuine: map[string]bool{"checkpoint": true}}
}

// check computes everything that the checkpoint covers again.
func (d *directory) check(head *Checkpoint, since []*Checkpoint) {
	d.readEntries(head)
	if d.size < head.size {
		return // said already; without all entries nothing else can be computed
	}
	if hash, err := d.treeHash(head.size); err != nil || hash != head.root {
		d.report("checkpoint", fmt.Sprintf("the entries have the root %s, and %s was signed", hash, head.root))
	}
	for _, older := range since {
		d.checkSince(older, head)
	}
	d.checkTiles(head.size)
	d.checkStrays(head.size)
}

// readEntries reads the bundles in order, and stops at the first that cannot be read.
func (d *directory) readEntries(head *Checkpoint) {
	for n := int64(0); n*256 < head.size; n++ {
		tile := tlog.Tile{H: height, L: -1, N: n, W: 256}
		if head.size-n*256 < 256 {
			tile.W = int(head.size - n*256)
		}
		name := path(tile)
		data, err := readFile(filepath.Join(d.root, name), longestTile)
		if err != nil {
			d.report(name, err.Error())
			return
		}
		d.genuine[name] = true
		entries, err := splitBundle(data)
		if err != nil || len(entries) != tile.W {
			d.report(name, fmt.Sprintf("the bundle does not hold %d whole entries", tile.W))
			return
		}
		for i, read := range readAll(entries) {
			d.add(entries[i], read)
		}
	}
}

func splitBundle(data []byte) ([][]byte, error) {
	entries := [][]byte{}
	for len(data) > 0 {
		if len(data) < 2 || len(data)-2 < int(binary.BigEndian.Uint16(data)) {
			return nil, errCut
		}
		end := 2 + int(binary.BigEndian.Uint16(data))
		entries, data = append(entries, data[2:end]), data[end:]
	}
	return entries, nil
}

type outcome struct {
	entry *Entry
	err   error
}

// readAll reads entries on all cores, since the signatures take the most time.
func readAll(entries [][]byte) []outcome {
	read := make([]outcome, len(entries))
	var waiting sync.WaitGroup
	for first := 0; first < runtime.NumCPU(); first++ {
		waiting.Add(1)
		go func(first int) {
			defer waiting.Done()
			for i := first; i < len(entries); i += runtime.NumCPU() {
				read[i].entry, read[i].err = readEntry(entries[i])
			}
		}(first)
	}
	waiting.Wait()
	return read
}

func (d *directory) add(data []byte, read outcome) {
	n := d.size
	where := fmt.Sprintf("entry %d", n)
	if read.err != nil {
		d.report(where, read.err.Error())
	} else {
		d.checkEntry(where, n, read.entry)
	}
	d.last = read.entry
	d.before = tlog.RecordHash(data)
	more, err := tlog.StoredHashesForRecordHash(n, d.before, d)
	if err != nil {
		panic(err)
	}
	d.hashes = append(d.hashes, more...)
	d.size++
}

func (d *directory) checkEntry(where string, n int64, entry *Entry) {
	if entry.index != n {
		d.report(where, fmt.Sprintf("it says that it is entry %d", entry.index))
	}
	if !bytes.Equal(entry.previous, d.before[:]) { // zeros before entry 0
		d.report(where, fmt.Sprintf("it names another hash than that of entry %d as the one before it", n-1))
	}
	if d.last != nil && entry.recorded < d.last.recorded {
		d.report(where, "it was recorded before the entry before it")
	}
	if entry.statement.ledger != d.origin {
		d.report(where, fmt.Sprintf("its statement was made for the ledger %q", entry.statement.ledger))
	}
	if earlier, twice := d.ids[string(entry.statement.id)]; twice {
		d.report(where, fmt.Sprintf("its statement has the id of that of entry %d", earlier))
	}
	d.ids[string(entry.statement.id)] = n
	if n == 0 && entry.statement.kind == "ledger-opened/1" {
		d.authors = newRegister(true)
	}
	if d.authors != nil {
		if v := d.authors.judge(entry); v.standing != entitled {
			d.report(where, "authority: "+v.why)
		}
	}
	if _, _, err := disclose(entry.statement, nil); err != nil {
		d.report(where, err.Error())
	}
	if seen := entry.statement.seen; seen != nil {
		if seen.size > n {
			d.report(where, fmt.Sprintf("its author had seen %d entries", seen.size))
		} else if hash, err := d.treeHash(seen.size); err != nil || !bytes.Equal(hash[:], seen.root) {
			d.report(where, fmt.Sprintf("its author had seen another root of the first %d entries", seen.size))
		}
	}
}

func (d *directory) checkSince(since, head *Checkpoint) {
	if since.size > head.size {
		d.report("checkpoint", fmt.Sprintf("it has %d entries, and the older one held outside %d", head.size, since.size))
	} else if hash, err := d.treeHash(since.size); err != nil || hash != since.root {
		d.report("checkpoint", fmt.Sprintf("it did not grow from the one held outside, of size %d", since.size))
	}
}

// tiles lists the full tiles of a tree and, at each level, its last partial one.
func tiles(size int64) []tlog.Tile {
	list := []tlog.Tile{}
	for level := 0; size > 0; level, size = level+1, size>>height {
		for n := int64(0); n<<height < size; n++ {
			tile := tlog.Tile{H: height, L: level, N: n, W: 1 << height}
			if left := size - n<<height; left < 1<<height {
				tile.W = int(left)
			}
			list = append(list, tile)
		}
	}
	return list
}

func (d *directory) checkTiles(size int64) {
	for _, tile := range tiles(size) {
		name := path(tile)
		data, err := readFile(filepath.Join(d.root, name), longestTile)
		if err != nil {
			d.report(name, err.Error())
			continue
		}
		d.genuine[name] = true
		if wanted, err := tlog.ReadTileData(tile, d); err != nil || !bytes.Equal(wanted, data) {
			d.report(name, "the tile is not that of the entries")
		}
	}
}

// checkStrays looks at every other file: an older partial tile must be a prefix of the true one.
func (d *directory) checkStrays(size int64) {
	err := filepath.WalkDir(d.root, func(full string, item fs.DirEntry, err error) error {
		if err != nil || item.IsDir() {
			return err
		}
		inside, err := filepath.Rel(d.root, full)
		name := filepath.ToSlash(inside)
		if err == nil && !d.genuine[name] && !d.isOlder(name, size) {
			d.report(name, "the file has no place here")
		}
		return err
	})
	if err != nil {
		d.report(".", err.Error())
	}
}

func (d *directory) isOlder(name string, size int64) bool {
	tile, err := parsePath(name)
	if err != nil || tile.W == 256 {
		return false
	}
	level := tile.L
	if level < 0 {
		level = 0
	}
	if level > 6 || tile.N > size || tile.N*256+int64(tile.W) > size>>(height*level) {
		return false
	}
	data, err := readFile(filepath.Join(d.root, name), longestTile)
	if err != nil {
		return false
	}
	if tile.L >= 0 {
		wanted, err := tlog.ReadTileData(tile, d)
		return err == nil && bytes.Equal(wanted, data)
	}
	entries, err := splitBundle(data)
	if err != nil || len(entries) != tile.W {
		return false
	}
	for i, entry := range entries {
		if d.hashes[tlog.StoredHashIndex(0, tile.N*256+int64(i))] != tlog.RecordHash(entry) {
			return false
		}
	}
	return true
}
