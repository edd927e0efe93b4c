"""Reasoning, tokens and finish reasons in exports, and back."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from markdown_it import MarkdownIt

from gptalk_client.models import Message, ReplyFacts, Status, Usage
from gptalk_client.store.store import Store
from gptalk_client.transcripts.formats import FORMATS
from gptalk_client.transcripts.importing import import_path
from gptalk_client.transcripts.transcript import Transcript

HOSTILE = "6 * 7?\n</details>\n```\n<script>alert(1)</script>\n# \x1b[2Jnot a title"
FACTS = ReplyFacts("stop", Usage(1200, 34, 20), first_text_ms=12_400, reasoning_ms=12_300, duration_ms=14_000)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(tmp_path / "one" / "conversations.db") as opened:
        yield opened


def thinking_reply(store: Store, reasoning: str = HOSTILE) -> Message:
    conversation = store.create_conversation(title="Sums")
    _, reply = store.open_turn(conversation.id, "6 * 7", model="m", provider="ollama")
    return store.close_turn(reply.id, Status.COMPLETE, content="42", reasoning=reasoning, facts=FACTS)


def export(store: Store, name: str) -> str:
    found = sorted(store.conversations(), key=lambda each: each.id)
    return "".join(FORMATS[name].export(Transcript(each, store.messages(each.id)) for each in found))


def test_own_json_keeps_everything_known_about_a_reply(store: Store, tmp_path: Path) -> None:
    reply = thinking_reply(store)
    cut = store.open_reply(reply.parent_id or "", model="m", provider="ollama")
    store.close_turn(cut.id, Status.INCOMPLETE, error="Cut at the length limit.", content="4", facts=FACTS)
    edited = store.edit_reply(reply.id, "forty-two")
    first = export(store, "json")
    assert json.loads(first)["version"] == 2
    path = tmp_path / "own.json"
    path.write_text(first)
    with Store.open(tmp_path / "other" / "conversations.db") as other:
        assert import_path(other, path).added == 1
        assert export(other, "json") == first
        assert other.message(reply.id) == reply
        assert other.message(edited.id) == edited
        assert edited.edited
        assert other.message(cut.id).error == "Cut at the length limit."


def test_own_json_of_version_1_is_read(store: Store, tmp_path: Path) -> None:
    reply = thinking_reply(store)
    data = json.loads(export(store, "json"))
    data["version"] = 1
    old = {"id", "parent_id", "role", "content", "status", "model", "created_at"}
    for conversation in data["conversations"]:
        conversation["messages"] = [
            {name: value for name, value in each.items() if name in old} for each in conversation["messages"]
        ]
    path = tmp_path / "own.json"
    path.write_text(json.dumps(data))
    with Store.open(tmp_path / "other" / "conversations.db") as other:
        assert import_path(other, path).added == 1
        found = other.message(reply.id)
        assert (found.content, found.reasoning, found.facts) == ("42", "", ReplyFacts())


def test_markdown_folds_reasoning_which_cannot_close_the_fold(store: Store) -> None:
    thinking_reply(store)
    written = export(store, "md")
    assert written.count("<details>\n<summary>Thought for 12 s</summary>") == 1
    tokens = MarkdownIt("commonmark").parse(written.partition("\n---\n")[2])
    (fence,) = [each for each in tokens if each.type == "fence"]
    assert "</details>" in fence.content
    assert "\x1b" not in written
    headings = [tokens[at + 1].content for at, each in enumerate(tokens) if each.type == "heading_open"]
    assert headings == ["Sums", "You", "Assistant"]
    assert written.rstrip().endswith("</details>\n\n42")


def test_web_page_has_reasoning_behind_a_fold_as_text(store: Store) -> None:
    thinking_reply(store)
    page = export(store, "html")
    (fold,) = re.findall(r"<details>(.*?)</details>", page, re.DOTALL)
    assert "<summary>Thought for 12 s</summary>" in fold
    assert "&lt;script&gt;alert(1)" in fold
    assert "<script>alert" not in page


@pytest.mark.parametrize("name", ["md", "html"])
def test_reply_without_reasoning_has_no_fold(store: Store, name: str) -> None:
    thinking_reply(store, reasoning="")
    assert "<details>" not in export(store, name)


@pytest.mark.parametrize("name", ["txt", "jsonl"])
def test_formats_without_folds_leave_reasoning_out(store: Store, name: str) -> None:
    thinking_reply(store, reasoning="needle")
    assert "needle" not in export(store, name)
