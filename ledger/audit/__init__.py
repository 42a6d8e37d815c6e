"""Verifying a whole ledger: entries, rules, tables, values beside them, in numbered steps."""
