"""Imports of files that are well formed and make no sense: taken in or refused in words, and never a crash."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import pytest

from gptalk_client.errors import GptalkError
from gptalk_client.models import LATEST_MS, Conversation, iso_utc
from gptalk_client.store.store import Store
from gptalk_client.transcripts.formats import FORMATS
from gptalk_client.transcripts.importing import import_path
from gptalk_client.transcripts.transcript import Transcript
from support.exhaustive import a_share

TOO_LATE, TOO_EARLY = "9999-12-31T23:59:59-14:00", "0001-01-01T00:00:00+14:00"
GOOD_TIME = "2024-01-01T00:00:00Z"
GOOD_MS = 1_704_067_200_000

ODD_VALUES = (
    None, True, 0, -1, 5, 1e308, 10**30, -(10**18), 9.9e10, 1e11 - 1, "", "x", "\x00\x1b[2J\x7f", TOO_LATE,
    TOO_EARLY, [], [1], {}, {"a": 1}, [[]], [None], "9" * 5000, "\ud800", [{}],
)  # fmt: skip

SOUND: dict[str, Any] = {
    "chatgpt": [
        {
            "id": "i",
            "title": "t",
            "create_time": 1.0,
            "update_time": 2.0,
            "current_node": "b",
            "default_model_slug": "m",
            "is_archived": False,
            "mapping": {
                "a": {
                    "parent": None,
                    "children": ["b"],
                    "message": {
                        "author": {"role": "user"},
                        "content": {"content_type": "text", "parts": ["hi", {"text": "y"}]},
                        "create_time": 1.0,
                        "metadata": {"model_slug": "x"},
                        "recipient": "all",
                    },
                },
                "b": {
                    "parent": "a",
                    "children": [],
                    "message": {
                        "author": {"role": "assistant"},
                        "content": {"content_type": "code", "text": "c", "language": "py"},
                        "create_time": 2.0,
                    },
                },
                "c": {
                    "parent": "a",
                    "children": [],
                    "message": {
                        "author": {"role": "assistant"},
                        "content": {"content_type": "thoughts", "thoughts": [{"content": "q"}]},
                    },
                },
            },
        }
    ],
    "claude": [
        {
            "uuid": "u",
            "name": "n",
            "created_at": GOOD_TIME,
            "updated_at": GOOD_TIME,
            "model": "m",
            "current_leaf_message_uuid": "q",
            "chat_messages": [
                {
                    "uuid": "p",
                    "sender": "human",
                    "text": "hi",
                    "created_at": GOOD_TIME,
                    "attachments": [],
                    "files": [1],
                },
                {
                    "uuid": "q",
                    "parent_message_uuid": "p",
                    "sender": "assistant",
                    "content": [{"type": "text", "text": "yo"}],
                },
            ],
        }
    ],
    "sharegpt": [
        {"id": "s", "conversations": [{"from": "human", "value": "a"}, {"from": "gpt", "value": "b"}]}
    ],
    "openai-jsonl": {
        "messages": [
            {"role": "user", "content": "a"},
            {"role": "assistant", "content": [{"type": "text", "text": "b"}]},
        ]
    },
    "gptalk-tui": {
        "format": "gptalk-tui",
        "version": 1,
        "conversations": [
            {
                "id": "a" * 32,
                "title": "t",
                "created_at": GOOD_TIME,
                "updated_at": GOOD_TIME,
                "system_prompt": "s",
                "model": "m",
                "provider": "gptalk",
                "active_message_id": "b" * 32,
                "messages": [
                    {
                        "id": "b" * 32,
                        "parent_id": None,
                        "role": "user",
                        "content": "hi",
                        "status": "complete",
                        "model": "m",
                        "created_at": GOOD_TIME,
                    }
                ],
            }
        ],
    },
}
"""A small file of each JSON format."""


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(tmp_path / "store" / "conversations.db") as store:
        yield store


def everything(store: Store) -> list[Conversation]:
    return store.conversations() + store.conversations(archived=True)


def read_all(store: Store) -> int:
    """Do with every conversation what lists, searches and exports do; return how many there are."""
    found = everything(store)
    for conversation in found:
        assert 0 <= conversation.created_at_ms <= LATEST_MS
        assert iso_utc(conversation.updated_at_ms).endswith("Z")
        transcript = Transcript(conversation, store.messages(conversation.id))
        for form in FORMATS.values():
            "".join(form.export([transcript], all_branches=True)).encode()
        assert all(0 <= each.created_at_ms <= LATEST_MS for each in store.branch(conversation.id))
    assert all(0 <= each.created_at_ms <= LATEST_MS for each in store.search("hi"))
    return len(found)


def paths_of(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    yield path
    if isinstance(value, dict | list):
        for key, each in value.items() if isinstance(value, dict) else enumerate(value):
            yield from paths_of(each, (*path, key))


def replaced(value: Any, path: tuple[str | int, ...], by: Any) -> Any:
    if not path:
        return by
    value = json.loads(json.dumps(value))
    inner = value
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = by
    return value


@pytest.mark.parametrize("source", SOUND)
def test_no_value_in_any_place_is_more_than_an_error_in_words(
    store: Store, tmp_path: Path, source: str
) -> None:
    cases = [(path, odd) for path in paths_of(SOUND[source]) for odd in ODD_VALUES]
    file = tmp_path / "odd.json"
    taken = 0
    for path, odd in a_share(cases, 7):
        file.write_text(json.dumps(replaced(SOUND[source], path, odd)) + "\n")
        try:
            with suppress(GptalkError):
                import_path(store, file, source)
            taken += read_all(store)
        except Exception as err:
            raise AssertionError(f"{odd!r} at {path}") from err
        for conversation in everything(store):
            store.trash_conversation(conversation.id)
        store.purge_trash()
    assert taken  # some of them do make sense


def an_export(source: str, time: str, file: Path) -> Path:
    """Write a file of a source with the time in every place that takes one."""
    if source == "llm":
        with closing(sqlite3.connect(file)) as con:
            con.executescript(
                "CREATE TABLE conversations (id TEXT, name TEXT, model TEXT);"
                "CREATE TABLE responses (id TEXT, model TEXT, prompt TEXT, system TEXT, response TEXT,"
                " datetime_utc TEXT, conversation_id TEXT);"
                "INSERT INTO conversations VALUES ('c', 'n', 'm');"
            )
            con.execute("INSERT INTO responses VALUES ('r', 'm', 'hi', '', 'yo', ?, 'c')", (time,))
            con.commit()
        return file
    file.write_text(json.dumps(SOUND[source]).replace(GOOD_TIME, time))
    return file


@pytest.mark.parametrize("time", [TOO_LATE, TOO_EARLY, "1969-12-31T23:59:59Z", "9999-01-01T00:00:00Z"])
@pytest.mark.parametrize("source", ["gptalk-tui", "claude", "llm"])
def test_time_beyond_every_calendar_is_ignored(store: Store, tmp_path: Path, source: str, time: str) -> None:
    file = an_export(source, time, tmp_path / "export")
    assert import_path(store, file).added == 1
    assert read_all(store) == 1
    (found,) = everything(store)
    file_ms = int(file.stat().st_mtime * 1000)
    assert found.created_at_ms == (0 if source == "gptalk-tui" else file_ms)


@pytest.mark.parametrize("time", ["1970-01-01T00:00:00Z", "9998-12-31T23:59:59.999Z"])
def test_the_first_and_the_last_time_are_kept(store: Store, tmp_path: Path, time: str) -> None:
    assert import_path(store, an_export("gptalk-tui", time, tmp_path / "export")).added == 1
    (found,) = everything(store)
    assert iso_utc(found.created_at_ms)[:19] == time[:19]


@pytest.mark.parametrize("time", [2**62, -(2**62), 253_402_300_799_999, 1.5e300, -1.5, "long ago", b"\xff"])
def test_store_with_impossible_times_is_read(store: Store, tmp_path: Path, time: object) -> None:
    import_path(store, an_export("gptalk-tui", GOOD_TIME, tmp_path / "export"))
    with closing(sqlite3.connect(store.path)) as con:
        con.execute("UPDATE conversation SET created_at_ms = ?, updated_at_ms = ?", (time, time))
        con.execute("UPDATE message SET created_at_ms = ?", (time,))
        con.commit()
    assert read_all(store) == 1
    assert [each.conversation_id for each in store.search("hi")]


@pytest.mark.parametrize("time_ms", [-1, -(10**20), LATEST_MS + 1, 10**20])
def test_any_time_can_be_formatted(time_ms: int) -> None:
    assert iso_utc(time_ms) in ("1970-01-01T00:00:00.000Z", "9998-12-31T23:59:59.999Z")
