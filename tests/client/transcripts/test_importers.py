"""Imports: what each source becomes, what is left out, and that the same file twice changes nothing."""

from __future__ import annotations

import errno
import json
import sqlite3
import zipfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import IO, Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gptalk_client.errors import StoreError, TranscriptError
from gptalk_client.models import Conversation, Message, Status
from gptalk_client.store.store import Store
from gptalk_client.transcripts.formats import FORMATS
from gptalk_client.transcripts.importers import aichat, json_stream
from gptalk_client.transcripts.importers.source import Skipped, SourceFile
from gptalk_client.transcripts.importing import ImportReport, import_path
from gptalk_client.transcripts.transcript import Transcript, active_branch, read_transcript


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(tmp_path / "store" / "conversations.db") as store:
        yield store


def only(store: Store) -> tuple[Conversation, list[Message]]:
    """Return the one conversation there is, and the texts of the branch that is open."""
    (found,) = store.conversations() + store.conversations(archived=True)
    return found, active_branch(Transcript(found, store.messages(found.id)))


def told(messages: list[Message]) -> list[tuple[str, str]]:
    return [(each.role.value, each.content) for each in messages]


def take_in(store: Store, path: Path, name: str) -> ImportReport:
    """Import by detection, check that it was detected, and that a second time changes nothing."""
    report = import_path(store, path)
    assert [each.name for each in report.sources] == [name]
    again = import_path(store, path)
    assert (again.added, again.updated, again.unchanged) == (0, 0, report.found)
    return report


def a_node(key: str, parent: str | None, role: str = "", *parts: Any, **more: Any) -> dict[str, Any]:
    message = {
        "id": key,
        "author": {"role": role},
        "create_time": 1_700_000_000.5,
        "content": {"content_type": "text", "parts": list(parts)},
        "metadata": {"model_slug": "gpt-4o"} if role == "assistant" else {},
        "recipient": "all",
    } | more
    return {"id": key, "parent": parent, "children": [], "message": message if role else None}


def a_chatgpt_export(*nodes: dict[str, Any], current: str, **more: Any) -> dict[str, Any]:
    mapping = {node["id"]: node for node in nodes}
    for node in nodes:
        if node["parent"] in mapping:
            mapping[node["parent"]]["children"].append(node["id"])
    return {
        "id": "conv-1",
        "title": "Травел",
        "create_time": 1_700_000_000.0,
        "update_time": 1_700_000_100.25,
        "current_node": current,
        "mapping": mapping,
    } | more


CHATGPT = a_chatgpt_export(
    a_node("root", None),
    a_node("sys", "root", "system", ""),
    a_node("u1", "sys", "user", "Where to?"),
    a_node("call", "u1", "assistant", "search()", recipient="browser"),
    a_node("tool", "call", "tool", "results"),
    a_node("a1", "tool", "assistant", "To Rome."),
    a_node("a2", "u1", "assistant", "To Oslo."),
    a_node("u2", "a1", "user", {"content_type": "image_asset_pointer"}, "And this picture?"),
    a_node(
        "code",
        "u2",
        "assistant",
        content={"content_type": "code", "language": "python", "text": "print('`')"},
    ),
    a_node("run", "code", "tool", content={"content_type": "execution_output", "text": "`\n"}),
    a_node(
        "think", "run", "assistant", content={"content_type": "thoughts", "thoughts": [{"content": "Hm."}]}
    ),
    a_node("a3", "think", "assistant", "Nice."),
    current="a3",
)


@pytest.mark.parametrize("kind", ["json", "zip"])
def test_chatgpt(store: Store, tmp_path: Path, kind: str) -> None:
    path = tmp_path / f"export.{kind}"
    data = json.dumps([CHATGPT, {"id": "x"}])
    if kind == "zip":
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("chat.html", "<html>")
            archive.writestr("conversations.json", data)
    else:
        path.write_text(data, encoding="utf-8")
    report = take_in(store, path, "chatgpt")
    found, branch = only(store)
    assert (found.title, found.model, found.created_at_ms, found.updated_at_ms) == (
        "Травел", "gpt-4o", 1_700_000_000_000, 1_700_000_100_250,
    )  # fmt: skip
    assert told(branch) == [
        ("user", "Where to?"),
        ("assistant", "To Rome."),
        ("user", "And this picture?"),
        ("assistant", "```python\nprint('`')\n```"),
        ("assistant", "```\n`\n```"),
        ("assistant", "Nice."),
    ]
    assert branch[0].created_at_ms == 1_700_000_000_500
    everything = store.messages(found.id)
    assert [each.content for each in everything if each.parent_id == branch[0].id] == ["To Rome.", "To Oslo."]
    assert report.skipped == {
        "a call of a tool": 1,
        "what a tool returned": 1,
        "an image, a sound or a file": 1,
        "a conversation without messages": 1,
    }


def test_chatgpt_trees_that_are_broken_lose_nothing_and_do_not_hang(store: Store, tmp_path: Path) -> None:
    path = tmp_path / "conversations.json"
    data = a_chatgpt_export(
        a_node("a", "b", "user", "one"), a_node("b", "a", "assistant", "two"),
        a_node("c", "gone", "user", "three"),
        current="nowhere", conversation_id="other", create_time=None, update_time="x",
    )  # fmt: skip
    data["mapping"]["junk"] = 5
    path.write_text(json.dumps([data]))
    take_in(store, path, "chatgpt")
    found, _ = only(store)
    assert sorted(each.content for each in store.messages(found.id)) == ["one", "three", "two"]


def test_a_longer_export_adds_to_what_is_there(store: Store, tmp_path: Path) -> None:
    path = tmp_path / "conversations.json"
    path.write_text(json.dumps([CHATGPT]))
    import_path(store, path)
    longer = json.loads(json.dumps(CHATGPT))
    longer["mapping"]["u3"] = a_node("u3", "a3", "user", "More?")
    longer["current_node"] = "u3"
    path.write_text(json.dumps([longer]))
    report = import_path(store, path)
    assert (report.added, report.updated) == (0, 1)
    assert told(only(store)[1])[-1] == ("user", "More?")


def test_claude(store: Store, tmp_path: Path) -> None:
    path = tmp_path / "conversations.json"
    nowhere = "00000000-0000-4000-8000-000000000000"
    messages = [
        {"uuid": "m1", "sender": "human", "text": "Hi", "content": [{"type": "text", "text": "Hi"}],
         "created_at": "2025-01-01T10:00:00.5+00:00", "parent_message_uuid": nowhere},
        {"uuid": "m2", "sender": "assistant", "text": "old shape", "created_at": "2025-01-01T10:00:01Z",
         "parent_message_uuid": "m1", "attachments": [{}]},
        {"uuid": "m3", "sender": "assistant", "text": "", "parent_message_uuid": "m1", "content": [
            {"type": "thinking", "thinking": "…"}, {"type": "text", "text": "Hello"},
            {"type": "text", "text": "there"}]},
        {"uuid": "m4", "sender": "human", "text": "", "content": [{"type": "tool_result"}],
         "parent_message_uuid": "m3"},
        {"uuid": "m5", "sender": "human", "text": "Bye", "parent_message_uuid": "m4"},
    ]  # fmt: skip
    data = [
        {"uuid": "c1", "name": "Greeting", "created_at": "2025-01-01T10:00:00Z",
         "updated_at": "2025-01-02T10:00:00Z",
         "chat_messages": messages, "current_leaf_message_uuid": "m5"},
    ]  # fmt: skip
    path.write_text(json.dumps(data))
    report = take_in(store, path, "claude")
    found, branch = only(store)
    assert told(branch) == [("user", "Hi"), ("assistant", "Hello\n\nthere"), ("user", "Bye")]
    assert (found.title, found.created_at_ms, branch[0].created_at_ms) == (
        "Greeting", 1_735_725_600_000, 1_735_725_600_500,
    )  # fmt: skip
    assert found.message_count == 4
    assert report.skipped == {
        "a part of type tool_result": 1, "an empty message": 1,
        "the content of an attachment, which the export doesn't include": 1,
    }  # fmt: skip


def test_openai_jsonl(store: Store, tmp_path: Path) -> None:
    path = tmp_path / "chats.jsonl"
    rows = [
        {"messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hi"},
                      {"role": "assistant", "content": [{"type": "text", "text": "Hey"}, {"type": "image_url"}]},
                      {"role": "tool", "content": "x"}]},
        {"messages": []},
    ]  # fmt: skip
    path.write_text("\ufeff" + "\n\n".join(map(json.dumps, rows)) + "\n", encoding="utf-8")
    report = take_in(store, path, "openai-jsonl")
    found, branch = only(store)
    assert (found.system_prompt, found.title, told(branch)) == (
        "Be brief.",
        "Hi",
        [("user", "Hi"), ("assistant", "Hey")],
    )
    assert report.skipped == {
        "an image, a sound or a file": 1, "a message of an unknown role": 1, "a conversation without messages": 1,
    }  # fmt: skip


@pytest.mark.parametrize("as_list", [True, False])
def test_sharegpt(store: Store, tmp_path: Path, as_list: bool) -> None:
    path = tmp_path / "sharegpt.json"
    row = {"id": "abc", "conversations": [{"from": "human", "value": "Hi"}, {"from": "gpt", "value": "Hey"}]}
    path.write_text(json.dumps([row]) if as_list else json.dumps(row) + "\n")
    take_in(store, path, "sharegpt")
    assert told(only(store)[1]) == [("user", "Hi"), ("assistant", "Hey")]


def database(path: Path, script: str) -> Path:
    with closing(sqlite3.connect(path)) as con:
        con.executescript(script)
    return path


def test_elia(store: Store, tmp_path: Path) -> None:
    path = database(
        tmp_path / "elia.sqlite",
        """
        CREATE TABLE chat (id INTEGER PRIMARY KEY, model TEXT, title TEXT, started_at TEXT, archived INTEGER);
        CREATE TABLE message (id INTEGER PRIMARY KEY, chat_id INTEGER, role TEXT, content TEXT, timestamp TEXT,
            meta TEXT, parent_id INTEGER, model TEXT);
        INSERT INTO chat VALUES (1, 'gpt-4', 'Sky', '2024-05-01 10:00:00.5', 1), (2, 'x', NULL, NULL, 0);
        INSERT INTO message VALUES (1, 1, 'system', 'Be kind.', '2024-05-01 10:00:00', '{}', NULL, 'gpt-4'),
            (2, 1, 'user', 'Why blue?', '2024-05-01 10:00:01', '{}', NULL, 'gpt-4'),
            (3, 1, 'assistant', 'Scattering.', '2024-05-01 10:00:02', '{}', NULL, 'gpt-4');
        """,
    )
    report = take_in(store, path, "elia")
    found, branch = only(store)
    assert (found.title, found.system_prompt, found.archived) == ("Sky", "Be kind.", True)
    assert told(branch) == [("user", "Why blue?"), ("assistant", "Scattering.")]
    assert [each.created_at_ms for each in branch] == [1_714_557_601_000, 1_714_557_602_000]
    assert report.skipped == {"a conversation without messages": 1}


def test_oterm(store: Store, tmp_path: Path) -> None:
    path = database(
        tmp_path / "store.db",
        """
        CREATE TABLE chat (id INTEGER PRIMARY KEY, name TEXT, model TEXT, system TEXT, provider TEXT, parameters
        TEXT,
            tools TEXT, thinking INTEGER);
        CREATE TABLE message (id INTEGER PRIMARY KEY, chat_id INTEGER, author TEXT, text TEXT, images TEXT);
        INSERT INTO chat VALUES (1, 'Sky', 'llama3', 'Be kind.', 'ollama', '{}', '[]', 0);
        INSERT INTO message VALUES (1, 1, 'user', 'Why blue?', '["x"]'), (2, 1, 'assistant', 'Scattering.', '[]');
        """,
    )
    report = take_in(store, path, "oterm")
    found, branch = only(store)
    assert (found.title, found.system_prompt, found.model) == ("Sky", "Be kind.", "llama3")
    assert told(branch) == [("user", "Why blue?"), ("assistant", "Scattering.")]
    assert report.skipped == {"an image, a sound or a file": 1}


def test_llm_of_before_threads(store: Store, tmp_path: Path) -> None:
    path = database(
        tmp_path / "logs.db",
        """
        CREATE TABLE conversations (id TEXT PRIMARY KEY, name TEXT, model TEXT);
        CREATE TABLE responses (id TEXT PRIMARY KEY, model TEXT, prompt TEXT, system TEXT, response TEXT,
            conversation_id TEXT, datetime_utc TEXT);
        INSERT INTO conversations VALUES ('c1', 'Sky', 'gpt-4');
        INSERT INTO responses VALUES ('r1', 'gpt-4', 'Why?', 'Be kind.', 'Because.', 'c1', '2024-05-01T10:00:00'),
            ('r2', 'gpt-4', 'Really?', NULL, 'Yes.', 'c1', '2024-05-01T10:01:00'),
            ('r3', 'gpt-4', 'Alone', NULL, '', NULL, '2024-05-02T10:00:00');
        """,
    )
    report = take_in(store, path, "llm-legacy")
    assert report.found == 2
    sky = store.find_conversation("Sky")
    assert sky.system_prompt == "Be kind."
    assert told(store.branch_messages(sky.id)) == [
        ("user", "Why?"), ("assistant", "Because."), ("user", "Really?"), ("assistant", "Yes."),
    ]  # fmt: skip
    assert report.skipped == {"an empty message": 1}


def test_llm_with_threads(store: Store, tmp_path: Path) -> None:
    path = database(
        tmp_path / "logs.db",
        """
        CREATE TABLE threads (id TEXT, name TEXT, tip_message_hash TEXT, forked_from TEXT, datetime_utc TEXT);
        CREATE TABLE turns (id TEXT, thread_id TEXT, parent_message_hash TEXT, tip_message_hash TEXT, model TEXT);
        CREATE TABLE messages (hash TEXT, parent_hash TEXT, role TEXT);
        CREATE TABLE parts (id INTEGER, message_hash TEXT, position INTEGER, type TEXT, text TEXT, payload TEXT);
        CREATE TABLE fragments (id INTEGER PRIMARY KEY, content TEXT);
        INSERT INTO fragments VALUES (7, 'a long file');
        INSERT INTO threads VALUES ('t1', 'Files', 'h3', NULL, '2025-06-01T10:00:00');
        INSERT INTO turns VALUES ('u1', 't1', NULL, 'h3', 'gpt-5');
        INSERT INTO messages VALUES ('h1', NULL, 'system'), ('h2', 'h1', 'user'), ('h3', 'h2', 'assistant');
        INSERT INTO parts VALUES (1, 'h1', 0, 'text', 'Be kind.', NULL),
            (2, 'h2', 0, 'text', NULL, '{"text_ref": [{"fragment": 7},
                {"literal": " and this"}, {"fragment": 8}]}'),
            (3, 'h3', 1, 'text', 'Second.', NULL), (4, 'h3', 0, 'text', 'First.', NULL),
            (5, 'h3', 2, 'tool_call', '{}', NULL);
        """,
    )
    report = take_in(store, path, "llm")
    found, branch = only(store)
    assert (found.title, found.system_prompt, found.model) == ("Files", "Be kind.", "gpt-5")
    assert told(branch) == [("user", "a long file and this"), ("assistant", "First.\n\nSecond.")]
    assert report.skipped == {"a part of type tool_call": 1, "a fragment that is not stored": 1}


AICHAT = """\
model: openai:gpt-4o
temperature: 0.5
compressed_messages:
- role: user
  content: 'It''s old'
messages:
- role: system
  content: "Be \\"kind\\".\\n"
- role: user
  content: |-
    Two lines: yes
      # not a comment

    the end
- role: assistant
  content:
  - type: text
    text: Fine. Because
  - type: image_url
    image_url:
      url: http://x
"""


def test_aichat(store: Store, tmp_path: Path) -> None:
    path = tmp_path / "my session.yaml"
    path.write_text(AICHAT, encoding="utf-8")
    report = take_in(store, path, "aichat")
    found, branch = only(store)
    assert (found.title, found.model) == ("my session", "openai:gpt-4o")
    assert told(branch) == [
        ("user", "It's old"),
        ("system", 'Be "kind".\n'),
        ("user", "Two lines: yes\n  # not a comment\n\nthe end"),
        ("assistant", "Fine. Because"),
    ]
    assert report.skipped == {"an image, a sound or a file": 1}


def own_export(store: Store) -> str:
    found = sorted(store.conversations(), key=lambda each: each.id)
    return "".join(FORMATS["json"].export(read_transcript(store, each.id) for each in found))


def test_our_own_json_comes_back_the_same(store: Store, tmp_path: Path) -> None:
    source = tmp_path / "conversations.json"
    source.write_text(json.dumps([CHATGPT]))
    import_path(store, source)
    made = store.create_conversation(title="x\x1b\u202e", system_prompt="s", model="m", provider="local")
    prompt, reply = store.open_turn(made.id, "hi 🎉\n")
    store.close_turn(reply.id, Status.STOPPED)
    store.open_reply(prompt.id)
    first = own_export(store).replace('"streaming"', '"incomplete"')
    path = tmp_path / "own.json"
    path.write_text(first)
    with Store.open(tmp_path / "other" / "conversations.db") as other:
        assert take_in(other, path, "gptalk-tui").added == 2
        assert own_export(other) == first
    assert import_path(store, path).added == 0


@pytest.mark.parametrize("layout", [{"indent": 4}, {"sort_keys": True}, {"separators": (",", ":")}])
def test_our_own_json_after_another_program_has_laid_it_out(
    store: Store, tmp_path: Path, layout: Any
) -> None:
    made = store.create_conversation(title="Kept")
    store.open_turn(made.id, "hi")
    path = tmp_path / "own.json"
    path.write_text(json.dumps(json.loads(own_export(store)), **layout))
    with Store.open(tmp_path / "other" / "conversations.db") as other:
        assert import_path(other, path).added == 1


def test_dry_run_reports_the_same_and_changes_nothing(store: Store, tmp_path: Path) -> None:
    path = tmp_path / "conversations.json"
    path.write_text(json.dumps([CHATGPT]))
    report = import_path(store, path, dry_run=True)
    assert (report.added, report.messages) == (1, 7)
    assert store.conversations() == []


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("chatgpt", '[{"id": "a", "mapping": {}}, {"id": "b", "mapp', "ends in the middle, at byte 46"),
        (
            "chatgpt",
            '[{"id": "a", "mapping": {}}, {"id": "b" "mapping": {}}]',
            "conversation at byte 29 is broken",
        ),
        ("chatgpt", '[{"id": "a", "mapping": {}}, 5]', "expected at byte 29"),
        ("chatgpt", '[{"id": "a", "mapping": {}}] x', "more after the end of the list"),
        ("chatgpt", '[{"mapping": {}} {"mapping": {}}]', "expected at byte 17"),
        ("chatgpt", '[{"mapping": {}},, {"mapping": {}}]', "expected at byte 19"),
        ("chatgpt", '[{"mapping": {}},]', "expected at byte 17"),
        ("openai-jsonl", '{"messages": []}\n{"messages": [}\n', "line 2 is not JSON"),
        ("openai-jsonl", '{"messages": []}\n{"other": []}\n', "conversation 2 has no list of messages"),
        ("gptalk-tui", '{"format": "gptalk-tui", "version": 3, "conversations": []}', "version 3"),
        (
            "gptalk-tui",
            '{"format": "gptalk-tui", "version": 1, "conversations": [{"id": "x"}]}',
            "conversation 'x'",
        ),
        (
            "gptalk-tui",
            '{"format": "gptalk-tui", "version": 1, "conversations": []',
            "more after the end|ends in",
        ),
        (
            "aichat",
            'model: x\nmessages:\n- role: user\n  content: "never closed\n',
            "line 5: found unexpected end",
        ),
        ("aichat", "messages:\n- &a x\n- *a\n", "line 3: aliases"),
        ("aichat", "messages:\n- !!python/object:os.system x\n", "line 2: aliases and tags"),
        ("aichat", "messages: " + "[" * 50 + "]" * 50, "line 1: it is nested too deep"),
    ],
)
def test_a_broken_file_says_where_and_changes_nothing(
    store: Store, tmp_path: Path, name: str, content: str, words: str
) -> None:
    path = tmp_path / "broken"
    path.write_text(content)
    with pytest.raises(TranscriptError, match=words) as caught:
        import_path(store, path, name)
    assert str(path) in caught.value.message
    assert store.conversations() == []


@pytest.mark.parametrize(
    "content", [b"", b"hello", b"{}", b"[5]", b'[{"x": 1}]', b"PK\x03\x04junk", b"SQLite format 3\x00junk"]
)
def test_a_file_of_no_known_format_is_refused_in_words(store: Store, tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "unknown"
    path.write_bytes(content)
    with pytest.raises(TranscriptError) as caught:
        import_path(store, path)
    assert str(path) in caught.value.message


def test_a_missing_file_or_an_empty_folder_is_an_error(store: Store, tmp_path: Path) -> None:
    with pytest.raises(TranscriptError, match="cannot be read"):
        import_path(store, tmp_path / "nothing")
    (tmp_path / "empty").mkdir()
    with pytest.raises(TranscriptError, match="There are no conversations in"):
        import_path(store, tmp_path / "empty")


def test_progress_goes_from_nothing_to_all(store: Store, tmp_path: Path) -> None:
    path = tmp_path / "conversations.json"
    path.write_text(json.dumps([CHATGPT | {"id": str(number)} for number in range(250)]))
    shares: list[float] = []
    report = import_path(store, path, on_progress=shares.append)
    assert report.added == 250
    assert shares == sorted(shares)
    assert (shares[-1], max(shares)) == (1.0, 1.0)


def test_folder_that_cannot_be_written_is_named_and_nothing_is_imported(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(**_: object) -> IO[bytes]:
        raise OSError(errno.ENOSPC, "No space left on device")

    path = tmp_path / "conversations.json"
    path.write_text(json.dumps([CHATGPT]))
    monkeypatch.setattr("tempfile.TemporaryFile", full)
    with pytest.raises(StoreError, match="cannot be written: No space left on device"):
        import_path(store, path)
    assert store.conversations() == []


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text('"\\{}[],:aя\n'),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text('"\\{}[]a', max_size=3), inner, max_size=3)
    ),
    max_leaves=8,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.dictionaries(st.text(max_size=3), json_values, max_size=3), max_size=5), st.integers(1, 40)
)
def test_elements_are_found_wherever_the_reads_are_cut(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, values: list[Any], read_bytes: int
) -> None:
    path = tmp_path / "list.json"
    path.write_text(json.dumps(values, ensure_ascii=False), encoding="utf-8")
    monkeypatch.setattr(json_stream, "_READ_BYTES", read_bytes)
    assert list(json_stream.elements(SourceFile(path))) == values


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.lists(st.text("abc: #-'\"|>\n\\ {}[]&*!%@`~0.5я", min_size=1, max_size=30), min_size=1, max_size=4))
@pytest.mark.parametrize(
    "options", [{}, {"default_style": "'"}, {"default_style": '"', "width": 20}, {"width": 10}]
)
def test_aichat_texts_come_back_from_every_kind_of_scalar(
    tmp_path: Path, options: dict[str, Any], texts: list[str]
) -> None:
    path = tmp_path / "session.yaml"
    session = {"model": "m", "messages": [{"role": "user", "content": each} for each in texts]}
    path.write_text(yaml.safe_dump(session, allow_unicode=True, **options), encoding="utf-8")
    expected = [each for each in texts if each.strip()]
    found = [
        message.content for each in aichat.read(SourceFile(path), Skipped()) for message in each.messages
    ]
    assert found == expected


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text("abc: #-'\"|>\n\\ {}[]&*!~0.5<?,", max_size=60))
def test_any_yaml_is_read_or_refused_with_a_sentence(tmp_path: Path, text: str) -> None:
    path = tmp_path / "session.yaml"
    path.write_text(text)
    refusal = ""
    try:
        list(aichat.read(SourceFile(path), Skipped()))
    except TranscriptError as err:
        refusal = err.message
    assert refusal == "" or refusal.startswith(f"{path}: ")


@pytest.mark.parametrize("plain", ["12:30:00", "2024-01-01", "0o17", "yes", "1e3", "0x1f"])
def test_aichat_texts_that_look_like_other_values_stay_text(store: Store, tmp_path: Path, plain: str) -> None:
    path = tmp_path / "session.yaml"
    path.write_text(f"messages:\n- role: user\n  content: {plain}\n")
    take_in(store, path, "aichat")
    assert told(only(store)[1]) == [("user", plain)]


def test_aichat_folded_and_multi_line_scalars(store: Store, tmp_path: Path) -> None:
    path = tmp_path / "session.yaml"
    path.write_text(
        "messages:\n- role: user\n  content: >-\n    one\n    line\n\n    two\n"
        '- role: assistant\n  content: "over\n    two lines"\n'
    )
    take_in(store, path, "aichat")
    assert told(only(store)[1]) == [("user", "one line\ntwo"), ("assistant", "over two lines")]
