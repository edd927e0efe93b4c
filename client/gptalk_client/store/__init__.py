"""Conversations on disk, in SQLite."""
