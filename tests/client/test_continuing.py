"""A cut or stopped reply goes on: what comes is joined to its text, whatever the engine repeats."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import aclosing
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gptalk_client.chat import Chat
from gptalk_client.continuing import CONTINUE, Joint
from gptalk_client.errors import NetworkError, ServerError, UsageError
from gptalk_client.models import Finished, Message, Status, TextReplaced, Usage, UsageReported
from gptalk_client.store.store import Store
from support.scripted_provider import ScriptedProvider, Step
from support.until import until

TEXT = "The quick brown fox jumps over the lazy dog and"


def joined(before: str, pieces: Sequence[str], *, is_prefilled: bool = False) -> str:
    joint = Joint(before, is_prefilled=is_prefilled)
    return before + "".join([joint.add(piece) for piece in pieces] + [joint.rest()])


@pytest.mark.parametrize(
    ("pieces", "added"),
    [
        ([" runs away."], " runs away."),
        (["runs away."], " runs away."),  # an answer of its own begins without the space
        (["over the lazy dog and runs away."], " runs away."),
        (["over ", "the lazy", " dog and", " runs away."], " runs away."),
        ([TEXT, " runs away."], " runs away."),
        (["the lazy dog"], ""),  # it broke off within its repetition
        (["and another"], " and another"),  # a word recurs by chance
        (["。"], "。"),
        ([], ""),
    ],
)
def test_what_is_repeated_is_cut(pieces: list[str], added: str) -> None:
    assert joined(TEXT, pieces) == TEXT + added


def test_an_engine_that_goes_on_from_the_text_may_repeat_lines() -> None:
    before = "    return None\n    return None\n"
    assert joined(before, ["    return None\n"], is_prefilled=True) == before + "    return None\n"
    assert joined("wor", ["ld"], is_prefilled=True) == "world"
    assert joined(TEXT, [TEXT + " so on"], is_prefilled=True) == TEXT + " so on"


@given(st.text(min_size=1, max_size=60), st.text(max_size=60), st.integers(1, 7), st.integers(0, 60))
def test_no_text_is_lost_however_it_is_split(before: str, added: str, size: int, overlap: int) -> None:
    repeated = before[len(before) - min(overlap, len(before)) :]
    whole = repeated + added
    pieces = [whole[at : at + size] for at in range(0, len(whole), size)]
    found = joined(before, pieces)
    assert found.startswith(before)
    assert found == joined(before, [whole])
    rest = found[len(before) :]
    assert whole.endswith(rest) or rest == f" {whole}"
    assert len(whole) - len(rest) <= len(before)


class Prefilling(ScriptedProvider):
    """Goes on from a text."""

    async def continues_text(self) -> bool:
        return True


def cut_reply(store: Store) -> Message:
    conversation = store.create_conversation()
    _, reply = store.open_turn(conversation.id, "Tell me.")
    return store.close_turn(reply.id, Status.INCOMPLETE, content=TEXT, error="Cut at the length limit.")


async def rest_of(store: Store, reply: Message, provider: ScriptedProvider) -> Message:
    async with Chat(store) as chat, aclosing(chat.continue_reply(reply.id, provider=provider)) as turn:
        async for _ in turn:
            pass
        assert turn.ended is not None
        return turn.ended.reply


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "conversations.db"


async def test_the_rest_is_appended_to_the_same_message(path: Path) -> None:
    provider = Prefilling([" runs", " away.", UsageReported(Usage(9, 3)), Finished("stop")])
    with Store.open(path) as store:
        reply = cut_reply(store)
        ended = await rest_of(store, reply, provider)
        assert (ended.id, ended.status, ended.error) == (reply.id, Status.COMPLETE, "")
        assert store.message(reply.id).content == TEXT + " runs away."
        assert [hit.message_id for hit in store.search("away")] == [reply.id]
        [request] = provider.requests
        assert request.is_continued
        assert request.messages[-1] == {"role": "assistant", "content": TEXT}
        assert len(store.messages(reply.conversation_id)) == 2
        assert store.integrity() == []


@pytest.mark.parametrize("provider", [ScriptedProvider, Prefilling], ids=["asks", "was refused"])
async def test_an_engine_that_cannot_is_asked_in_words(path: Path, provider: type[ScriptedProvider]) -> None:
    steps: list[list[Step]] = [["runs away."]]
    if provider is Prefilling:
        steps.insert(0, [ServerError("Prefill is not compatible with thinking.", status=400)])
    asked = provider(*steps)
    with Store.open(path) as store:
        ended = await rest_of(store, cut_reply(store), asked)
        assert ended.content == TEXT + " runs away."
        assert [m["content"] for m in asked.requests[-1].messages] == ["Tell me.", TEXT, CONTINUE]
        assert not asked.requests[-1].is_continued


@pytest.mark.parametrize(
    ("steps", "status", "content"),
    [
        ([" runs", Finished("length")], Status.INCOMPLETE, TEXT + " runs"),
        ([" runs", NetworkError("No line.")], Status.INCOMPLETE, TEXT + " runs"),
        ([NetworkError("No line.")], Status.INCOMPLETE, TEXT),
        ([" run", TextReplaced(" walks away.")], Status.COMPLETE, TEXT + " walks away."),
    ],
)
async def test_a_second_cut_keeps_the_text(
    path: Path, steps: list[Step], status: Status, content: str
) -> None:
    with Store.open(path) as store:
        ended = await rest_of(store, cut_reply(store), Prefilling(steps))
        assert (ended.status, ended.content) == (status, content)
        again = await rest_of(store, cut_reply(store), Prefilling([" at last."]))
        assert again.status is Status.COMPLETE


async def test_what_has_come_is_on_disk_when_the_program_dies(path: Path) -> None:
    gate = asyncio.Event()
    with Store.open(path) as store:
        reply = cut_reply(store)
        turn = Chat(store, flush_s=0.0).continue_reply(
            reply.id, provider=Prefilling([" runs across the field", gate])
        )
        reading = asyncio.ensure_future(_read(turn))
        await until(lambda: "field" in store.message(reply.id).content)
        assert store.message(reply.id).status is Status.STREAMING
        store.close()
        with Store.open(path) as later:
            kept = later.message(reply.id)
            assert (kept.status, kept.content) == (Status.INCOMPLETE, TEXT + " runs across the field")
            assert later.integrity() == []
        reading.cancel()
        await asyncio.wait({reading})


async def _read(turn: object) -> None:
    async for _ in turn:  # type: ignore[attr-defined]
        pass


def test_only_an_unfinished_reply_at_the_end_can_be_continued(path: Path) -> None:
    with Store.open(path) as store:
        reply = cut_reply(store)
        with pytest.raises(UsageError):
            store.reopen_reply(str(reply.parent_id))
        store.open_turn(reply.conversation_id, "and then?")
        with pytest.raises(UsageError, match="end of its branch"):
            store.reopen_reply(reply.id)
