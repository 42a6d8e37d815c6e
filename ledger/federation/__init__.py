"""What ledgers ask of others: cosignatures of witnesses, tokens of timestamping authorities."""
