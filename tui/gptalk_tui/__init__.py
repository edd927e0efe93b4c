"""A fast terminal chat for the keyboard."""
