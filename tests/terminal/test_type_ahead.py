"""Keys in one burst, from quick hands or over a slow line, have the effect of keys one by one."""

from __future__ import annotations

from pathlib import Path

import pytest

from gptalk_client.store.store import Store
from support.gptalk_server import GptalkServer
from support.terminal import (
    CTRL_F,
    CTRL_N,
    CTRL_P,
    CTRL_Q,
    CTRL_S,
    CTRL_T,
    DOWN,
    ENTER,
    ENTER_KEY,
    ESCAPE,
    F2,
    READY,
    TAB,
    UP,
)


def test_what_is_typed_behind_a_key_reaches_what_the_key_opened(
    start, service: GptalkServer, data: Path
) -> None:
    service.answer("whale", "A whale is no fish")
    with start(size=(120, 36)) as terminal:
        terminal.wait_for(READY)
        terminal.send("About a whale" + ENTER_KEY + "next thought")
        terminal.wait_for("A whale is no fish")
        terminal.wait_for("next thought")
        terminal.send(CTRL_F + "whale")
        terminal.wait_for("1/2")
        assert "next thought" in terminal.text
        terminal.send(TAB + " is no fish" + ENTER + ESCAPE)
        terminal.wait_for(lambda t: "Find" not in t.text and "Search all" not in t.text, "back in the text")
        terminal.send(F2 + "\x15Leviathan" + ENTER)
        terminal.wait_for("gptalk-tui   Leviathan")
        terminal.send(CTRL_P + "new conv" + ENTER_KEY + "a draft")
        terminal.wait_for("Type below")
        terminal.wait_for("a draft")
        terminal.send(CTRL_S + "Levia" + ENTER_KEY + " and more")
        terminal.wait_for("next thought and more")
        terminal.send(CTRL_T + TAB + "model-x" + CTRL_T)
        terminal.wait_for("use it anyway")  # the service lists no such model
        terminal.send("y!")
        terminal.wait_for("model-x")
        terminal.wait_for("and more!")
        terminal.send("\x15/ren" + ENTER)  # completed before the prompt is read as a whole
        terminal.wait_for("Rename “Leviathan”")
        terminal.send(ESCAPE)
        terminal.wait_for(lambda t: "Rename “" not in t.text, "the dialog closes")
        assert terminal.end(CTRL_Q) == 0
        assert terminal.complaints() == []
    assert len(service.prompts) == 1
    with Store.open(data / "conversations.db") as store:
        assert sorted(each.draft for each in store.conversations()) == ["", "a draft"]


def test_prompts_are_sent_in_the_conversations_that_they_were_typed_in(
    start, service: GptalkServer, data: Path, kept
) -> None:
    with start() as terminal:
        terminal.wait_for(READY)
        terminal.send("first" + ENTER + CTRL_N + "second" + ENTER + CTRL_N + "third" + ENTER)
        terminal.wait_for(lambda _: [each[1] for each in kept()] == ["complete"] * 6, "three replies")
        terminal.send(UP + UP + DOWN + "!" + ENTER)
        terminal.wait_for(lambda _: len(service.prompts) == 4, "an earlier prompt once more")
        assert terminal.end(CTRL_Q) == 0
    with Store.open(data / "conversations.db") as store:
        found = sorted(store.messages(each.id)[0].content for each in store.conversations())
    assert found == ["first", "second", "third"]
    assert "third!" in service.prompts[3]


@pytest.mark.parametrize("draft", ["", "a draft"])
def test_what_is_typed_while_the_app_starts_is_for_what_it_opens(
    start, service: GptalkServer, data: Path, draft: str
) -> None:
    with Store.open(data / "conversations.db") as store:
        there = store.create_conversation()
        store.open_turn(there.id, "Hello")
        store.set_draft(there.id, draft)
    with start() as terminal:
        # The first paint, or soon after it: where the conversations are open already, the draft is there.
        terminal.wait_for(lambda t: "Write a message" in t.text or (draft and draft in t.text), "a composer")
        terminal.send("quick hands" + ENTER)
        terminal.wait_for("Hello from the service")
        assert terminal.end(CTRL_Q) == 0
    with Store.open(data / "conversations.db") as store:
        (conversation,) = store.conversations()
        assert conversation.draft == ""
        texts = [each.content for each in store.messages(conversation.id)]
    # The words may also have come just behind the draft: then they go on where it ends.
    assert {f"{draft}\nquick hands".strip(), f"{draft}quick hands"} & set(texts)
