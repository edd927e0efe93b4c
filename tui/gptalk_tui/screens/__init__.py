"""The full screens and dialogs of the app."""
