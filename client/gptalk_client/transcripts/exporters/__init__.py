"""One export format a module, each with `export(transcripts, *, all_branches) -> Iterator[str]`."""
