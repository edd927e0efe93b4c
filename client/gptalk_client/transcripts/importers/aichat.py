"""aichat's session files: YAML with `model`, `compressed_messages` and `messages`, without times."""

from __future__ import annotations

from collections.abc import Iterator

from gptalk_client.store.imports import ImportedConversation
from gptalk_client.transcripts.importers.message_list import conversation_of, joined_parts
from gptalk_client.transcripts.importers.source import Skipped, SourceFile, digest, list_of, text_of
from gptalk_client.transcripts.importers.yaml_subset import YamlError, parse

_MAX_BYTES = 64 * 1024 * 1024


def read(source: SourceFile, skipped: Skipped) -> Iterator[ImportedConversation]:
    """Yield the one conversation of a session."""
    with source.opened() as file:
        data = file.read(_MAX_BYTES + 1)
    if len(data) > _MAX_BYTES:
        raise source.broken(f"no session has more than {_MAX_BYTES >> 20} MB")
    text = data.decode("utf-8", "replace")
    try:
        session = parse(text)
    except YamlError as err:
        raise source.broken(str(err)) from err
    if not isinstance(session, dict) or not isinstance(session.get("messages"), list | None):
        raise source.broken("a session with messages was expected")
    given = [*list_of(session.get("compressed_messages")), *list_of(session.get("messages"))]
    told = [
        (text_of(each.get("role")), joined_parts(each.get("content"), skipped))
        for each in given
        if isinstance(each, dict)
    ]
    name = source.path.stem
    first = next((text for _, text in told), "")
    if found := conversation_of(
        told,
        source.modified_ms,
        skipped,
        # A session is known by its file's name; the first words tell two of one name apart.
        source_id=f"{name}:{digest(first)[:16]}",
        title=name,
        model=text_of(session.get("model")),
    ):
        yield found
