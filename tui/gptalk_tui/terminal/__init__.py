"""Everything that touches the terminal or the process."""
