// Verifier checks what an Adamas ledger gave away, and shares no code with Adamas.
//
//	verifier -trust FILE | -key VERIFIERKEY [-since CHECKPOINT] PATH...
//
// A PATH is a published directory (tlog-tiles), a bundle (.tlog-proof) or a zip of bundles. It prints one line for
// each finding, `bad: PATH: WHERE: WHAT`, or one line `good: PATH: ...`. With -since it is a finding, too, when
// nothing shows that the ledger grew from that checkpoint; of a zip, one bundle at a checkpoint suffices.
//
// Exit code 0: all good. 1: something was found. 2: it could not begin.
package main

import (
	"bytes"
	"encoding/hex"
	"errors"
	"flag"
	"fmt"
	"os"
	"sort"
)

func main() {
	trustFile := flag.String("trust", "", "the trust file (c2sp.org/tlog-policy)")
	keyText := flag.String("key", "", "instead of a trust file: the ledger's verifier key")
	sinceFile := flag.String("since", "", "an older checkpoint held outside")
	flag.Parse()
	trust, since, err := begin(*trustFile, *keyText, *sinceFile)
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
			fmt.Printf("bad: %s: %s: %s\n", path, where, what)
		})
	}
	if found > 0 {
		os.Exit(1)
	}
}

func begin(trustFile, keyText, sinceFile string) (*Trust, *Checkpoint, error) {
	if (trustFile == "") == (keyText == "") {
		return nil, nil, errors.New("give -trust FILE or -key VERIFIERKEY: trust comes from you, never from the file")
	}
	trust, err := trustOf(trustFile, keyText)
	if err != nil || sinceFile == "" {
		return trust, nil, err
	}
	data, err := os.ReadFile(sinceFile)
	if err != nil {
		return nil, nil, err
	}
	since, err := trust.open(data, true)
	return trust, since, err
}

func trustOf(trustFile, keyText string) (*Trust, error) {
	if keyText != "" {
		return trustKey(keyText)
	}
	data, err := os.ReadFile(trustFile)
	if err != nil {
		return nil, err
	}
	return parseTrust(data)
}

func verify(path string, trust *Trust, since *Checkpoint, report func(where, what string)) {
	bad := 0
	counted := func(where, what string) {
		bad++
		report(where, what)
	}
	about, err := os.Stat(path)
	if err != nil {
		counted("file", err.Error())
		return
	}
	if about.IsDir() {
		head := verifyDirectory(path, trust, since, counted)
		if bad == 0 {
			fmt.Printf("good: %s: %d entries, root %s, witnesses %d\n", path, head.size, hex.EncodeToString(head.root[:]), len(head.cosigned))
		}
		return
	}
	data, err := os.ReadFile(path)
	if err != nil {
		counted("file", err.Error())
		return
	}
	bundles := map[string][]byte{"bundle": data}
	if bytes.HasPrefix(data, []byte("PK")) {
		if bundles, err = unzip(data); err != nil {
			counted("zip", err.Error())
		}
	}
	names := make([]string, 0, len(bundles))
	for name := range bundles {
		names = append(names, name)
	}
	sort.Strings(names)
	every := []shown{}
	for _, name := range names {
		if one, err := verifyBundle(bundles[name], trust, since); err != nil {
			counted(name, err.Error())
		} else {
			fmt.Printf("good: %s: %s: %s\n", path, name, one.text)
			every = append(every, one)
		}
	}
	if since != nil {
		for _, size := range ungrown(every) {
			counted("growth", fmt.Sprintf("nothing here shows that the tree of %d entries grew from the one held outside, of %d", size, since.size))
		}
	}
}
