"""aichat's session files: YAML with `model`, `compressed_messages` and `messages`, without times."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

from gptalk_client.store.imported import ImportedConversation
from gptalk_client.transcripts.importers.message_list import conversation_of, joined_parts
from gptalk_client.transcripts.importers.source import Skipped, SourceFile, digest, list_of, text_of

_MAX_BYTES = 64 * 1024 * 1024
_MAX_DEPTH = 40


def read(source: SourceFile, skipped: Skipped) -> Iterator[ImportedConversation]:
    """Yield the one conversation of a session."""
    with source.opened() as file:
        data = file.read(_MAX_BYTES + 1)
    if len(data) > _MAX_BYTES:
        raise source.broken(f"no session is larger than {_MAX_BYTES >> 20} MB")
    session = _load(data.decode("utf-8-sig", "replace"), source)
    if not isinstance(session, dict) or not isinstance(session.get("messages"), list | None):
        raise source.broken("a session with messages was expected")
    given = [*list_of(session.get("compressed_messages")), *list_of(session.get("messages"))]
    told = [
        (text_of(each.get("role")), joined_parts(each.get("content"), skipped))
        for each in given
        if isinstance(each, dict)
    ]
    name = source.name.rpartition(".")[0] or source.name
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


def _load(text: str, source: SourceFile) -> Any:
    """Return a YAML document whose plain scalars are texts, except for null.

    Whatever aichat doesn't write is refused: aliases, with which a small file can fill the memory, tags, and deep
    nesting.
    """
    import yaml  # only this importer needs it

    base = yaml.CSafeLoader if yaml.__with_libyaml__ else yaml.SafeLoader

    class Loader(base):  # type: ignore[valid-type, misc]
        # By YAML 1.1 the message `12:30:00` would be a number.
        yaml_implicit_resolvers: ClassVar[dict[str, Any]] = {
            first: [(tag, pattern) for tag, pattern in resolvers if tag == "tag:yaml.org,2002:null"]
            for first, resolvers in base.yaml_implicit_resolvers.items()
        }

    depth = 0
    try:
        for event in yaml.parse(text, Loader=base):
            if isinstance(event, yaml.CollectionStartEvent | yaml.CollectionEndEvent):
                depth += 1 if isinstance(event, yaml.CollectionStartEvent) else -1
            if isinstance(event, yaml.AliasEvent) or getattr(event, "tag", None) not in (None, "!"):
                refusal = "aliases and tags aren't supported"
            elif depth > _MAX_DEPTH:
                refusal = "it is nested too deep"
            else:
                continue
            line = event.start_mark.line + 1 if event.start_mark else 0
            raise source.broken(f"line {line}: {refusal}")
        return yaml.load(text, Loader=Loader)
    except yaml.MarkedYAMLError as err:
        place = f"line {err.problem_mark.line + 1}: " if err.problem_mark else ""
        raise source.broken(f"{place}{err.problem}") from err
    except yaml.YAMLError as err:
        raise source.broken(f"it is not YAML: {err}") from err
