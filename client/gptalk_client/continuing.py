"""Continuing a reply that was cut or stopped: the engine goes on from its text, or is asked to."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import replace

from gptalk_client.errors import ProviderError, ServerError
from gptalk_client.models import ReplyEvent, ReplyFacts, ReplyRequest, Role, TextAdded, TextReplaced, Usage
from gptalk_client.providers.base import Provider

CONTINUE = "Continue exactly where you stopped, without repeating anything and without a comment."
"""The prompt for engines that cannot go on from a text. It is not stored."""

_LOOKED_AT_CHARS = 4000
"""How far back an engine may begin to repeat the text."""
_LEAST_REPEATED = 12
"""Shorter texts recur by chance."""
_SPACED_SCRIPTS = 0x2E80
"""Scripts up to here put spaces between words."""


class Joint:
    """Joins what an engine adds to the text that there was, without what it repeats of that.

    Text is held back as long as it might be a repetition, which other text shows by its first words.

    Args:
        before: The text that is continued; not empty.
        is_prefilled: The engine was given the text as its own, so it repeats all of it or nothing.
    """

    def __init__(self, before: str, *, is_prefilled: bool) -> None:
        self._before = before
        self._is_prefilled = is_prefilled
        self._held: str | None = ""
        """The text that is held back; None once it is decided where the new text begins."""
        first = max(0, len(before) - _LOOKED_AT_CHARS)
        self._places = [0] if is_prefilled else [0, *range(max(1, first), len(before))]
        """Where in the text before a repetition may begin."""

    def add(self, text: str) -> str:
        """Return what to append to the reply."""
        if self._held is None:
            return text
        self._held += text
        self._places = [each for each in self._places if self._agrees(each)]
        if any(len(self._before) - each > len(self._held) for each in self._places):
            return ""
        return self.rest()

    def rest(self) -> str:
        """Return what to append of the text that was held back; no longer repetition can come."""
        held, self._held = self._held, None
        if not held:
            return ""
        repeated = max((self._repeated(each, held) for each in self._places), default=0)
        return held[repeated:] if repeated else self._gap(held) + held

    def whole(self, text: str) -> str:
        """Return the whole reply after the engine rewrote all that it had added."""
        again = Joint(self._before, is_prefilled=self._is_prefilled)
        self._held = None
        return self._before + again.add(text) + again.rest()

    def _agrees(self, place: int) -> bool:
        held = self._held or ""
        count = min(len(self._before) - place, len(held))
        return self._before.startswith(held[:count], place)

    def _repeated(self, place: int, held: str) -> int:
        count = min(len(self._before) - place, len(held))
        words = held[:count]
        if self._is_prefilled and count < len(self._before):
            return 0
        is_long = count >= _LEAST_REPEATED and (" " in words.strip() or not words.isascii())
        return count if is_long else 0

    def _gap(self, text: str) -> str:
        """Return the space that an answer lacks at its beginning, where it was not written as a continuation."""
        ends, begins = self._before[-1], text[0]
        is_spaced = ord(ends) < _SPACED_SCRIPTS and ord(begins) < _SPACED_SCRIPTS
        is_apart = (ends.isalnum() or ends in ",;:.!?") and begins.isalnum()
        return " " if is_spaced and is_apart and not self._is_prefilled else ""


async def continued(
    provider: Provider, request: ReplyRequest, before: str
) -> AsyncGenerator[ReplyEvent, None]:
    """Yield the events of the rest of a reply.

    Args:
        provider: Sends it.
        request: The conversation, which ends with the reply's text so far.
        before: That text.

    Raises:
        ProviderError: It could not be had, or broke off.
        ConfigError: The address or the proxy cannot be used.
    """
    is_prefilled = await provider.continues_text()
    if is_prefilled:
        has_begun = False
        try:
            async with aclosing(_joined(provider, replace(request, is_continued=True), before)) as events:
                async for event in events:
                    has_begun = has_begun or isinstance(event, TextAdded | TextReplaced)
                    yield event
            return
        except ServerError as err:
            if has_begun or err.status not in (400, 422):
                raise  # otherwise it cannot go on from this text, such as a model that thinks first
    asked = [*request.messages, {"role": Role.USER.value, "content": CONTINUE}]
    async with aclosing(_joined(provider, replace(request, messages=asked), before)) as events:
        async for event in events:
            yield event


async def _joined(provider: Provider, request: ReplyRequest, before: str) -> AsyncGenerator[ReplyEvent, None]:
    joint, failure = Joint(before, is_prefilled=request.is_continued), None
    try:
        async with aclosing(provider.stream(request)) as events:
            async for event in events:
                if isinstance(event, TextAdded):
                    if text := joint.add(event.text):
                        yield TextAdded(text)
                elif isinstance(event, TextReplaced):
                    yield TextReplaced(joint.whole(event.text))
                else:
                    yield event
    except ProviderError as err:
        failure = err
    if rest := joint.rest():
        yield TextAdded(rest)
    if failure is not None:
        raise failure


def joined_facts(before: ReplyFacts, added: ReplyFacts) -> ReplyFacts:
    """Return what is known of a reply that was written in two goes; a time or a count is that of both."""
    usage = added.usage
    if usage is not None and before.usage is not None:
        usage = Usage(
            usage.prompt_tokens,
            _sum(before.usage.completion_tokens, usage.completion_tokens),
            _sum(before.usage.reasoning_tokens, usage.reasoning_tokens),
        )
    return ReplyFacts(
        finish_reason=added.finish_reason,
        usage=usage or before.usage,
        first_text_ms=before.first_text_ms,
        reasoning_ms=_sum(before.reasoning_ms, added.reasoning_ms),
        duration_ms=_sum(before.duration_ms, added.duration_ms),
        edited=before.edited,
    )


def _sum(one: int | None, other: int | None) -> int | None:
    return one if other is None else other if one is None else one + other
