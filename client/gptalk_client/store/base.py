"""What the parts of the store share: the open database."""

from __future__ import annotations

from gptalk_client.store.database import Database


class StorePart:
    """Base of the parts that `store.Store` is put together from."""

    _db: Database
