"""The command line. Textual is imported only when the app opens."""
