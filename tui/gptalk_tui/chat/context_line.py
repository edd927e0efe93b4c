"""The thin line in the transcript above which the messages are not sent any more."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from gptalk_client.errors import GptalkError
from gptalk_client.models import BranchEntry, Role, Status
from gptalk_client.turn_options import CONTEXT_BYTES, TurnOptions, is_summary

if TYPE_CHECKING:
    from gptalk_tui.chat.host import Host
    from gptalk_tui.chat.services import Services
    from gptalk_tui.chat.session import Session
    from gptalk_tui.widgets.transcript.widget import Transcript

_MOST_BYTES_A_CHARACTER = 4
_NEXT_PROMPT = BranchEntry("", None, Role.USER, Status.COMPLETE, 0, 0)


class ContextLine:
    """Keeps the line where the context of the next prompt begins; while a reply streams, that of its prompt."""

    def __init__(self, session: Session, services: Services, host: Host, *, transcript: Transcript) -> None:
        self._session = session
        self._services = services
        self._host = host
        self._transcript = transcript
        self._entries: Sequence[BranchEntry] = ()
        self._shown: tuple[object, ...] = ()
        """What the line was last found for, beside the entries."""
        session.when_changed.append(self.refresh)

    def refresh(self) -> None:
        """Find the line again if anything that decides it has changed."""
        options = self._services.options_for(self._session.chosen)
        entries = self._transcript.document.entries
        shown = options, len(entries), entries[-1] if entries else None
        if entries is self._entries and shown == self._shown:
            return
        self._entries, self._shown = entries, shown
        messages = _asked(entries)
        newest = messages[-options.context_limit :]
        most = sum(each.size_chars for each in newest) * _MOST_BYTES_A_CHARACTER
        if most <= _room(options):
            self._show(first_sent(options, messages, lambda entry: entry.size_chars))
        else:
            self._host.start(self._measure(options, messages, shown), "context", exclusive=True)

    async def _measure(
        self, options: TurnOptions, messages: Sequence[BranchEntry], shown: tuple[object, ...]
    ) -> None:
        ids = [each.id for each in (*messages[:1], *messages[-options.context_limit :]) if each.id]
        try:
            sizes = await self._services.store.call(lambda store: store.text_sizes(ids))
        except GptalkError:
            return  # who reads the conversation hears of it
        if shown is self._shown:
            self._show(first_sent(options, messages, _size_in(sizes)))

    def _show(self, message_id: str | None) -> None:
        self._transcript.set_context_start(message_id)


def first_sent(
    options: TurnOptions, messages: Sequence[BranchEntry], size_bytes: Callable[[BranchEntry], int]
) -> str | None:
    """Return the id of the first message that is sent where earlier ones are not; None where all are.

    A summary at the root, which is always sent, does not count.
    """
    sent = {each.id for each in options.select(messages, size_bytes)}
    before = 0
    for each in messages:
        if is_summary(each):
            continue
        if each.id in sent:
            return (each.id or None) if before else None
        before += each.status is not Status.FAILED and each.size_chars > 0
    return None


def _asked(entries: Sequence[BranchEntry]) -> list[BranchEntry]:
    """Return a branch up to the prompt that is being answered, or else to the next prompt."""
    if entries and entries[-1].status is Status.STREAMING:
        return list(entries[:-1])
    return [*entries, _NEXT_PROMPT]


def _room(options: TurnOptions) -> int:
    """Return how many bytes are left for messages, whatever they are."""
    window = options.context_tokens
    room = CONTEXT_BYTES if window is None else min(CONTEXT_BYTES, window)
    return room - len(options.system_prompt) * _MOST_BYTES_A_CHARACTER


def _size_in(sizes: Mapping[str, int]) -> Callable[[BranchEntry], int]:
    return lambda entry: sizes.get(entry.id, entry.size_chars)
