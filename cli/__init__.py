"""The adamas command."""
