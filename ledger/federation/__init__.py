"""What passes between ledgers and others: letters of proofs, cosignatures of witnesses, timestamps."""
