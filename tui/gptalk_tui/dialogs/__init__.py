"""Modal screens: each opens over the chat, and returns a value."""
