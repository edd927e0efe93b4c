"""The chat screen and everything that only it uses."""
