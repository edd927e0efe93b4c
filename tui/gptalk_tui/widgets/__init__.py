"""Textual widgets that know models, errors and text only."""
