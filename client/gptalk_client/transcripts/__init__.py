"""Transcripts out and histories in, one format a file."""
