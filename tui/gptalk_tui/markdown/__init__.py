"""Markdown as it streams: split, parsed and highlighted, without a widget."""
