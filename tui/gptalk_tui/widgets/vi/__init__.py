"""A vi for a text field, without the field: text, cursor and keys in, text and cursor out."""
