"""`ask` against an engine that plays the shapes of today's engines: output, exit codes and JSON."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from gptalk_client.errors import TEXT_KEPT
from gptalk_client.models import Status
from gptalk_client.store.store import Store
from support.command_line import Outcome, run_process
from support.engine_shapes import DONE, STOP, USAGE, delta, event, text
from support.raw_server import Connection, RawServer

THINKING = [
    delta(reasoning_content="6 times "),
    delta(reasoning_content="7."),
    text("So: 42."),
    STOP,
    USAGE,
    DONE,
]
CODE = [
    text("<think>\n```python\nprint('wrong')\n```\n</think>\n\n"),
    text("```python\nprint('right')\n```\n"),
    STOP,
    DONE,
]


async def ask(pieces: list[bytes], *options: str, model: str = "m") -> Outcome:
    async def engine(connection: Connection) -> None:
        while (asked := await connection.request()) is not None:
            if asked.method == "GET":
                await connection.answer({"data": [{"id": "first"}]})
                continue
            await connection.start_stream()
            await connection.chunk(*pieces)
            await connection.end_stream()

    async with RawServer(engine) as server:
        chosen = ("-m", model) if model else ()
        arguments = ("ask", "Hi", "--provider", "openai", "--url", server.url, *chosen, *options)
        return await asyncio.to_thread(run_process, *arguments)


async def ask_json(pieces: list[bytes], *options: str, model: str = "m") -> dict[str, Any]:
    done = await ask(pieces, "--json", *options, model=model)
    answer: dict[str, Any] = json.loads(done.out)
    return answer


# name: the pieces, the exit code, standard output, what standard error says
ENDINGS: dict[str, tuple[list[bytes], int, str, str]] = {
    "stop": ([text("Fine."), STOP, DONE], 0, "Fine.\n", ""),
    "length": ([text("A reply tha"), delta("length"), DONE], 1, "A reply tha\n", "Cut at the length limit."),
    "content filter": ([text("How to "), delta("content_filter"), DONE], 1, "How to \n", "content filter"),
    "refusal": ([delta(refusal="I can't."), STOP, DONE], 0, "I can't.\n", "refused to answer"),
    "tool calls": (
        [delta(tool_calls=[{"function": {"name": "f", "arguments": "{}"}}]), delta("tool_calls"), DONE],
        1, "", "wanted to call f({})",
    ),
    "an error": ([text("Half"), event({"error": {"message": "It disconnected"}})], 3, "Half\n", "It disconn"),
    "too long": (
        [event({"error": {"message": "maximum context length is 8 tokens"}})],
        3, "", "fork it from an earlier message, or start a new one. `-o context_messages=10`",
    ),
    "unknown model": (
        [event({"error": {"message": "The model `m` does not exist"}})],
        3, "", "Choose another model. -m sets it.",
    ),
    "only reasoning": ([delta(reasoning="hm"), STOP, DONE], 1, "", "It ran out before it answered."),
    "nothing": ([STOP, DONE], 0, "", "an empty reply"),
}  # fmt: skip


@pytest.mark.parametrize(("pieces", "code", "out", "err"), ENDINGS.values(), ids=ENDINGS)
async def test_ending_decides_the_exit_code(
    pieces: list[bytes], code: int, out: str, err: str, data: Path
) -> None:
    done = await ask(pieces)
    assert (done.code, done.out) == (code, out)
    assert err in done.err
    assert bool(err) is bool(done.err)


async def test_json_says_all_that_is_known_of_the_reply(data: Path) -> None:
    answer = await ask_json(THINKING)
    assert {name: answer[name] for name in answer if not name.endswith("_id")} == {
        "content": "So: 42.",
        "reasoning": "6 times 7.",
        "status": "complete",
        "finish_reason": "stop",
        "error": None,
        "model": "m",
        "provider": "openai",
        "usage": {"prompt_tokens": 1200, "completion_tokens": 34, "reasoning_tokens": 20},
    }
    with Store.open(data / "conversations.db", read_only=True) as store:
        reply = store.message(answer["message_id"])
    assert (reply.reasoning, reply.provider, reply.model) == ("6 times 7.", "openai", "m")
    assert reply.usage is not None
    assert reply.duration_ms is not None


@pytest.mark.parametrize("options", [(), ("--no-save",)], ids=["saved", "not saved"])
async def test_json_names_the_model_that_answered_by_default(data: Path, options: tuple[str, ...]) -> None:
    answer = await ask_json([text("Fine."), DONE], *options, model="")
    assert (answer["model"], answer["provider"]) == ("first", "openai")
    assert (answer["finish_reason"], answer["reasoning"], answer["usage"]) == (None, None, None)


async def test_reasoning_is_printed_on_request_and_to_standard_error(data: Path) -> None:
    done = await ask(THINKING)
    assert (done.code, done.out, done.err) == (0, "So: 42.\n", "")
    done = await ask(THINKING, "--show-reasoning")
    assert (done.code, done.out, done.err) == (0, "So: 42.\n", "6 times 7.\n")


async def test_code_block_is_never_one_of_the_reasoning(data: Path) -> None:
    done = await ask(CODE, "-x")
    assert (done.code, done.out) == (0, "print('right')\n")


async def test_reply_that_is_not_saved_does_not_claim_to_be(data: Path) -> None:
    done = await ask([text("Half")], "--no-save")
    assert (done.code, done.out) == (3, "Half\n")
    assert "kept" not in done.err
    assert TEXT_KEPT in (await ask([text("Half")])).err


async def test_cut_reply_is_stored_as_incomplete(data: Path) -> None:
    await ask(ENDINGS["length"][0])
    with Store.open(data / "conversations.db", read_only=True) as store:
        conversation = store.latest_conversation()
        assert conversation is not None
        reply = store.messages(conversation.id)[-1]
    assert (reply.status, reply.finish_reason, reply.error) == (
        Status.INCOMPLETE,
        "length",
        "Cut at the length limit.",
    )
