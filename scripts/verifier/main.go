// Verifier checks what an Adamas ledger gave away, and shares no code with Adamas.
//
//	verifier -trust FILE | -key VERIFIERKEY [-since CHECKPOINT]... [-revoked FILE]... PATH...
//
// A PATH is a published directory (tlog-tiles), a bundle (.tlog-proof) or a zip of bundles, a proof of absence, a
// checkpoint or a fork proof. It prints one line for each finding, `bad: PATH: WHERE: WHAT`, or one line
// `good: PATH: ...`. With -since it is a finding, too, when nothing shows that the ledger grew from that
// checkpoint; of a zip, one bundle at a checkpoint suffices. With -revoked, what a revoked key of the ledger
// signed counts only as far as that file shows that it was honest.
//
// Exit code 0: all good. 1: something was found. 2: it could not begin.
package main

import (
	"bytes"
	"encoding/hex"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"sort"
	"strings"
	"unicode"
)

const longestFile = 64 << 20

type names []string

func (n *names) String() string     { return strings.Join(*n, " ") }
func (n *names) Set(s string) error { *n = append(*n, s); return nil }

type reporter func(where, what string)

func main() {
	var sinceFiles, revokedFiles names
	trustFile := flag.String("trust", "", "the trust file (c2sp.org/tlog-policy)")
	keyText := flag.String("key", "", "instead of a trust file: the ledger's verifier key")
	flag.Var(&sinceFiles, "since", "an older checkpoint held outside; may be given again")
	flag.Var(&revokedFiles, "revoked", "the proof that a key of the ledger was revoked; may be given again")
	flag.Parse()
	trust, since, err := begin(*trustFile, *keyText, sinceFiles, revokedFiles)
	if err == nil && flag.NArg() == 0 {
		err = errors.New("nothing to verify; see -help")
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "verifier:", err)
		os.Exit(2)
	}
	found := 0
	for _, path := range flag.Args() {
		verify(path, trust, since, func(where, what string) {
			found++
			say("bad: %s: %s: %s", path, where, what)
		})
	}
	if found > 0 {
		os.Exit(1)
	}
}

func begin(trustFile, keyText string, sinceFiles, revokedFiles []string) (*Trust, []*Checkpoint, error) {
	if (trustFile == "") == (keyText == "") {
		return nil, nil, errors.New("give -trust FILE or -key VERIFIERKEY: trust comes from you, never from the file")
	}
	trust, err := trustOf(trustFile, keyText)
	if err != nil {
		return nil, nil, err
	}
	revoked := []*revocation{}
	for _, name := range revokedFiles {
		data, err := readFile(name, longestFile)
		if err != nil {
			return nil, nil, err
		}
		one, err := trust.revoke(data)
		if err != nil {
			return nil, nil, fmt.Errorf("%s: %w", name, err)
		}
		revoked = append(revoked, one)
	}
	trust.revoked = revoked
	since := []*Checkpoint{}
	for _, name := range sinceFiles {
		data, err := readFile(name, longestFile)
		if err != nil {
			return nil, nil, err
		}
		older, err := trust.open(data, true)
		if err != nil {
			return nil, nil, fmt.Errorf("%s: %w", name, err)
		}
		since = append(since, older)
	}
	return trust, since, nil
}

func trustOf(trustFile, keyText string) (*Trust, error) {
	if keyText != "" {
		return trustKey(keyText)
	}
	data, err := readFile(trustFile, longestFile)
	if err != nil {
		return nil, err
	}
	return parseTrust(data)
}

// say prints one line, whatever others wrote into it: no name of a file or field begins a line of its own, or
// moves a terminal's cursor.
func say(form string, values ...any) {
	fmt.Println(strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return '?'
	}, fmt.Sprintf(form, values...)))
}

// readFile reads a plain file of at most so many bytes: no pipe, no device, nothing endless.
func readFile(name string, most int64) ([]byte, error) {
	about, err := os.Stat(name)
	if err != nil {
		return nil, err
	}
	if !about.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is no plain file", name)
	}
	file, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	data, err := io.ReadAll(io.LimitReader(file, most+1))
	if err == nil && int64(len(data)) > most {
		err = fmt.Errorf("%s has more than %d bytes", name, most)
	}
	return data, err
}

func verify(path string, trust *Trust, since []*Checkpoint, report reporter) {
	about, err := os.Stat(path)
	if err != nil {
		report("file", err.Error())
		return
	}
	if about.IsDir() {
		bad := false
		head, judged := verifyDirectory(path, trust, since, func(where, what string) {
			bad = true
			report(where, what)
		})
		if !bad {
			text := map[bool]string{true: "authors entitled", false: "authority not shown"}[judged]
			say("good: %s: %d entries, root %s, witnesses %d, %s", path, head.size, hex.EncodeToString(head.root[:]), len(head.cosigned), text)
		}
		return
	}
	data, err := readFile(path, longestFile)
	if err != nil {
		report("file", err.Error())
		return
	}
	verifyFile(path, data, trust, since, report)
}

// verifyFile goes by how the file begins.
func verifyFile(path string, data []byte, trust *Trust, since []*Checkpoint, report reporter) {
	begins := func(header string) bool { return bytes.HasPrefix(data, []byte(header)) }
	switch {
	case begins("adamas/fork-proof"):
		text, err := verifyFork(data, trust.logs)
		if err == nil && len(since) > 0 {
			err = errors.New("a fork proof shows no growth; leave -since out")
		}
		printOne(path, "fork", text, err, report)
	case begins("adamas/absence"):
		one, err := verifyAbsence(data, trust, since)
		printOne(path, "absence", one.text, err, report)
		if err == nil {
			demandGrowth([]shown{one}, since, report)
		}
	case begins("c2sp.org/tlog-proof"), begins("PK"):
		bundles, err := unpack(data)
		if err != nil {
			report("zip", err.Error())
			return
		}
		verifyBundles(path, bundles, trust, since, report)
	default:
		head, err := trust.open(data, false)
		if err != nil {
			report("checkpoint", err.Error())
			return
		}
		say("good: %s: checkpoint: %d entries, root %s, witnesses %d", path, head.size, hex.EncodeToString(head.root[:]), len(head.cosigned))
		one := shown{head: head, grown: map[*Checkpoint]bool{}}
		for _, older := range since { // without a path, only the same tree and the empty one show it
			one.grown[older] = older.tree() == head.tree() || grew(nil, head.size, head.root, older.size, older.root)
		}
		demandGrowth([]shown{one}, since, report)
	}
}

func printOne(path, what, text string, err error, report reporter) {
	if err != nil {
		report(what, err.Error())
		return
	}
	say("good: %s: %s: %s", path, what, text)
}

func verifyBundles(path string, bundles map[string][]byte, trust *Trust, since []*Checkpoint, report reporter) {
	named := make([]string, 0, len(bundles))
	for name := range bundles {
		named = append(named, name)
	}
	sort.Strings(named)
	every, of := []shown{}, map[string]int{}
	for _, name := range named {
		one, err := verifyBundle(bundles[name], trust, since)
		if err != nil {
			report(name, err.Error())
			continue
		}
		of[name], every = len(every), append(every, one)
	}
	judged := judgeShown(every)
	for _, name := range named {
		if place, holds := of[name]; holds {
			printJudged(path, name, &every[place], judged(&every[place]), report)
		}
	}
	demandGrowth(every, since, report)
}

func printJudged(path, name string, one *shown, v verdict, report reporter) {
	switch v.standing {
	case contradicted:
		report(name, "authority: "+v.why)
	case entitled:
		say("good: %s: %s: %s, its author entitled", path, name, one.text)
	default:
		say("good: %s: %s: %s", path, name, one.text)
	}
}

func demandGrowth(every []shown, since []*Checkpoint, report reporter) {
	for _, older := range since {
		for _, size := range ungrown(every, older) {
			report("growth", fmt.Sprintf("nothing here shows that the tree of %d entries grew from the one held outside, of %d", size, older.size))
		}
	}
}
