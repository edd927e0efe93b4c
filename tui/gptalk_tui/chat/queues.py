"""The prompts that wait for their turn, by conversation, as plain state."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace

from gptalk_client.models import QueuedPrompt
from gptalk_client.records import Record


class Waiting(Record, frozen=True):
    """A queued prompt as this window knows it."""

    prompt: QueuedPrompt
    is_held: bool = False
    """It waits for a key press, not only for the reply before it."""
    is_stored: bool = True
    is_kept: bool = True
    """It is on disk: in the store, or in the journal until the store takes it."""

    @property
    def id(self) -> str:
        """The prompt's id."""
        return self.prompt.id


class Queues:
    """What is queued where, as far as this window has looked.

    A prompt is sent without a key press only if it was queued here and nothing has gone wrong since: what was read
    from disk, and all of a queue whose reply was not complete, is held.
    """

    def __init__(self) -> None:
        self.when_changed: list[Callable[[], None]] = []
        self._queues: dict[str, list[Waiting]] = {}

    def of(self, conversation_id: str) -> Sequence[Waiting]:
        """Return what waits in a conversation, oldest first."""
        return tuple(self._queues.get(conversation_id, ()))

    def find(self, prompt_id: str) -> Waiting | None:
        """Return what waits under an id."""
        return next((each for queue in self._queues.values() for each in queue if each.id == prompt_id), None)

    def is_held(self, conversation_id: str) -> bool:
        """Whether the next prompt of a conversation waits for a key press."""
        return any(each.is_held for each in self.of(conversation_id)[:1])

    @property
    def unkept(self) -> list[QueuedPrompt]:
        """The prompts that are not on disk yet."""
        return [each.prompt for queue in self._queues.values() for each in queue if not each.is_kept]

    def add(self, prompt: QueuedPrompt) -> None:
        """Queue a prompt that is not on disk yet; behind one that is held it is held too."""
        queue = self._queues.setdefault(prompt.conversation_id, [])
        is_held = any(each.is_held for each in queue)
        queue.append(Waiting(prompt, is_held=is_held, is_stored=False, is_kept=False))
        self._changed()

    def put_back(self, waiting: Waiting) -> None:
        """Return a prompt to its place; all of its queue is held."""
        queue = self._queues.setdefault(waiting.prompt.conversation_id, [])
        if all(each.id != waiting.id for each in queue):
            place = waiting.prompt.place
            at = next((i for i, each in enumerate(queue) if not 0 < each.prompt.place < place), len(queue))
            queue.insert(at if place else 0, waiting)
        self.hold(waiting.prompt.conversation_id)

    def update(
        self,
        prompt_id: str,
        *,
        content: str | None = None,
        place: int | None = None,
        is_kept: bool = True,
        is_stored: bool | None = None,
    ) -> None:
        """Take what became of a prompt, if it still waits."""
        for queue in self._queues.values():
            for at, each in enumerate(queue):
                if each.id == prompt_id:
                    prompt = replace(
                        each.prompt,
                        content=each.prompt.content if content is None else content,
                        place=each.prompt.place if place is None else place,
                    )
                    stored = each.is_stored if is_stored is None else is_stored
                    queue[at] = replace(
                        each, prompt=prompt, is_stored=stored, is_kept=each.is_kept or is_kept
                    )
        self._changed()

    def take(self, prompt_id: str) -> Waiting | None:
        """Remove a prompt, because it is sent or withdrawn."""
        waiting = self.find(prompt_id)
        if waiting is not None:
            self._queues[waiting.prompt.conversation_id].remove(waiting)
            self._changed()
        return waiting

    def next_of(self, conversation_id: str) -> Waiting | None:
        """Return the prompt that may be sent now, if no turn runs there; None if it is held or not stored yet."""
        first = next(iter(self.of(conversation_id)), None)
        return None if first is None or first.is_held or not first.is_stored else first

    def hold(self, conversation_id: str) -> None:
        """Let a conversation's queue wait for a key press."""
        self._set_held(conversation_id, True)

    def release(self, conversation_id: str) -> None:
        """Let a conversation's queue go on."""
        self._set_held(conversation_id, False)

    def load(
        self, conversation_id: str, stored: Sequence[QueuedPrompt], *, sending: Collection[str] = ()
    ) -> None:
        """Take what the store has: what is new here is held, what another window sent or removed is gone.

        Args:
            conversation_id: Where they wait.
            stored: Its queue in the store.
            sending: The ids of prompts that turns of this window are sending.
        """
        known = {each.id: each for each in self.of(conversation_id)}
        queue = [
            replace(known[each.id], prompt=each, is_stored=True, is_kept=True)
            if each.id in known
            else Waiting(each, is_held=True)
            for each in stored
            if each.id not in sending
        ]
        queue += [
            each for each in known.values() if not each.is_stored and all(each.id != q.id for q in stored)
        ]
        if queue != list(self.of(conversation_id)):
            self._queues[conversation_id] = queue
            self._changed()

    def _set_held(self, conversation_id: str, is_held: bool) -> None:
        queue = self._queues.get(conversation_id, [])
        queue[:] = [replace(each, is_held=is_held) for each in queue]
        self._changed()

    def _changed(self) -> None:
        for watcher in self.when_changed:
            watcher()
