"""Bytes that strangers check: statements, entries, trees, proofs."""
