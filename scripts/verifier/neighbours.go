package main

import (
	"errors"
	"fmt"
	"math/bits"

	"golang.org/x/mod/sumdb/tlog"
)

// Two neighbouring leaves of a tree with each hash of their paths written once: with the first leaf its path
// without the hash where the two paths meet, with the second its path below that place. Where they meet, each
// leaf leads to the hash that the other's path lacks.

// wholePaths gives both inclusion paths back; they must still be checked against the root.
func wholePaths(first, size int64, leaves [2]tlog.Hash, written [2][]tlog.Hash) ([2]tlog.RecordProof, error) {
	if first < 0 || first >= size-1 {
		return [2]tlog.RecordProof{}, fmt.Errorf("leaf %d has no neighbour on its right among %d", first, size)
	}
	below := bits.Len64(uint64(first^(first+1))) - 1 // complete subtree on the left: that many hashes
	width := int64(1) << below
	if rest := size - first - 1; rest < width {
		width = rest // the subtree on the right may be the tree's last
	}
	below2 := bits.Len64(uint64(width - 1))
	inner := bits.Len64(uint64(first ^ (size - 1)))
	above := inner + bits.OnesCount64(uint64(first)>>inner) - below - 1
	if len(written[0]) != below+above || len(written[1]) != below2 {
		return [2]tlog.RecordProof{}, errors.New("the neighbours have not as many hashes as they need")
	}
	left, right := leaves[0], leaves[1]
	for _, sibling := range written[0][:below] {
		left = tlog.NodeHash(sibling, left)
	}
	for _, sibling := range written[1] {
		right = tlog.NodeHash(right, sibling)
	}
	shared := written[0][below:]
	return [2]tlog.RecordProof{join(written[0][:below], right, shared), join(written[1], left, shared)}, nil
}

func join(below []tlog.Hash, meeting tlog.Hash, shared []tlog.Hash) tlog.RecordProof {
	path := append(tlog.RecordProof{}, below...)
	return append(append(path, meeting), shared...)
}
