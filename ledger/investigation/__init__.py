"""Read-only questions whose answers name their entries."""
