"""Folds over entries: custody, lineage, balances, views."""
