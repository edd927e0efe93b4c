"""Search takes anything that can be typed and finds what a person means by it."""

from __future__ import annotations

import contextlib
import sqlite3
import unicodedata
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gptalk_client.models import SearchHit, Status
from gptalk_client.store import search as search_module
from gptalk_client.store.store import Store

TEXTS = {
    "english": 'The quick brown fox said "hello" and, well, jumped over the lazy dog AND ran.',
    "code": "Use g++ or C++17; run `tar -x -f a.tar` with foo.bar(x) and __init__ in col:x NEAR(1).",
    "plain c": "c is a letter, and xfoo barley is nothing.",
    "russian": "Привет! Ёлка растёт, а йод лежит в АПТЕКЕ.",
    "french": "Le café du garçon était fermé",
    "nfd": unicodedata.normalize("NFD", "Málaga über naïve ёжик"),
    "japanese": "日本語の助詞について教えてください。ﾃｽﾄ",
    "chinese": "我想学习中文的语法",
    "korean": "안녕하세요 세계",
    "thai": "ภาษาไทยเขียนติดกัน",
    "hindi": "हिन्दी में लिखो",
    "german": "Die Straße ist groß",
    "wide": "ＡＢＣ１２３ full width",
    "emoji": "well done 👍🏽 indeed",
}


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    with Store.open(tmp_path_factory.mktemp("corpus") / "conversations.db") as store:
        for name, text in TEXTS.items():
            conversation = store.create_conversation(title=f"untitled {len(name)}{name[0]}")
            store.close_turn(store.open_turn(conversation.id, "zz")[1].id, Status.COMPLETE, content=text)
        yield store
        assert store.integrity() == []


def found(store: Store, query: str) -> set[str]:
    """The names of the texts that a search finds."""
    names = {text: name for name, text in TEXTS.items()}
    ids = [hit.message_id for hit in store.search(query) if hit.message_id]
    return {names[text] for text in store.texts(ids).values() if text in names}


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("quick", {"english"}),
        ("QUI", {"english"}),
        ("fox quick", {"english"}),
        ("uick", set()),
        ("qui fox", set()),
        ('"brown fox"', {"english"}),
        ('"brown fox', {"english"}),
        ('"fox brown"', {"english"}),  # nothing holds it as it stands, so its words count
        ('"hello"', {"english"}),
        ('hello"', {"english"}),
        ("AND", {"english", "code", "plain c"}),
        ("quick AND ran", {"english"}),
        ("c++", {"code"}),
        ("C++17", {"code"}),
        ("g+", {"code"}),
        ("-x", {"code"}),
        ("NEAR(", {"code"}),
        ("col:x", {"code"}),
        ("foo.bar", {"code"}),
        ("__init__", {"code"}),
        ("foo(bar", {"code"}),
        ("`tar", {"code"}),
        ("ПРИВЕТ", {"russian"}),
        ("прив", {"russian"}),
        ("елка", {"russian"}),
        ("ёлка растет", {"russian"}),
        ("аптек", {"russian"}),
        ("иод", set()),
        ("cafe", {"french"}),
        ("CAFÉ", {"french"}),
        (unicodedata.normalize("NFD", "café"), {"french"}),
        ("garcon ferme", {"french"}),
        ("malaga", {"nfd"}),
        ("Málaga", {"nfd"}),
        ("ЕЖИК", {"nfd"}),
        ("uber naive", {"nfd"}),
        ("助詞", {"japanese"}),
        ("日本", {"japanese"}),
        ("日本語の助詞", {"japanese"}),
        ("日", {"japanese"}),
        ("詞", {"japanese"}),
        ("日詞", set()),
        ("日本 教え", {"japanese"}),
        ("テスト", {"japanese"}),
        ("语法", {"chinese"}),
        ("语", {"chinese"}),
        ("安녕", set()),
        ("안녕", {"korean"}),
        ("하세", {"korean"}),
        ("เขียน", {"thai"}),
        ("हिन्दी", {"hindi"}),
        ("strasse", {"german"}),
        ("STRASSE groß", {"german"}),
        ("abc123", {"wide"}),
        ("👍", {"emoji"}),
        ("👍🏽", {"emoji"}),
    ],
)  # fmt: skip
def test_what_is_meant_is_found(corpus: Store, query: str, expected: set[str]) -> None:
    assert found(corpus, query) == expected


@pytest.mark.parametrize(
    "query",
    ["", " ", '"', '""', '"""', "'", "\\", "*", "^", "-", "--", "(", ")", "()", "{}", ":", ".", "+", "AND", "OR",
     "NOT", "AND AND", "NEAR", "NEAR(", "NEAR(a b, 5)", "body:x", "body : {x}", "a*b", "*a", "^a", "a + b", "\0",
     "a\0b", "\ud800", "\ud83d\ude00", "\x1b[0m", "\u202e", "%", "_", "x" * 5000, "日" * 3000, '"' * 999,
     "é\u0301\u0301", "a" + "\u0301" * 500, "\u0301", "1", "0x1F", "://", "ß", "ŉ", "ﬃ", "İ", "\ufeff", "\n\t\r"],
)  # fmt: skip
def test_no_input_is_an_error(corpus: Store, query: str) -> None:
    conversation = corpus.conversations()[0]
    for hits in (corpus.search(query), corpus.search(query, conversation_id=conversation.id)):
        for hit in hits:
            check(hit)
    corpus.prompts(filter=query)
    corpus.conversations(filter=query)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(max_size=30))
def test_no_random_input_is_an_error(corpus: Store, query: str) -> None:
    for hit in corpus.search(query):
        check(hit)


def check(hit: SearchHit) -> None:
    at = 0
    for start, end in hit.matches:
        assert at <= start < end <= len(hit.snippet)
        at = start


@pytest.mark.parametrize(
    ("text", "query", "marked"),
    [
        ("the cat sat on the mat", "the", ["the", "the"]),
        ("a Über-cool ÜBER", "uber", ["Über", "ÜBER"]),
        (unicodedata.normalize("NFD", "le café noir"), "cafe", ["café"]),
        ("Straße und STRASSE", "strasse", ["Straße", "STRASSE"]),
        ("ﬁnd the ﬁle", "file", ["ﬁle"]),
        ("я купил ёлку и Елку", "елку", ["ёлку", "Елку"]),
        ("日本語の助詞", "助詞", ["助詞"]),
        ("use C++ and c", "c++", ["C++"]),
        ("İstanbul'da", "istanbul", ["İstanbul"]),
        ("one\ntwo\tthree", "two three", ["two", "three"]),
        ("한국어", unicodedata.normalize("NFD", "한국"), ["한국"]),
        ("needless need", "need ", ["need"]),
    ],
)
def test_marks_are_where_the_words_are(store: Store, text: str, query: str, marked: list[str]) -> None:
    conversation = store.create_conversation(title="t")
    store.close_turn(store.open_turn(conversation.id, "?")[1].id, Status.COMPLETE, content=text)
    [hit] = store.search(query)
    assert [hit.snippet[start:end] for start, end in hit.matches] == marked
    assert "\n" not in hit.snippet


def test_signs_of_markdown_are_left_out_of_replies_and_kept_in_prompts(store: Store) -> None:
    text = "# Soup\n\nTake **leek** and `salt`, see [the recipe](https://example.org)."
    conversation = store.create_conversation(title="t")
    store.close_turn(store.open_turn(conversation.id, text)[1].id, Status.COMPLETE, content=text)
    found = {hit.role: hit for hit in store.search("leek")}
    assert found["assistant"].snippet == "Soup Take leek and salt, see the recipe."
    assert found["user"].snippet == "# Soup  Take **leek** and `salt`, see [the recipe](https://example.org)."
    for hit in found.values():
        assert [hit.snippet[start:end] for start, end in hit.matches] == ["leek"]


def test_snippet_is_short_and_shows_the_first_match_in_a_long_text(store: Store) -> None:
    conversation = store.create_conversation(title="t")
    for filler in ("word " * 40_000, "слово " * 40_000, "x" * 30_000 + " "):
        text = f"{filler}the needle is here {filler}"
        store.close_turn(store.open_turn(conversation.id, "?")[1].id, Status.COMPLETE, content=text)
    hits = store.search("needle")
    assert len(hits) == 3
    for hit in hits:
        [(start, end)] = hit.matches
        assert hit.snippet[start:end] == "needle"
        assert hit.snippet[0] == hit.snippet[-1] == "…"
        assert len(hit.snippet) < 170


def test_titles_come_first_then_the_newest_messages(store: Store) -> None:
    a, b = store.create_conversation(title="Pasta al forno"), store.create_conversation(title="Other")
    for conversation in (b, a, b):
        prompt, reply = store.open_turn(conversation.id, "how long does pasta cook?")
        store.close_turn(reply.id, Status.COMPLETE, content="nine minutes")
    hits = store.search("pasta")
    assert [(hit.conversation_id, hit.role) for hit in hits] == [
        (a.id, "title"), (b.id, "user"), (a.id, "user"), (b.id, "user"),
    ]  # fmt: skip
    assert hits[0].message_id is None
    assert [hits[0].snippet[start:end] for start, end in hits[0].matches] == ["Pasta"]
    assert hits[1].message_id == prompt.id
    assert hits[1].title == "Other"
    assert len(store.search("pasta", limit=2)) == 2
    assert store.search("pasta", limit=0) == []


def test_search_in_one_conversation_goes_from_top_to_bottom(store: Store) -> None:
    a, b = store.create_conversation(title="same word"), store.create_conversation()
    for conversation in (a, b, a):
        store.close_turn(
            store.open_turn(conversation.id, "a word")[1].id, Status.COMPLETE, content="my word!"
        )
    ids = [message.id for message in store.messages(a.id)]
    assert [hit.message_id for hit in store.search("word", conversation_id=a.id)] == ids
    assert [hit.message_id for hit in store.search("!", conversation_id=a.id)] == ids[1::2]
    assert len(store.search("word", conversation_id=a.id, limit=1)) == 1


def test_trash_and_replies_in_progress_are_not_found(store: Store) -> None:
    conversation = store.create_conversation(title="nothing")
    _, reply = store.open_turn(conversation.id, "?")
    store.append_reply(reply.id, "needle")
    assert store.search("needle") == []
    store.close_turn(reply.id, Status.STOPPED)
    assert len(store.search("needle")) == 1
    store.set_archived(conversation.id, True)
    assert len(store.search("needle")) == 1
    store.trash_conversation(conversation.id)
    assert store.search("needle") == store.search("nothing") == store.search("?") == store.prompts() == []
    store.restore_conversation(conversation.id)
    assert len(store.search("needle")) == 1


def test_signs_are_found_among_more_messages_than_are_read_at_once(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search_module, "_CANDIDATES", 3)
    conversation = store.create_conversation(title="t")
    for text in ("c++ it is", "c", "c", "c", "c"):
        store.close_turn(store.open_turn(conversation.id, "?")[1].id, Status.COMPLETE, content=text)
    assert len(store.search("c++")) == 3, "words alone count where the signs are too far back"
    monkeypatch.setattr(search_module, "_CANDIDATES", 10)
    assert [hit.snippet for hit in store.search("c++")] == ["c++ it is"]


def test_prompts_come_newest_first_and_each_once(store: Store) -> None:
    conversation = store.create_conversation()
    for text in ("one", "two", "one ", "Три ёлки", "  "):
        store.open_turn(conversation.id, text)
    assert [prompt.content for prompt in store.prompts()] == ["Три ёлки", "one ", "two"]
    assert [prompt.content for prompt in store.prompts(limit=1)] == ["Три ёлки"]
    assert [prompt.content for prompt in store.prompts(filter="ЕЛКИ три")] == ["Три ёлки"]
    before = store.prompts()[1].id
    assert [prompt.content for prompt in store.prompts(before=before)] == ["two", "one"]


def indexed(path: Path) -> Path:
    with Store.open(path) as store:
        conversation = store.create_conversation(title="t")
        reply = store.open_turn(conversation.id, "ёлка")[1]
        store.close_turn(reply.id, Status.COMPLETE, content="日本語")
    return path


DAMAGE = {
    "a missing row": "DELETE FROM message_search WHERE rowid = 1",
    "changed text": "UPDATE message_search_content SET c0 = 'changed behind its back' WHERE id = 1",
    "scribbled blocks": "UPDATE message_search_data SET block = zeroblob(8) WHERE id > 10",
    "a scribbled structure": "UPDATE message_search_data SET block = x'ffffffffff' WHERE id = 10",
    "an unknown format": "UPDATE message_search_config SET v = 99 WHERE k = 'version'",
    "lost blocks": "DELETE FROM message_search_data WHERE id > 1",
}


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE)
@pytest.mark.parametrize("read_only", [False, True])
def test_a_damaged_index_is_noticed_without_writing(path: Path, damage: str, read_only: bool) -> None:
    with contextlib.closing(sqlite3.connect(indexed(path), isolation_level=None)) as con:
        con.execute(damage)
    before = path.read_bytes()
    with Store.open(path, read_only=read_only) as store:
        fault = store.search_integrity()
        assert "search index" in fault
        assert fault in store.integrity()
    assert path.read_bytes() == before


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE)
def test_a_damaged_index_is_rebuilt_after_a_backup(path: Path, damage: str) -> None:
    with contextlib.closing(sqlite3.connect(indexed(path), isolation_level=None)) as con:
        con.execute(damage)
    with Store.open(path) as store:
        backup = store.rebuild_search()
        assert store.integrity() == []
        assert len(store.search("елка")) == 1
        assert len(store.search("本語")) == 1
        [conversation] = store.conversations()
        store.open_turn(conversation.id, "later")
        store.purge_conversation(conversation.id)
        assert store.search("елка") == []
    with Store.open(backup, read_only=True) as store:
        assert store.search_integrity()
        assert [each.content for each in store.messages(conversation.id)] == ["ёлка", "日本語"]


@pytest.mark.parametrize("read_only", [False, True])
def test_an_index_that_another_process_has_changed_is_sound(
    store: Store, path: Path, read_only: bool
) -> None:
    conversation = store.create_conversation(title="t")
    store.open_turn(conversation.id, "before")
    with Store.open(path, read_only=read_only) as other:
        assert len(other.search("before")) == 1
        assert other.integrity() == []
        store.open_turn(conversation.id, "after")
        assert other.integrity() == [], "FTS5 answers from what this connection has cached"
        assert len(other.search("after")) == 1
        store.rebuild_search()
        assert other.integrity() == []
        assert len(other.search("after")) == 1
