"""What today's exports become: citations, attachments, reasoning, numbered files, and the sessions of agents."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gptalk_client.errors import TranscriptError
from gptalk_client.store.imported import ImportedConversation
from gptalk_client.store.store import Store
from gptalk_client.transcripts.detection import detect
from gptalk_client.transcripts.importers.html_text import to_markdown
from gptalk_client.transcripts.importers.source import Skipped, SourceFile
from gptalk_client.transcripts.importing import import_path
from support.histories import chatgpt, said, write

PARTS = ("\ue200", "\ue202", "\ue201")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(tmp_path / "store" / "conversations.db") as store:
        yield store


def read(path: Path, name: str) -> tuple[list[ImportedConversation], dict[str, int]]:
    """Read a file after checking that it is recognised; return its conversations and what was skipped."""
    file = SourceFile(path)
    source = detect(file)
    assert source is not None
    assert source.name == name
    skipped = Skipped()
    return list(source.read(file, skipped)), dict(skipped.reasons)


def branch(conversation: ImportedConversation) -> list[tuple[str, str, str]]:
    """Return role, text and reasoning of each message, in order."""
    return [(each.role.value, each.content, each.reasoning) for each in conversation.messages]


def test_chatgpt_citations_become_links(tmp_path: Path) -> None:
    begin, separator, end = PARTS
    mark = f"{begin}cite{separator}turn0search3{end}"
    reply = f'Early. {mark} And {begin}entity{separator}["people", "A. Writer", 0]{end}. 【1†source】{begin}'
    references = [
        {"matched_text": mark, "items": [{"title": "Iron [1]", "url": "https://example.org/a_(b)"}]},
        {"matched_text": "【1†source】", "title": "Old", "url": "https://example.org/old"},
        {"matched_text": " ", "type": "sources_footnote", "sources": [{"url": "https://example.org/x"}]},
    ]
    path = write(tmp_path / "one.json", chatgpt(said("assistant", reply, content_references=references)))
    (found,), _ = read(path, "chatgpt")
    assert found.messages[0].content == (
        "Early. [Iron \\[1\\]](<https://example.org/a_(b)>) And A. Writer. [Old](https://example.org/old)"
    )


@pytest.mark.parametrize("url", ["javascript:alert(1)", "https://x/> evil", 5, None])
def test_citation_with_an_odd_address_is_not_a_link(tmp_path: Path, url: object) -> None:
    mark = f"{PARTS[0]}cite{PARTS[1]}x{PARTS[2]}"
    references = [{"matched_text": mark, "items": [{"title": "T", "url": url}]}]
    path = write(
        tmp_path / "one.json", chatgpt(said("assistant", f"Yes.{mark}", content_references=references))
    )
    (found,), _ = read(path, "chatgpt")
    assert found.messages[0].content == "Yes."


def test_chatgpt_hidden_messages_are_left_out_and_counted(tmp_path: Path) -> None:
    custom = {
        "author": {"role": "user"},
        "content": {"content_type": "user_editable_context", "user_profile": "x"},
    }
    path = write(
        tmp_path / "one.json",
        chatgpt(
            custom,
            said("system", "Secret.", is_visually_hidden_from_conversation=True),
            said("user", "Hi"),
            {
                "author": {"role": "assistant"},
                "content": {"content_type": "reasoning_recap", "content": "3 s"},
            },
            said("assistant", "Hello"),
        ),
    )
    (found,), skipped = read(path, "chatgpt")
    assert branch(found) == [("user", "Hi", ""), ("assistant", "Hello", "")]
    assert skipped == {
        "custom instructions": 1,
        "a message that ChatGPT didn't show": 1,
        "a note on how long the model thought": 1,
    }


def test_chatgpt_thoughts_are_the_reasoning_of_the_next_reply(tmp_path: Path) -> None:
    def thoughts(*texts: str) -> dict[str, Any]:
        given = [{"summary": "s", "content": each} for each in texts]
        return {"author": {"role": "assistant"}, "content": {"content_type": "thoughts", "thoughts": given}}

    path = write(
        tmp_path / "one.json",
        chatgpt(said("user", "6×7?"), thoughts("Six…", "times."), thoughts("Seven."), said("assistant", "42"),
                said("user", "Sure?"), thoughts("Hm.")),
    )  # fmt: skip
    (found,), skipped = read(path, "chatgpt")
    assert branch(found) == [
        ("user", "6×7?", ""), ("assistant", "42", "Six…\n\ntimes.\n\nSeven."), ("user", "Sure?", ""),
    ]  # fmt: skip
    assert skipped == {"reasoning without a reply": 1}


def test_chatgpt_messages_of_nothing_but_a_picture_keep_their_place(tmp_path: Path) -> None:
    picture = {"content_type": "image_asset_pointer", "asset_pointer": "file-service://x"}
    named = said("user", picture, attachments=[{"name": "cat.png"}])
    path = write(tmp_path / "one.json", chatgpt(named, said("user", picture), said("assistant", "A cat.")))
    (found,), skipped = read(path, "chatgpt")
    assert [each.content for each in found.messages] == ["[attachment: cat.png]", "[attachment]", "A cat."]
    assert sum(skipped.values()) == 2


@pytest.mark.parametrize("packed", [True, False])
def test_an_export_in_numbered_files(store: Store, tmp_path: Path, packed: bool) -> None:
    folder = tmp_path / "export"
    folder.mkdir()
    names = []
    for number in range(3):
        conversation = chatgpt(said("user", f"Q{number}"), said("assistant", f"A{number}"), key=f"c{number}")
        names.append(write(folder / f"conversations-00{number}.json", [conversation]))
    names.append(write(folder / "user.json", {"id": "u", "email": "x"}))
    if packed:
        with zipfile.ZipFile(tmp_path / "export.zip", "w") as archive:
            for each in names:
                archive.write(each, f"export/{each.name}")
    report = import_path(store, tmp_path / ("export.zip" if packed else "export"))
    assert (report.added, report.messages, [each.name for each in report.sources]) == (3, 6, ["chatgpt"])
    assert report.skipped == ({} if packed else {"a file of no known format": 1})


def test_claude_attachments_are_fenced_under_their_names_and_thinking_is_reasoning(tmp_path: Path) -> None:
    paste = {"file_name": "paste.py", "extracted_content": "```\nx = 1\n"}
    artifact = {"command": "create", "title": "Plan", "content": "# Plan", "type": "text/markdown"}
    messages = [
        {"uuid": "m1", "sender": "human", "text": "", "content": [], "attachments": [paste]},
        {"uuid": "m2", "sender": "assistant", "content": [
            {"type": "thinking", "thinking": "Let me see."}, {"type": "text", "text": "Done."},
            {"type": "tool_use", "name": "artifacts", "input": artifact}]},
        {"uuid": "m3", "sender": "human", "text": "", "files": [{"file_name": "cat.png"}]},
    ]  # fmt: skip
    path = write(tmp_path / "one.json", {"uuid": "c", "name": "N", "chat_messages": messages})
    (found,), skipped = read(path, "claude")
    assert branch(found) == [
        ("user", "paste.py:\n````py\n```\nx = 1\n````", ""),
        ("assistant", "Done.\n\nPlan:\n```\n# Plan\n```", "Let me see."),
        ("user", "[attachment: cat.png]", ""),
    ]
    assert skipped == {"the content of an attachment, which the export doesn't include": 1}


def test_open_webui_has_branches_times_reasoning_and_files(tmp_path: Path) -> None:
    folded = (
        '<details type="reasoning" done="true" duration="3">\n<summary>Thought for 3 seconds</summary>\n'
        "&gt; 6 &lt; 7\n> so\n</details>\n42"
    )
    messages = {
        "a2": {"parentId": "u1", "role": "assistant", "content": "No idea.", "timestamp": 1_700_000_002},
        "u1": {"parentId": None, "role": "user", "content": "6×7?", "timestamp": 1_700_000_001,
               "files": [{"name": "notes.txt", "file": {"data": {"content": "six"}}}]},
        "a1": {"parentId": "u1", "role": "assistant", "content": folded, "timestamp": 1_700_000_003,
               "model": "m1"},
    }  # fmt: skip
    chat = {
        "id": "w", "title": "Sums", "created_at": 1_700_000_000, "updated_at": 1_700_000_009, "pinned": True,
        "chat": {"models": ["m1"], "params": {"system": "Be brief."},
                 "history": {"messages": messages, "currentId": "a1"}},
    }  # fmt: skip
    (found,), _ = read(write(tmp_path / "export.json", [chat]), "open-webui")
    by_id = {each.source_id: each for each in found.messages}
    assert by_id["u1"].content == "6×7?\n\nnotes.txt:\n```txt\nsix\n```"
    assert (by_id["a1"].content, by_id["a1"].reasoning) == ("42", "6 < 7\nso")
    assert {each.parent_source_id for each in (by_id["a1"], by_id["a2"])} == {"u1"}
    assert (by_id["a1"].created_at_ms, by_id["a1"].model) == (1_700_000_003_000, "m1")
    assert (found.title, found.system_prompt, found.pinned, found.active_source_id) == (
        "Sums", "Be brief.", True, "a1",
    )  # fmt: skip


@pytest.mark.parametrize("nested", [True, False])
def test_librechat_as_a_list_or_a_tree(tmp_path: Path, nested: bool) -> None:
    root = "00000000-0000-0000-0000-000000000000"
    question = {"messageId": "u1", "parentMessageId": root, "text": "6×7?", "isCreatedByUser": True,
                "createdAt": "2025-01-01T10:00:00.000Z"}  # fmt: skip
    replies = [
        {"messageId": "a1", "parentMessageId": "u1", "text": "", "isCreatedByUser": False, "model": "m1",
         "createdAt": "2025-01-01T10:00:01.000Z",
         "content": [{"type": "think", "think": "Six…"}, {"type": "text", "text": {"value": "42"}}]},
        {"messageId": "a2", "parentMessageId": "u1", "text": "No idea.", "isCreatedByUser": False},
    ]  # fmt: skip
    given = (
        {"messagesTree": [question | {"children": replies}]} if nested else {"messages": [question, *replies]}
    )
    data = {"conversationId": "c", "endpoint": "openAI", "title": "Sums", "options": {"model": "m1"}} | given
    (found,), _ = read(write(tmp_path / "export.json", data), "librechat")
    assert branch(found) == [("user", "6×7?", ""), ("assistant", "42", "Six…"), ("assistant", "No idea.", "")]
    assert [each.parent_source_id for each in found.messages] == [None, "u1", "u1"]
    assert (found.title, found.model, found.created_at_ms) == ("Sums", "m1", 1_735_725_600_000)


def test_gemini_prompts_of_a_day_are_one_conversation(tmp_path: Path) -> None:
    def activity(title: str, time: str, *html: str, **more: Any) -> dict[str, Any]:
        items = {"safeHtmlItem": [{"html": each} for each in html]} if html else {}
        return (
            {"header": "Gemini Apps", "title": title, "time": time, "products": ["Gemini Apps"]}
            | items
            | more
        )

    given = [
        activity("Prompted And now?", "2025-01-02T08:00:00Z", "<p>Now.</p>"),
        activity("Gave feedback: Good response", "2025-01-01T11:00:00Z"),
        activity("Prompted Look", "2025-01-01T10:30:00Z", "<p>A cat.</p>", attachedFiles=["cat.png"]),
        activity("Prompted Hi", "2025-01-01T10:00:00Z", "<p>Hello <b>you</b>.</p>"),
    ]
    found, skipped = read(write(tmp_path / "MyActivity.json", given), "gemini")
    assert [each.title for each in found] == ["Gemini, 2025-01-02", "Gemini, 2025-01-01"]
    assert branch(found[1]) == [
        ("user", "Hi", ""), ("assistant", "Hello **you**.", ""),
        ("user", "Look\n\n[attachment: cat.png]", ""), ("assistant", "A cat.", ""),
    ]  # fmt: skip
    assert found[1].messages[0].created_at_ms == 1_735_725_600_000
    assert skipped["an activity that isn't a prompt"] == 1


@pytest.mark.parametrize(
    ("html", "markdown"),
    [
        ("<h2>A</h2><p>b<br>c</p>", "## A\n\nb\nc"),
        ("<ul><li>a<ul><li>b</li></ul></li><li>c</li></ul>", "- a\n\n   - b\n\n- c"),
        ("<ol><li><p>a</p></li><li>b</li></ol>", "1. a\n2. b"),
        ("<pre><code>x &lt; 1\n  y</code></pre>", "```\nx < 1\n  y\n```"),
        (
            'see <a href="https://x.example">this</a> and <code>f()</code>',
            "see [this](https://x.example) and `f()`",
        ),
        ("<table><tr><th>a</th></tr><tr><td>1</td></tr></table>", "| a |\n| --- |\n| 1 |"),
        ("a < b & c", "a < b & c"),
    ],
)
def test_html_becomes_markdown(html: str, markdown: str) -> None:
    assert to_markdown(html) == markdown


CODEX = [
    {"timestamp": "2025-12-08T00:37:46.102Z", "type": "session_meta", "payload": {"id": "s1", "cwd": "/x"}},
    {"timestamp": "2025-12-08T00:37:47Z", "type": "response_item", "payload": {
        "type": "message", "role": "user",
        "content": [{"type": "input_text", "text": "<environment_context>\n</environment_context>"}]}},
    {"timestamp": "2025-12-08T00:37:48Z", "type": "turn_context", "payload": {"model": "gpt-5-codex"}},
    {"timestamp": "2025-12-08T00:37:49Z", "type": "response_item", "payload": {
        "type": "message", "role": "user", "content": [{"type": "input_text", "text": "Fix it"}]}},
    {"timestamp": "2025-12-08T00:37:49Z", "type": "event_msg", "payload": {
        "type": "user_message", "message": "Fix it"}},
    {"timestamp": "2025-12-08T00:37:50Z", "type": "response_item", "payload": {
        "type": "reasoning", "summary": [{"type": "summary_text", "text": "Look first."}], "content": None}},
    {"timestamp": "2025-12-08T00:37:51Z", "type": "response_item", "payload": {
        "type": "function_call", "name": "shell", "arguments": "{}"}},
    {"timestamp": "2025-12-08T00:37:52Z", "type": "response_item", "payload": {
        "type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "Fixed."}]}},
]  # fmt: skip


def test_codex_sessions(tmp_path: Path) -> None:
    (found,), skipped = read(write(tmp_path / "rollout.jsonl", *CODEX), "codex")
    assert branch(found) == [("user", "Fix it", ""), ("assistant", "Fixed.", "Look first.")]
    assert (found.source_id, found.title, found.model, found.created_at_ms) == (
        "s1", "Fix it", "gpt-5-codex", 1_765_154_266_102,
    )  # fmt: skip
    assert skipped == {"instructions that the program adds": 1, "a step of the agent": 1}


def test_codex_sessions_of_the_first_versions(tmp_path: Path) -> None:
    path = write(
        tmp_path / "rollout.jsonl",
        {"id": "s0", "timestamp": "2025-06-01T10:00:00Z", "instructions": None},
        {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "Hi"}]},
        {"record_type": "state"},
    )
    (found,), _ = read(path, "codex")
    assert (found.source_id, branch(found)) == ("s0", [("user", "Hi", "")])


def claude_code(key: str, parent: str | None, kind: str, content: Any, **more: Any) -> dict[str, Any]:
    return {
        "uuid": key, "parentUuid": parent, "type": kind, "sessionId": "s1", "timestamp": "2025-07-01T10:00:00Z",
        "message": {"role": kind, "content": content, "model": "claude-x"},
    } | more  # fmt: skip


def test_claude_code_sessions(tmp_path: Path) -> None:
    path = write(
        tmp_path / "s1.jsonl",
        {"type": "summary", "summary": "A fix", "leafUuid": "a2"},
        claude_code("u0", None, "user", "<command-name>/clear</command-name>"),
        claude_code("u1", "u0", "user", "Fix it"),
        claude_code("t1", "u1", "assistant", [{"type": "thinking", "thinking": "Look first."}]),
        claude_code("c1", "t1", "assistant", [{"type": "tool_use", "name": "Read", "input": {}}]),
        claude_code("r1", "c1", "user", [{"type": "tool_result", "content": "x"}]),
        claude_code("a1", "r1", "assistant", [{"type": "text", "text": "Fixed."}]),
        claude_code("s1", "u1", "user", "Look around", isSidechain=True),
        claude_code("u2", "u0", "user", "Fix it well"),
        {"type": "file-history-snapshot", "messageId": "x"},
    )
    path.write_text(path.read_text() + '{"type": "user", "uu')  # the program is writing just now
    (found,), skipped = read(path, "claude-code")
    assert branch(found) == [
        ("user", "Fix it", ""), ("assistant", "Fixed.", "Look first."), ("user", "Fix it well", ""),
    ]  # fmt: skip
    assert [each.parent_source_id for each in found.messages] == [None, "u1", None]
    assert (found.source_id, found.title, found.model) == ("s1", "A fix", "claude-x")
    assert skipped == {"a command of the program": 1, "a step of the agent": 3}


def test_a_folder_of_sessions_is_searched_with_its_subfolders(store: Store, tmp_path: Path) -> None:
    folder = tmp_path / "sessions" / "2025" / "12"
    folder.mkdir(parents=True)
    (tmp_path / "sessions" / ".git").mkdir()
    write(tmp_path / "sessions" / ".git" / "config.json", *CODEX)
    write(folder / "rollout.jsonl", *CODEX)
    write(folder / "claude.jsonl", claude_code("u1", None, "user", "Fix it"))
    (folder / "notes.txt").write_text("not for us")
    report = import_path(store, tmp_path / "sessions")
    assert (report.added, sorted(each.name for each in report.sources)) == (2, ["claude-code", "codex"])
    assert import_path(store, tmp_path / "sessions").unchanged == 2


def test_a_broken_file_in_a_folder_is_named_and_changes_nothing(store: Store, tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    write(folder / "a.json", chatgpt(said("user", "Hi")))
    (folder / "b.json").write_text('[{"mapping": {}}, {"mapp')
    with pytest.raises(TranscriptError, match=r"b\.json: it ends in the middle"):
        import_path(store, folder)
    assert store.conversations() == []


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b'{\n  "name": "x",\n  "port": 1\n}', "a JSON object with the keys “name”, “port”"),
        (b'[{"a": 1, "b": 2}]', "a JSON array of objects with the keys “a”, “b”"),
        (b"[1, 2]", "a JSON array of values that aren't objects"),
        (b'{"name": {"deep', "JSON that breaks off or is damaged"),
        (b"hello there", "a text that begins with “hello there”"),
        (b"", "an empty file"),
        (b"%PDF-1.7\n\0", "a PDF document"),
        (b"\x7fELF\0\0", "a binary file"),
        (json.dumps({str(number): 0 for number in range(20)}).encode(), "“7” and others"),
    ],
)
def test_a_file_of_no_known_format_is_described(
    store: Store, tmp_path: Path, content: bytes, words: str
) -> None:
    path = tmp_path / "unknown"
    path.write_bytes(content)
    with pytest.raises(TranscriptError) as caught:
        import_path(store, path)
    assert words in caught.value.message
    assert "chatgpt" in caught.value.hint
