"""Our own JSON: the same conversations again, with ids, branches, statuses and times."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Annotated, Any, TypeAlias

import msgspec

from gptalk_client.errors import TranscriptError
from gptalk_client.json_decoding import JsonError, decode
from gptalk_client.models import ReplyFacts, Role, Status, Usage
from gptalk_client.store.imported import ImportedConversation, ImportedMessage
from gptalk_client.transcripts.exporters.own_json import FORMAT, VERSION
from gptalk_client.transcripts.importers.json_stream import elements_after
from gptalk_client.transcripts.importers.source import Skipped, SourceFile, ms_of_iso

MAX_WHOLE_BYTES = 64 * 1024 * 1024
"""A file that another program has rewritten is read as a whole, up to this size; our own exports have no limit."""
_HEAD_BYTES = 4096
_HEAD = re.compile(
    rb'(?:\xef\xbb\xbf)?\s*\{\s*"format"\s*:\s*"gptalk-tui"\s*,\s*"version"\s*:\s*(\d+)\s*,\s*"conversations"\s*:\s*'
)


_Count: TypeAlias = Annotated[int, msgspec.Meta(ge=0, lt=2**53)]


class _Usage(msgspec.Struct):
    prompt_tokens: _Count | None = None
    completion_tokens: _Count | None = None
    reasoning_tokens: _Count | None = None


class _Message(msgspec.Struct):
    id: str
    role: Role
    content: str
    status: Status
    created_at: str
    parent_id: str | None = None
    model: str = ""
    provider: str = ""
    error: str = ""
    reasoning: str = ""
    finish_reason: str = ""
    usage: _Usage | None = None
    first_text_ms: _Count | None = None
    reasoning_ms: _Count | None = None
    duration_ms: _Count | None = None
    edited: bool = False


class _Conversation(msgspec.Struct):
    id: str
    title: str
    created_at: str
    updated_at: str
    messages: list[_Message]
    system_prompt: str = ""
    model: str = ""
    provider: str = ""
    active_message_id: str | None = None
    options: dict[str, Any] = {}
    archived: bool = False
    pinned: bool = False
    tags: list[str] = []
    changed_at: dict[str, str] | None = None


def read(source: SourceFile, skipped: Skipped) -> Iterator[ImportedConversation]:
    """Yield the conversations of an export.

    Raises:
        TranscriptError: It is broken, or a later version wrote it.
    """
    for data in _objects(source):
        try:
            found = msgspec.convert(data, _Conversation)
        except msgspec.ValidationError as err:
            name = data.get("id") if isinstance(data, dict) else None
            raise source.broken(f"conversation {name!r}: {err}") from err
        yield _imported(found)


def _objects(source: SourceFile) -> Iterator[Any]:
    with source.opened() as file:
        head = file.read(_HEAD_BYTES)
        if match := _HEAD.match(head):
            _check_version(source, int(match[1]))
            yield from elements_after(source, file, head, match.end(), rb"\s*\}\s*")
            return
        # Another program has changed the order of the members, so it has to be read as a whole.
        whole = head + file.read(MAX_WHOLE_BYTES)
        if len(whole) > MAX_WHOLE_BYTES:
            size = f"{MAX_WHOLE_BYTES >> 20} MB"
            raise source.broken(
                f"another program has changed the order of its members, and it is larger than {size}"
            )
        try:
            data = decode(whole)
        except JsonError as err:
            raise source.broken(f"it is not JSON: {err}") from err
    if not isinstance(data, dict) or data.get("format") != FORMAT:
        raise source.broken("this program didn't write it")
    _check_version(source, data.get("version"))
    if not isinstance(data.get("conversations"), list):
        raise source.broken("a list of conversations was expected")
    yield from data["conversations"]


def _check_version(source: SourceFile, version: object) -> None:
    if version not in range(1, VERSION + 1):
        raise TranscriptError(
            f"{source.label} is of version {version!r}; this program reads versions 1 to {VERSION}.",
            hint="Update gptalk-tui.",
        )


def _imported(found: _Conversation) -> ImportedConversation:
    created = ms_of_iso(found.created_at, 0)
    return ImportedConversation(
        source_id=found.id,
        title=found.title,
        created_at_ms=created,
        updated_at_ms=ms_of_iso(found.updated_at, created),
        messages=[
            ImportedMessage(
                each.id,
                each.parent_id,
                each.role,
                each.content,
                ms_of_iso(each.created_at, created),
                each.status,
                each.model,
                error=each.error,
                reasoning=each.reasoning,
                provider=each.provider,
                facts=_facts(each),
            )
            for each in found.messages
        ],
        system_prompt=found.system_prompt,
        model=found.model,
        provider=found.provider,
        active_source_id=found.active_message_id,
        options=found.options,
        archived=found.archived,
        pinned=found.pinned,
        tags=found.tags,
        changed_at_ms=None
        if found.changed_at is None
        else {field: ms_of_iso(at, 0) for field, at in found.changed_at.items()},
    )


def _facts(message: _Message) -> ReplyFacts:
    given = message.usage
    usage = Usage(given.prompt_tokens, given.completion_tokens, given.reasoning_tokens) if given else None
    return ReplyFacts(
        message.finish_reason,
        usage,
        message.first_text_ms,
        message.reasoning_ms,
        message.duration_ms,
        message.edited,
    )
