"""Imports of files that were made to hang the program, to fill its memory, or to break it: refused in words."""

from __future__ import annotations

import json
import os
import tracemalloc
import zipfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from gptalk_client.config_file import read_file
from gptalk_client.errors import TranscriptError
from gptalk_client.settings import Settings
from gptalk_client.store.store import Store
from gptalk_client.transcripts.importers import aichat, own_json
from gptalk_client.transcripts.importing import import_path
from gptalk_client.transcripts.sources import SOURCES
from support.command_line import run_process
from support.limits import run_limited

posix_only = pytest.mark.skipif(os.name != "posix", reason="limits and named pipes as POSIX has them")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(tmp_path / "store" / "conversations.db") as store:
        yield store


def a_silent_chain(count: int) -> str:
    """A ChatGPT conversation that is one long branch of nodes without a message."""
    nodes = {f"n{at}": {"parent": f"n{at - 1}", "children": [f"n{at + 1}"]} for at in range(count)}
    return json.dumps([{"id": "i", "mapping": nodes}])


def a_silent_chain_backwards(count: int) -> str:
    """The same, but its root names all nodes as its children, the last first."""
    nodes = {f"n{at}": {"parent": f"n{at - 1}", "children": list[str]()} for at in range(count)}
    nodes["n0"]["children"] = [f"n{at}" for at in range(count - 1, 0, -1)]
    return json.dumps([{"id": "i", "mapping": nodes}])


def an_empty_chain(count: int) -> str:
    """A Claude conversation that is one long branch of empty messages, with many that answer the last of them."""
    messages = [{"uuid": f"m{at}", "sender": "human", "text": ""} for at in range(count)]
    last = {"parent_message_uuid": f"m{count - 1}", "sender": "human", "text": "hi"}
    messages += [last | {"uuid": f"r{at}"} for at in range(count // 15)]
    return json.dumps([{"uuid": "u", "chat_messages": messages}])


LARGE: dict[str, Callable[[], str]] = {
    "a key without a colon": lambda: "messages:\n  - a" + " " * 300_000 + "b",
    "a dash without a colon": lambda: "messages:\n  -" + " " * 300_000 + "b",
    "a value without a comment": lambda: "messages:\nmodel: a" + " " * 300_000 + "b",
    "quotes without an end": lambda: "messages:\n- '" + "''" * 300_000,
    "a key of quotes": lambda: "messages:\n'" + "''" * 300_000 + "' " + " " * 300_000 + "b",
    "nodes without a message": lambda: a_silent_chain(40_000),
    "nodes in the wrong order": lambda: a_silent_chain_backwards(40_000),
    "messages without a text": lambda: an_empty_chain(60_000),
}


@posix_only
@pytest.mark.parametrize("content", LARGE.values(), ids=LARGE)
def test_the_time_grows_with_the_file_and_not_with_its_square(
    tmp_path: Path, content: Callable[[], str]
) -> None:
    file = tmp_path / "session.yaml"
    file.write_text(content())
    done = run_limited("import", "--dry-run", str(file))
    assert done.code in (0, 1), done
    assert "Traceback" not in done.err
    assert done.out.startswith("session.yaml: ") or "Nothing was imported" in done.err


BLANKS = " " * (16 << 20)


@pytest.mark.parametrize(
    "content",
    [
        BLANKS + '[{"mapping": {}}]',
        "[" + BLANKS + '{"mapping": {}}]',
        '[{"mapping": {}}' + BLANKS + ',{"mapping": {}}]',
        '[{"mapping": {}},' + BLANKS + '{"mapping": {}}]',
        '[{"mapping": {}}]' + BLANKS,
        "[" + BLANKS,
    ],
    ids=["before", "after the bracket", "before the comma", "after the comma", "behind", "and no end"],
)
def test_white_space_is_neither_kept_nor_looked_at_again(store: Store, tmp_path: Path, content: str) -> None:
    file = tmp_path / "conversations.json"
    file.write_text(content)
    tracemalloc.start()
    try:
        with suppress(TranscriptError):
            import_path(store, file, "chatgpt")
        _, peak_bytes = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak_bytes < 8 << 20


def a_zip(path: Path, content: str) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("conversations.json", content)
    return path


def test_an_archive_that_unpacks_to_very_much_more_is_refused(store: Store, tmp_path: Path) -> None:
    bomb = a_zip(tmp_path / "export.zip", "[" + BLANKS * 2)
    assert bomb.stat().st_size < 1 << 16
    with pytest.raises(TranscriptError, match="unpacks to more than 200 times its size"):
        import_path(store, bomb)


def test_an_archive_of_many_like_messages_is_still_taken(store: Store, tmp_path: Path) -> None:
    message = {"sender": "human", "text": "The same again, and again. " * 20}
    export = [{"uuid": "u", "chat_messages": [message | {"uuid": str(at)} for at in range(2000)]}]
    assert import_path(store, a_zip(tmp_path / "export.zip", json.dumps(export))).messages == 2000


def test_an_archive_that_is_damaged_anywhere_is_refused_or_read(store: Store, tmp_path: Path) -> None:
    export = [{"uuid": "u", "chat_messages": [{"uuid": "m", "sender": "human", "text": "hello " * 50}]}]
    whole = a_zip(tmp_path / "whole.zip", json.dumps(export)).read_bytes()
    damaged = tmp_path / "damaged.zip"
    refused = 0
    for at in range(len(whole)):
        for change in (0xFF, 0x01):
            damaged.write_bytes(whole[:at] + bytes([whole[at] ^ change]) + whole[at + 1 :])
            refused += 1
            with suppress(TranscriptError):
                import_path(store, damaged, "claude", dry_run=True)
                refused -= 1
    assert refused > len(whole)


def test_what_has_to_be_read_as_a_whole_is_bounded(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "all.json"
    file.write_text(json.dumps({"conversations": [], "version": 1, "format": "gptalk-tui"}))
    assert import_path(store, file).found == 0
    monkeypatch.setattr(own_json, "MAX_WHOLE_BYTES", 32)
    with pytest.raises(TranscriptError, match="changed the order"):
        import_path(store, file)


def test_a_session_that_is_too_large_is_not_cut(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "session.yaml"
    file.write_text("messages:\n- role: user\n  content: hello\n- role: assistant\n  content: and so on\n")
    assert import_path(store, file).messages == 2
    monkeypatch.setattr(aichat, "_MAX_BYTES", 45)
    with pytest.raises(TranscriptError, match="no session is larger"):
        import_path(store, file)


@pytest.mark.parametrize("value", ["5", "true", "text", "{}"])
@pytest.mark.parametrize("key", ["compressed_messages", "messages", "model"])
def test_a_session_of_odd_values_is_refused_or_read(
    store: Store, tmp_path: Path, key: str, value: str
) -> None:
    session = {"model": "m", "messages": "\n- role: user\n  content: hello", "compressed_messages": "[]"}
    file = tmp_path / "session.yaml"
    file.write_text("\n".join(f"{name}: {each}" for name, each in (session | {key: value}).items()))
    if key == "messages":
        with pytest.raises(TranscriptError, match="a session with messages"):
            import_path(store, file, "aichat")
    else:
        assert import_path(store, file, "aichat").messages == 1


@posix_only
@pytest.mark.parametrize("source", ["auto", *SOURCES])
def test_pipe_is_refused_without_waiting(store: Store, tmp_path: Path, source: str) -> None:
    os.mkfifo(tmp_path / "export.json")
    with pytest.raises(TranscriptError, match="a named pipe, not a file"):
        import_path(store, tmp_path / "export.json", source)


@posix_only
@pytest.mark.parametrize("words", ["import", "config check --config", "config show --config"])
def test_the_command_line_does_not_wait_for_a_pipe(tmp_path: Path, words: str) -> None:
    os.mkfifo(tmp_path / "pipe")
    done = run_process(*words.split(), str(tmp_path / "pipe"))
    assert done.code in (1, 2)
    assert "a named pipe, not a file" in done.err
    assert "Traceback" not in done.err


def test_the_null_device_is_an_empty_config_file(tmp_path: Path) -> None:
    assert read_file(Path(os.devnull)) == (Settings(), [])
