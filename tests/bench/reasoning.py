"""What a megabyte of reasoning costs beside one of text: CPU of decoding it, and of a turn with its store.

    python tests/bench/reasoning.py [--kb 1024] [--step 40] [--repeat 5]

Text and reasoning are fed in turns, so that both meet the same machine. The medians of the ratios are printed.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncGenerator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

WORDS = "The quick brown fox jumps over the lazy dog, `code` and all.\n"


def stream_of(field: str, total: int, step: int) -> bytes:
    text = (WORDS * (total // len(WORDS) + 1))[:total]
    pieces = [
        b"data: "
        + json.dumps({"choices": [{"index": 0, "delta": {field: text[at : at + step]}}]}).encode()
        + b"\n\n"
        for at in range(0, total, step)
    ]
    end = b'data: {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}\n\ndata: [DONE]\n\n'
    return b"".join(pieces) + end


def tagged(total: int, step: int) -> bytes:
    head = b'data: {"choices": [{"index": 0, "delta": {"content": "<think>"}}]}\n\n'
    return head + stream_of("content", total, step)


def decode_s(stream: bytes) -> float:
    from gptalk_client.providers.event_stream import EventStreamDecoder
    from gptalk_client.providers.openai_decoder import OpenAIReply

    decoder, reply = EventStreamDecoder(), OpenAIReply()
    start = time.process_time()
    for at in range(0, len(stream), 16_384):
        for event in decoder.feed(stream[at : at + 16_384]):
            reply.push(event)
        while reply.take() is not None:
            pass
    while reply.take_held() is not None:
        pass
    spent = time.process_time() - start
    assert reply.is_done
    return spent


async def turn_s(stream: bytes, folder: Path) -> float:
    from gptalk_client.chat import Chat
    from gptalk_client.models import ReplyEvent, ReplyRequest
    from gptalk_client.providers.base import Provider
    from gptalk_client.providers.openai_decoder import OpenAIReply
    from gptalk_client.providers.stream_reader import StreamReader
    from gptalk_client.store.store import Store
    from gptalk_client.store.worker import StoreThread

    class Canned(Provider):
        name, service = "canned", "bench"

        async def stream(self, request: ReplyRequest) -> AsyncGenerator[ReplyEvent, None]:
            reader = StreamReader(OpenAIReply())

            async def feed() -> None:
                for at in range(0, len(stream), 16_384):
                    reader.feed(stream[at : at + 16_384], 0.0)
                    await asyncio.sleep(0)
                reader.end(None)

            feeding = asyncio.ensure_future(feed())
            async for event in reader.events():
                yield event
            await feeding

        async def aclose(self) -> None:
            pass

    with Store.open(folder / "conversations.db") as store:
        thread = StoreThread(store)
        chat = Chat(thread)
        conversation = store.create_conversation()
        start = time.process_time()
        async for _ in chat.reply(conversation.id, "hi", provider=Canned()):
            pass
        spent = time.process_time() - start
        await chat.aclose()
        await thread.aclose()
    return spent


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kb", type=int, default=1024)
    parser.add_argument("--step", type=int, default=40, help="characters of one event")
    parser.add_argument("--repeat", type=int, default=5)
    given = parser.parse_args()
    total = given.kb * 1024
    streams = {
        "text": stream_of("content", total, given.step),
        "reasoning_content": stream_of("reasoning_content", total, given.step),
        "between tags": tagged(total, given.step),
    }
    decoded: dict[str, list[float]] = {name: [] for name in streams}
    whole: dict[str, list[float]] = {name: [] for name in streams}
    for _ in range(given.repeat):
        for name, stream in streams.items():
            decoded[name].append(decode_s(stream))
            with tempfile.TemporaryDirectory() as folder:
                whole[name].append(asyncio.run(turn_s(stream, Path(folder))))
    for what, spent in (("decode", decoded), ("turn", whole)):
        for name, runs in spent.items():
            ratio = statistics.median(a / b for a, b in zip(runs, spent["text"], strict=True))
            print(f"{what:7} {name:18} {statistics.median(runs) * 1000:7.0f} ms   {ratio:.2f} of text")


if __name__ == "__main__":
    main()
