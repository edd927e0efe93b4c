"""Exports: what each format holds, and that no message breaks out of its place."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from gptalk_client.models import Conversation, Message, Role, Status
from gptalk_client.transcripts.exporters.markdown import contained, fenced
from gptalk_client.transcripts.formats import FORMATS
from gptalk_client.transcripts.transcript import Transcript, active_branch, branches, full_paths

CONVERSATION = Conversation(
    id="c" * 32,
    title="Rust lifetimes",
    created_at_ms=1_769_850_300_120,
    updated_at_ms=1_769_850_400_000,
    system_prompt="Be brief.",
    model="gpt-4",
    provider="gptalk",
    active_message_id="m4",
)


def message(
    name: str, parent: str | None, role: Role, content: str, status: Status = Status.COMPLETE
) -> Message:
    return Message(name, CONVERSATION.id, parent, role, content, status, 1_769_850_300_120, model="gpt-4")


MESSAGES = [
    message("m1", None, Role.USER, "What is 'a?\n\n# not a title"),
    message("m2", "m1", Role.ASSISTANT, "A lifetime.\n\n```rust\nfn f<'a>() {}\n```"),
    message("m3", "m2", Role.USER, "Привет 🎉"),
    message("m4", "m3", Role.ASSISTANT, "```py\nprint(1)", Status.STOPPED),
    message("m5", "m1", Role.ASSISTANT, "Another answer <img src=x onerror=alert(1)>"),
    message("m6", "m2", Role.USER, "Another question"),
]
TRANSCRIPT = Transcript(CONVERSATION, MESSAGES)


def export(name: str, *transcripts: Transcript, all_branches: bool = False) -> str:
    return "".join(FORMATS[name].export(transcripts or (TRANSCRIPT,), all_branches=all_branches))


def ids(messages: Sequence[Message]) -> list[str]:
    return [each.id for each in messages]


def test_the_active_branch_leads_from_the_root_to_the_active_leaf() -> None:
    assert ids(active_branch(TRANSCRIPT)) == ["m1", "m2", "m3", "m4"]
    other = Transcript(replace(CONVERSATION, active_message_id="m5"), MESSAGES)
    assert ids(active_branch(other)) == ["m1", "m5"]
    assert ids(active_branch(Transcript(replace(CONVERSATION, active_message_id=None), MESSAGES))) == [
        "m1",
        "m2",
        "m6",
    ]
    assert active_branch(Transcript(CONVERSATION, [])) == []


def test_branches_include_each_message_once() -> None:
    found = branches(TRANSCRIPT)
    assert [ids(each.messages) for each in found] == [["m1", "m2", "m3", "m4"], ["m5"], ["m6"]]
    assert [each.after and each.after.id for each in found] == [None, "m1", "m2"]
    assert [ids(each) for each in full_paths(TRANSCRIPT)] == [
        ["m1", "m2", "m3", "m4"],
        ["m1", "m5"],
        ["m1", "m2", "m6"],
    ]


def test_a_parent_that_is_missing_or_its_own_child_does_not_hang() -> None:
    loop = [
        message("a", "b", Role.USER, "x"),
        message("b", "a", Role.USER, "y"),
        message("d", "gone", Role.USER, "z"),
    ]
    assert ids(active_branch(Transcript(replace(CONVERSATION, active_message_id="a"), loop))) == ["b", "a"]
    assert ids(branches(Transcript(replace(CONVERSATION, active_message_id="d"), loop))[0].messages) == ["d"]


def test_json_has_the_published_shape_and_every_branch() -> None:
    text = export("json")
    assert text.isascii()
    data = json.loads(text)
    assert (data["format"], data["version"]) == ("gptalk-tui", 2)
    (conversation,) = data["conversations"]
    assert list(conversation) == [
        "id", "title", "created_at", "updated_at", "system_prompt", "model", "provider", "options",
        "archived", "pinned", "tags", "active_message_id", "changed_at", "messages",
    ]  # fmt: skip
    assert conversation["created_at"] == "2026-01-31T09:05:00.120Z"
    assert conversation["active_message_id"] == "m4"
    assert conversation["messages"][3] == {
        "id": "m4",
        "parent_id": "m3",
        "role": "assistant",
        "content": "```py\nprint(1)",
        "status": "stopped",
        "model": "gpt-4",
        "created_at": "2026-01-31T09:05:00.120Z",
        "provider": "",
        "error": "",
        "reasoning": "",
        "finish_reason": "",
        "usage": None,
        "first_text_ms": None,
        "reasoning_ms": None,
        "duration_ms": None,
        "edited": False,
    }
    assert list(conversation["messages"][2]) == [
        "id", "parent_id", "role", "content", "status", "model", "created_at",
    ]  # fmt: skip
    assert [each["id"] for each in conversation["messages"]] == ids(MESSAGES)


@pytest.mark.parametrize("count", [0, 1, 3])
def test_json_of_any_number_of_conversations_is_json(count: int) -> None:
    empty = Transcript(CONVERSATION, [])
    text = "".join(FORMATS["json"].export([TRANSCRIPT, empty, TRANSCRIPT][:count]))
    assert len(json.loads(text)["conversations"]) == count


def test_markdown_has_front_matter_headings_and_the_text_as_written() -> None:
    text = export("md")
    assert text.startswith('---\ntitle: "Rust lifetimes"\nid: "cccc')
    assert "\n# Rust lifetimes\n\n## System\n\nBe brief.\n\n## You\n\nWhat is 'a?" in text
    assert "\n## Assistant\n\nA lifetime.\n\n```rust\nfn f<'a>() {}\n```\n\n## You\n\nПривет 🎉\n" in text
    assert text.endswith("## Assistant\n\n```py\nprint(1)\n```\n\n> *Stopped.*\n")
    assert "Another" not in text


def test_markdown_includes_other_branches_on_request() -> None:
    text = export("md", all_branches=True)
    first = "<details>\n<summary>Branch 2, after “What is 'a?”</summary>\n\n## Assistant\n\nAnother answer"
    second = "<details>\n<summary>Branch 3, after “A lifetime.”</summary>\n\n## You\n\nAnother question\n"
    assert first in text
    assert f"{second}\n</details>\n" in text


def test_markdown_escapes_hostile_text() -> None:
    conversation = replace(CONVERSATION, title='x"\n---\n# \x1b]0;evil\x07', system_prompt="\x9b2J")
    text = export("md", Transcript(conversation, [message("m", None, Role.USER, "\x1b[2J\u202e")]))
    assert not set(text) & set("\x1b\x07\x9b\u202e")
    assert text.splitlines()[1] == 'title: "x\\" --- # ␛]0;evil␇"'


def headings(markdown: str) -> list[str]:
    tokens = MarkdownIt("commonmark").parse(markdown)
    return [
        tokens[i + 1].content
        for i, each in enumerate(tokens)
        if each.type == "heading_open" and not each.level
    ]


@pytest.mark.parametrize(
    "content",
    [
        "```py\nnever closed",
        "~~~\nnever closed ```",
        "- a list\n  ```\n  never closed",
        "1. a\n\n   ````md\n   ```\n   inner\n   ```",
        "> ```\n> quoted",
        "    ```\n    indented code is no fence",
        "<!-- a comment that never ends",
        "<script>\nnever closed",
        "<pre>",
        "`````\n````",
        "```\nclosed\n```\n```",
        "``` not a fence ` because of the tick",
    ],
)
def test_no_message_swallows_the_next(content: str) -> None:
    text = export("md", Transcript(replace(CONVERSATION, active_message_id="b", system_prompt=""), [
        message("a", None, Role.ASSISTANT, content),
        message("b", "a", Role.USER, "next"),
    ]))  # fmt: skip
    assert headings(text.split("---\n", 2)[2])[-2:] == ["Assistant", "You"]


parts = st.lists(
    st.sampled_from(["```", "````", "~~~", "\n", "  ", "    ", "- ", "> ", "<!--", "-->", "<pre>", "x", "`"])
)


@given(parts.map("".join))
def test_any_text_is_contained(content: str) -> None:
    assert headings(contained(content) + "\n\n## You\n")[-1:] == ["You"]


@given(st.text("`a\n"))
def test_a_fence_is_longer_than_any_run_inside(text: str) -> None:
    (token,) = MarkdownIt("commonmark").parse(fenced(text))
    assert token.type == "fence"
    assert token.content.rstrip() == text.rstrip()


def test_plain_text_names_speakers_and_endings() -> None:
    text = export("txt")
    assert text.startswith("Rust lifetimes\n" + "c" * 32 + " · 2026-01-31T09:05:00.120Z · gpt-4 · gptalk\n")
    assert "\nSystem:\nBe brief.\n\nYou:\nWhat is 'a?\n\n# not a title\n\nAssistant:\n" in text
    assert text.endswith("\nAssistant:\n```py\nprint(1)\n[Stopped.]\n")
    assert "----- branch 3, after “A lifetime.”\n\nYou:\nAnother question\n" in export(
        "txt", all_branches=True
    )


def test_plain_text_has_no_control_characters() -> None:
    conversation = replace(CONVERSATION, title="\x1b[2J", model="\x9b", system_prompt="\x1b")
    text = export("txt", Transcript(conversation, [message("m", None, Role.USER, "a\x07\rb")]))
    assert not set(text) & set("\x1b\x07\x9b\r")


def test_jsonl_has_one_conversation_a_line() -> None:
    text = export("jsonl", TRANSCRIPT, Transcript(CONVERSATION, []), TRANSCRIPT)
    assert text.isascii()
    first, second = text.splitlines()
    assert first == second
    assert [each["role"] for each in json.loads(first)["messages"]] == [
        "system", "user", "assistant", "user", "assistant",
    ]  # fmt: skip
    assert len(export("jsonl", all_branches=True).splitlines()) == 3
