"""Where entries lie: one transaction per append."""
