"""The base of the store's parts."""

from __future__ import annotations

from gptalk_client.store.database import Database


class StorePart:
    """Gives the parts that `store.Store` is made of the open database."""

    _db: Database
