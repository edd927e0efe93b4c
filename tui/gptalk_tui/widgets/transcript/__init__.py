"""The conversation pane: flat in cost at any length."""
