"""What touches the terminal or the process."""
