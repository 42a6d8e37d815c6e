"""Adamas: an open, event-sourced, tamper-evident ledger for rough diamonds."""

__version__ = "0.1.0"
