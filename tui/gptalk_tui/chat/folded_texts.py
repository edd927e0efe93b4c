"""The texts of a conversation as they are searched, kept while somebody searches it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from gptalk_client.models import BranchEntry, Status

if TYPE_CHECKING:
    from gptalk_client.store.store import Store
    from gptalk_tui.widgets.transcript.document import Document

MOST_CHARS = 10_000_000
"""How much is kept; what is beyond it is read and folded for each query."""


class FoldedTexts:
    """Reads messages, folds them, and keeps the result: most of the time of a search goes there.

    Args:
        call: Runs a function on the store's thread.
        document: Has the texts that still grow.
    """

    def __init__(
        self,
        call: Callable[[Callable[[Store], dict[str, str]]], Awaitable[dict[str, str]]],
        document: Document,
    ) -> None:
        self._call = call
        self._document = document
        self._kept: dict[str, tuple[int, str]] = {}
        """By message id: the size of the text, which another text would not have, and the folded text."""
        self._chars = 0

    def clear(self) -> None:
        """Forget all of them."""
        self._kept, self._chars = {}, 0

    def has(self, entry: BranchEntry) -> bool:
        """Return whether a message's text is kept."""
        return (kept := self._kept.get(entry.id)) is not None and kept[0] == entry.size_chars

    async def of(self, entries: Sequence[BranchEntry]) -> Mapping[str, str]:
        """Return the folded texts of messages by id; those that are gone are left out.

        Raises:
            StoreError: They cannot be read.
        """
        document = self._document
        growing = [each for each in entries if each.status is Status.STREAMING]
        missing = [each for each in entries if each.status is not Status.STREAMING and not self.has(each)]
        texts: dict[str, str] = {}
        if missing:
            ids = [each.id for each in missing]
            texts = dict(await self._call(lambda store: store.texts(ids)))
        for each in growing:
            index = document.index_of(each.id)
            if index is not None:
                texts[each.id] = document.text(index)
        folded = await asyncio.to_thread(_folded, texts) if texts else {}
        for each in missing:
            if each.id in folded and self._chars < MOST_CHARS:
                self._kept[each.id] = (each.size_chars, folded[each.id])
                self._chars += len(folded[each.id])
        known = {
            each.id: self._kept[each.id][1] for each in entries if each.id not in folded and self.has(each)
        }
        return folded | known


def _folded(texts: Mapping[str, str]) -> dict[str, str]:
    from gptalk_client.textsearch.folding import fold

    return {message_id: fold(text) for message_id, text in texts.items()}
