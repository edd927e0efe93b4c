"""One source a module, each with `read(source, skipped) -> Iterator[ImportedConversation]`.

An importer yields one conversation at a time and keeps none; what it leaves out it counts with a reason.
"""
