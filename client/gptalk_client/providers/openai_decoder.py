"""The reply in the events of an OpenAI-compatible stream, or in one object where no stream came. No I/O."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from gptalk_client.errors import ProtocolError, ServerError
from gptalk_client.models import Finished, ReasoningAdded, ReplyEvent, TextAdded, TextReplaced, UsageReported
from gptalk_client.providers import openai_shapes as shapes
from gptalk_client.providers.event_stream import EventData
from gptalk_client.providers.json_text import decode_json
from gptalk_client.providers.reasoning_tags import ReasoningTags
from gptalk_client.providers.refusals import said
from gptalk_client.providers.reply_bound import ReplyBound

_DONE = (b"[DONE]", b'"[DONE]"')


class OpenAIReply:
    """One reply so far, and what of it the consumer has not seen."""

    def __init__(self) -> None:
        self._news: list[ReplyEvent] = []
        self._taken = 0
        self._tags = ReasoningTags()
        self._bound = ReplyBound()
        self._tools = shapes.ToolCalls()
        self._usage: UsageReported | None = None
        self._has_text = False
        self._has_refusal = False
        self._reason = ""
        self._is_flushed = False
        self.error: ProtocolError | ServerError | None = None
        self.is_done = False

    @property
    def is_over(self) -> bool:
        """Whether the end mark or an error was read."""
        return self.is_done or self.error is not None

    @property
    def has_finished(self) -> bool:
        """Whether a finish reason was read: an end mark may follow, or nothing."""
        return bool(self._reason)

    @property
    def has_news(self) -> bool:
        """Whether `take` may return something or the reply is over."""
        return self._taken < len(self._news) or self.is_over

    def push(self, event: EventData) -> bool:
        """Process one event, and return whether it was a part of the reply rather than a ping or the like."""
        if self.is_over:
            return False
        try:
            return self._push(bytes(event).strip())
        except (ProtocolError, ServerError) as err:
            self.error = err
            return True

    def push_body(self, body: bytes) -> None:
        """Process a whole body: one completion in JSON, though a stream was asked for."""
        try:
            value = decode_json(body)
            choices = value.get("choices") if isinstance(value, dict) else None
            is_reply = isinstance(choices, list) and bool(shapes.choice(choices))
            self._push_value(value)
            if not is_reply:
                raise ProtocolError("The service answered with something other than a reply.")
        except (ProtocolError, ServerError) as err:
            self.error = err
        else:
            self.is_done = True

    def push_unfinished(self, event: EventData | None) -> None:
        """Process the event that the end of the stream cut off, if it is complete JSON or the end mark."""
        if event is not None:
            try:
                if bytes(event).strip() not in _DONE:
                    decode_json(bytes(event))
            except ProtocolError:
                event = None
        if event is not None:
            self.push(event)
        # Some endpoints send no end mark after the event with the finish reason.
        self.is_done = self.is_done or (self.has_finished and self.error is None)

    def take(self) -> ReplyEvent | None:
        """Return what came since the last call, joined with what is alike, or None."""
        if self._taken == len(self._news):
            self._news, self._taken = [], 0
            return None
        first = self._news[self._taken]
        end = self._taken + 1
        if isinstance(first, TextAdded | ReasoningAdded):
            while end < len(self._news) and type(self._news[end]) is type(first):
                end += 1
            alike = self._news[self._taken : end]
            text = "".join(each.text for each in alike if isinstance(each, TextAdded | ReasoningAdded))
            self._taken = end
            return type(first)(text)
        self._taken = end
        return first

    def take_held(self) -> ReplyEvent | None:
        """Return what was held back; call this, until it returns None, when the reply is over."""
        if not self._is_flushed:
            self._is_flushed = True
            self._add(self._tags.finish())
            if self._usage is not None:
                self._news.append(self._usage)
            if reason := self._reason_in_the_end():
                self._news.append(Finished(reason, self._tools.in_words() if reason == "tool_calls" else ""))
        return self.take()

    def _reason_in_the_end(self) -> str:
        if self._reason in ("", "stop") and self._tools and not self._has_text:
            return "tool_calls"
        return "refusal" if self._has_refusal and self._reason in ("", "stop") else self._reason

    def _push(self, raw: bytes) -> bool:
        if not raw:
            return False
        if raw in _DONE:
            self.is_done = True
            return True
        return self._push_value(decode_json(raw))

    def _push_value(self, value: Any) -> bool:
        choices = value.get("choices") if isinstance(value, dict) else None
        if isinstance(choices, list):
            self._push_choice(shapes.choice(choices), is_whole=value.get("object") == "chat.completion")
        if isinstance(value, dict) and (counted := shapes.usage(value)) is not None:
            self._usage = UsageReported(counted)
        if words := shapes.error(value):
            raise said(words)
        if self._reason == "error":
            raise ServerError("The service ended the reply with an error.")
        return isinstance(choices, list)

    def _push_choice(self, choice: dict[str, Any], *, is_whole: bool) -> None:
        delta = choice.get("delta") or choice.get("message")
        if isinstance(delta, dict):
            if not (is_whole and self._has_text):  # some repeat the whole reply at the end of its stream
                self._push_delta(delta)
        elif isinstance(text := choice.get("text"), str):
            self._push_text(text)
        self._reason = shapes.finish_reason(choice.get("finish_reason")) or self._reason

    def _push_delta(self, delta: dict[str, Any]) -> None:
        thought, text = shapes.parts(delta.get("content"))
        if reasoning := shapes.reasoning(delta) or thought:
            self._tags.takes_bare_closing = False
            self._add([ReasoningAdded(reasoning)])
        self._push_text(text)
        refusal = delta.get("refusal")
        if isinstance(refusal, str) and refusal:
            self._has_refusal = True
            self._push_text(refusal)
        self._tools.add(delta)

    def _push_text(self, text: str) -> None:
        if text:
            self._has_text = True
            self._add(self._tags.feed(text))

    def _add(self, pieces: Sequence[TextAdded | TextReplaced | ReasoningAdded]) -> None:
        for piece in pieces:
            self._bound.admit(piece.text)
            self._news.append(piece)
