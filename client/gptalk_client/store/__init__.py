"""The conversations on disk: one SQLite file, a tree of messages in each conversation.

`store.Store` is the synchronous store, `worker.StoreThread` the same for an event loop.
"""
