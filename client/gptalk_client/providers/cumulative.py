"""A reply whose every event repeats all of its text: kept raw on arrival, decoded on demand.

A reader calls `push` for each event as fast as the network allows. Only the newest text stays, as raw bytes.
A consumer calls `take` when it wants to show something, and JSON is decoded then. What is new is found by
comparing bytes: where the newest payload starts with the last one, only the bytes after it are decoded.
"""

from __future__ import annotations

import msgspec

from gptalk_client.errors import ProtocolError, ServerError
from gptalk_client.models import TextAdded, TextReplaced
from gptalk_client.providers.event_stream import EventData
from gptalk_client.providers.json_text import decode_json, server_reason
from gptalk_client.providers.refusals import said

MAX_SKIPPED = 3
"""How many consecutive events without usable text end the reply."""

_DONE = (b"[DONE]", b'"[DONE]"')
_HEADS = (b'{"content": "', b'{"content":"')
_BLANK = b" \t\r\n"
_decode_text = msgspec.json.Decoder(str).decode


class CumulativeText:
    """The text of a reply so far, and what of it the consumer has not seen. No I/O."""

    def __init__(self) -> None:
        self._newest: EventData | str | None = None
        self._seen: list[str] = []  # joined: the text the consumer already has
        self._seen_raw = b""  # the last payload's raw text without its closing quote, if known completely
        self._held = ""  # trailing U+FFFD, which the next event may turn into a character
        self._skipped = 0
        self.error: ProtocolError | ServerError | None = None
        """Set once the service sends an error or garbage; everything after it is ignored."""
        self.is_done = False
        """Set at the end mark; everything after it is ignored."""
        self.has_finished = False  # only the end mark tells

    @property
    def has_news(self) -> bool:
        """Whether `take` may return something or the reply is over."""
        return self._newest is not None or self.is_done or self.error is not None

    @property
    def is_over(self) -> bool:
        """Whether the end mark or an error was read."""
        return self.is_done or self.error is not None

    def push(self, event: EventData) -> bool:
        """Process one event. Text is kept undecoded; anything else is decoded immediately.

        Returns:
            True: a service that repeats its last event is at work.
        """
        if self.is_over:
            return True
        if event.head(13).startswith(_HEADS) and event.tail(2) == b'"}':
            self._newest = event
            self._skipped = 0
            return True
        try:
            self._push_odd(bytes(event))
        except (ProtocolError, ServerError) as err:
            self.error = err
        return True

    def push_body(self, body: bytes) -> None:
        """Process a whole body of JSON: the protocol has none, so it is the reason for a failure at best."""
        try:
            reason = server_reason(decode_json(body))
        except ProtocolError as err:
            self.error = err
        else:
            self.error = (
                said(reason)
                if reason
                else ProtocolError("The service answered with something other than a stream.")
            )

    def push_unfinished(self, event: EventData | None) -> None:
        """Process the event that the end of the stream cut off, if it is complete JSON or the end mark."""
        if event is None:
            return
        try:
            if bytes(event).strip(_BLANK) not in _DONE:
                decode_json(bytes(event))
        except ProtocolError:
            return
        self.push(event)

    def _push_odd(self, raw: bytes) -> None:
        raw = raw.strip(_BLANK)
        if not raw:
            return
        if raw in _DONE:
            self.is_done = True
            return
        value = decode_json(raw)
        text = value.get("content") if isinstance(value, dict) else None
        if isinstance(text, str):
            self._newest = text
            self._skipped = 0
            return
        if isinstance(value, dict) and "content" not in value and (reason := server_reason(value)):
            raise said(reason)
        self._skipped += 1
        if self._skipped >= MAX_SKIPPED:
            raise ProtocolError("The service sent several events without any text.")

    def take(self) -> TextAdded | TextReplaced | None:
        """Return what changed since the last call, or None.

        Raises:
            ProtocolError: The newest event is not JSON.
        """
        newest, self._newest = self._newest, None
        if newest is None:
            return None
        if isinstance(newest, str):
            self._seen_raw = b""
            return self._compare(newest)
        raw = bytes(newest)
        text_raw = raw[raw.index(b'"', 10) :][:-1]  # from the opening quote to the closing one
        before, self._seen_raw = self._seen_raw, b""
        if before and text_raw.startswith(before):
            added = _text_or_none(b'"' + text_raw[len(before) :])
            if added is not None and not added.endswith("\ufffd"):
                self._seen_raw = text_raw[:-1]
                return self._add(added)
        text = _text_or_none(text_raw)
        if text is None:  # not a lone, well-formed string: other members, an escaped quote, invalid text
            value = decode_json(raw)
            text = value.get("content")
            if not isinstance(text, str):
                return None
        elif not text.endswith("\ufffd"):
            self._seen_raw = text_raw[:-1]
        return self._compare(text)

    def take_held(self) -> TextAdded | None:
        """Return the U+FFFD held back at the end of the text; call this when the reply is over."""
        held, self._held = self._held, ""
        return self._add(held)

    def _add(self, added: str) -> TextAdded | None:
        if not added:
            return None
        self._seen.append(added)
        return TextAdded(added)

    def _compare(self, text: str) -> TextAdded | TextReplaced | None:
        """Return the change to this text; a trailing replacement character waits for the next event.

        A service that splits its text within a character sends U+FFFD or half a surrogate pair there, and the
        character one event later, which would look like a rewritten reply.
        """
        whole = text
        text = whole.rstrip("\ufffd")
        self._held = whole[len(text) :]
        seen = "".join(self._seen)
        self._seen = [seen]
        if text.startswith(seen):
            return self._add(text[len(seen) :])
        self._seen = [text]
        return TextReplaced(text)


def _text_or_none(raw: bytes) -> str | None:
    """Return the text of one JSON string, or None if the bytes are anything else."""
    try:
        return _decode_text(raw)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return None
