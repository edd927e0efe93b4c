"""The command line. Nothing here imports Textual before the app is to be opened."""
