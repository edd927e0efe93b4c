"""What is in view stays in view: while text streams, after a resize, and however far one scrolls."""

from __future__ import annotations

import re
from collections.abc import Sequence

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from gptalk_client.models import BranchEntry, Role, Status
from gptalk_tui.widgets.transcript.document import Document
from gptalk_tui.widgets.transcript.marks import Marks
from gptalk_tui.widgets.transcript.position import START
from gptalk_tui.widgets.transcript.rendering import Renderer
from gptalk_tui.widgets.transcript.styles import StyleTable
from gptalk_tui.widgets.transcript.viewport import Viewport

STYLES = StyleTable()
WORDS = "one two three four five six seven eight nine ten eleven twelve thirteen fourteen"


def entry(name: str, text: str, status: Status = Status.COMPLETE, error: str = "") -> BranchEntry:
    role = Role.ASSISTANT if name.startswith("a") else Role.USER
    return BranchEntry(name, None, role, status, 0, len(text), error=error)


def viewport_of(texts: Sequence[str], *, fetched: list[str] | None = None) -> Viewport:
    """Return a viewport on alternating prompts and replies; `fetched` records which texts were read."""
    names = [f"{'a' if number % 2 else 'u'}{number}" for number in range(len(texts))]
    by_name = dict(zip(names, texts, strict=True))

    def fetch(ids: Sequence[str]) -> dict[str, str]:
        if fetched is not None:
            fetched.extend(ids)
        return {name: by_name[name] for name in ids}

    viewport = Viewport(Document(Renderer(STYLES), fetch))
    viewport.document.set_entries([entry(name, text) for name, text in by_name.items()])
    return viewport


def shown(viewport: Viewport) -> list[str]:
    return [line.strip.text.rstrip() for _, line in viewport.lines]


def everything(viewport: Viewport, width: int) -> list[str]:
    """Return all lines of the document, as shown by one tall viewport."""
    tall = Viewport(viewport.document)
    tall.is_following = False
    tall.place(width, 100_000)
    return shown(tall)


def conversation(count: int) -> list[str]:
    return [f"Number {number}. {WORDS}" + f"\n\n- {WORDS}" * (number % 3) for number in range(count)]


TEXTS = st.lists(
    st.sampled_from(
        ["", "short", WORDS, f"{WORDS}\n\n{WORDS}", "# H\n\n- a\n- b\n\n```\ncode\n```", "漢字" * 60]
    ),
    min_size=1,
    max_size=12,
)


@settings(max_examples=60, deadline=None)
@given(TEXTS, st.integers(1, 130), st.integers(1, 30), st.lists(st.integers(-40, 40), max_size=12))
@example(
    ["", "# H\n\n- a\n- b\n\n```\ncode\n```", ""], 6, 1, [0]
)  # estimates round differently once a row is measured
def test_scrolling_shows_the_lines_of_the_document(
    texts: list[str], width: int, height: int, moves: list[int]
) -> None:
    viewport = viewport_of(texts)
    viewport.place(width, height)
    lines = everything(viewport, width)
    assert shown(viewport) == lines[-height:]
    viewport.is_following = False
    at = max(0, len(lines) - height)
    for by in moves:
        viewport.scroll(by)
        viewport.place(width, height)
        at = min(max(0, at + by), max(0, len(lines) - height))
        assert shown(viewport) == lines[at : at + height]
        assert viewport.top_line == at


@settings(max_examples=40, deadline=None)
@given(TEXTS, st.integers(2, 120), st.integers(1, 20), st.data())
def test_any_line_can_be_jumped_to(texts: list[str], width: int, height: int, data: st.DataObject) -> None:
    viewport = viewport_of(texts)
    lines = everything(viewport, width)
    viewport.is_following = False
    line = data.draw(st.integers(0, max(0, len(lines) - height)))
    viewport.place(width, height)
    viewport.top = viewport.document.position_at(line)
    viewport.place(width, height)
    assert shown(viewport) == lines[line : line + height]


def test_opening_reads_and_renders_only_what_is_in_view() -> None:
    fetched: list[str] = []
    viewport = viewport_of(conversation(5000), fetched=fetched)
    viewport.place(100, 40)
    assert "Number 4999." in "\n".join(shown(viewport))
    assert len(fetched) < 60
    assert viewport.document.rendered_rows < 80


def test_text_streaming_below_moves_nothing() -> None:
    viewport = viewport_of(conversation(20))
    document = viewport.document
    document.append(entry("a-live", "", Status.STREAMING))
    viewport.place(80, 20)
    viewport.is_following = False
    viewport.scroll(-15)
    viewport.place(80, 20)
    before = shown(viewport)
    for number in range(60):
        document.append_text(20, f"Line {number} of it.\n\n")
        viewport.place(80, 20)
        assert shown(viewport) == before
    assert not viewport.is_at_end


def test_the_last_word_of_a_reply_is_in_view_while_following() -> None:
    viewport = viewport_of(conversation(4))
    document = viewport.document
    document.append(entry("a-live", "", Status.STREAMING))
    for number in range(200):
        document.append_text(4, f"- word{number}\n" if number % 7 else f"\n\nword{number} ")
        viewport.place(80, 12)
        assert f"word{number}" in "\n".join(shown(viewport))


@pytest.mark.parametrize("width", [37, 60, 130, 200])
def test_resizing_keeps_the_word_at_the_top(width: int) -> None:
    viewport = viewport_of([" ".join(f"word{number}" for number in range(2000))] * 2)
    viewport.place(90, 20)
    viewport.is_following = False
    viewport.scroll(-60)
    viewport.place(90, 20)
    first = shown(viewport)[0].split()[0]
    viewport.place(width, 20)
    assert first in shown(viewport)[0].split()


def test_a_long_text_is_split_completely_in_slices() -> None:
    text = "".join(f"Paragraph {number} with some words.\n\n" for number in range(20_000))
    viewport = viewport_of(["Go", text])
    viewport.place(80, 20)
    slices = 0
    while viewport.document.work():
        slices += 1
    viewport.place(80, 20)
    assert slices > 10
    assert not viewport.document.has_work
    assert "Paragraph 19999 with some words." in shown(viewport)[-1]


def test_the_current_match_stays_on_its_word_while_the_reply_streams() -> None:
    document = Document(Renderer(STYLES))
    document.set_entries([entry("a1", "", Status.STREAMING)], {"a1": "A paragraph\n# Heading"})
    marks = Marks(lambda text: [match.span() for match in re.finditer("Heading", text)])
    place = marks.place(document, 0, 1)
    assert place is not None
    marks.current = place.spot
    document.append_text(0, " of it\n\nMore.\n\nAnd more.")
    marks.keep(document, 0)
    spot = marks.current
    assert spot is not None
    assert document.rendered(0, spot.row).plain[spot.logical][spot.offset :] == "Heading of it"


def test_a_failure_is_shown_below_the_text() -> None:
    document = Document(Renderer(STYLES))
    document.set_entries([entry("a1", "Part", Status.INCOMPLETE, "The line \x1b[2J broke.")], {"a1": "Part"})
    viewport = Viewport(document)
    viewport.place(60, 10)
    assert [line.strip() for line in shown(viewport)] == [
        "",
        "Part",
        "",
        "▌ Incomplete. The line ␛[2J broke.",
    ]


def test_an_empty_reply_is_explained() -> None:
    document = Document(Renderer(STYLES))
    document.set_entries([entry("a1", "")], {"a1": ""})
    viewport = Viewport(document)
    viewport.place(60, 10)
    assert "The service answered with an empty reply." in "\n".join(shown(viewport))


def test_an_empty_conversation_has_no_lines() -> None:
    viewport = Viewport(Document(Renderer(STYLES)))
    viewport.place(80, 24)
    assert viewport.lines == []
    assert viewport.top == START
    assert viewport.is_at_end


def test_caches_stay_bounded() -> None:
    viewport = viewport_of(conversation(1500))
    viewport.place(80, 30)
    viewport.is_following = False
    for _ in range(300):
        viewport.scroll(-29)
        viewport.place(80, 30)
    viewport.place(60, 30)
    document = viewport.document
    assert len(document._open) <= 256
    assert document._cached_lines <= 3000
    assert document._cached_lines == sum(len(each.rendered.lines) for each in document._cache.values())
