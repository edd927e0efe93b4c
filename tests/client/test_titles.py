"""Short titles: of a prompt, and of a model's reply that was asked for one."""

from __future__ import annotations

import pytest

from gptalk_client.titles import TITLE_CHARS, TITLE_WORDS, title_from, title_from_reply


@pytest.mark.parametrize(
    ("prompt", "title"),
    [
        ("hi", "hi"),
        ("How do lifetimes work?", "How do lifetimes work?"),
        ("How do I read a file in Python, please?", "How do I read a file in Python?"),
        ("Hello, could you please explain monads to me", "Explain monads to me"),
        ("Please", "Please"),
        ("Thank you", "Thank you"),
        ("# Release checklist\nmore", "Release checklist"),
        ("> - quoted", "- quoted"),
        ("Compare Rust and Go. Then write a table.", "Compare Rust and Go"),
        ("e.g. this is not a sentence end", "e.g. this is not a sentence end"),
        ("one two three four five six seven eight nine", "one two three four five six seven eight…"),
        ("日本語の助詞を説明してください。例も。", "日本語の助詞を説明してください。"),
        ("", ""),
    ],
)
def test_a_prompt_becomes(prompt: str, title: str) -> None:
    assert title_from(prompt) == title
    assert len(title) <= TITLE_CHARS
    assert len(title.split()) <= TITLE_WORDS


@pytest.mark.parametrize(
    ("reply", "title"),
    [
        ("Reading files in Python", "Reading files in Python"),
        ('Title: "Reading files"\n\nI chose this because …', "Reading files"),
        ("**Reading files.**", "Reading files"),
        ("\n\n", ""),
        ("“読み方”", "読み方"),
    ],
)
def test_a_reply_becomes(reply: str, title: str) -> None:
    assert title_from_reply(reply) == title
