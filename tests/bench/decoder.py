"""What it costs to take in a cumulative reply: CPU seconds beside only receiving it.

    python tests/bench/decoder.py [--kb 100] [--step 20] [--repeat 3]

A reply of 100 kB that grows by 20 bytes an event crosses the wire as 5,120 events and 272 MB. The server is a
process of its own, and so is each run of each way of reading. The medians are printed as ratios to
"receive only", which takes the bytes through the same HTTP client and drops them.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import resource
import statistics
import subprocess
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

WAYS = {
    "plain": "receive only, httpx's own network and aiter_raw",
    "receive": "receive only, this client's network",
    "frame": "ours, asked 30 times a second",
    "flat": "ours, asked at once each time",
    "every": "every event decoded with msgspec",
}


def cpu_s() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


async def serve(total: int, step: int) -> None:
    from support.raw_server import Connection, RawServer

    text = ("The quick brown fox jumps over the lazy dog. " * (total // 40 + 1))[:total]

    async def handle(connection: Connection) -> None:
        while (request := await connection.request()) is not None:
            if request.path.endswith("/login"):
                await connection.answer({"data": {"token": "t", "expires_at": time.time() + 9999}})
            elif request.path.endswith("/text"):
                await connection.answer({"data": {"token": "s"}})
            else:
                await connection.start_stream()
                for end in range(step, total + step, step):
                    event = b'data: {"content": "%s"}\n\n' % text[:end].encode()
                    connection.writer.write(b"%x\r\n%b\r\n" % (len(event), event))
                    await connection.writer.drain()
                await connection.chunk(b"data: [DONE]\n\n")
                await connection.end_stream()

    async with RawServer(handle) as server:
        print(server.url, flush=True)
        await asyncio.Event().wait()


async def read(way: str, url: str) -> tuple[float, float, int, int]:
    """Return CPU seconds, wall seconds, characters of the reply and how often something new was told."""
    import httpx

    from gptalk_client.models import ReplyRequest, TextAdded
    from gptalk_client.providers import gptalk_requests as requests
    from gptalk_client.providers.event_stream import EventStreamDecoder
    from gptalk_client.providers.gptalk import GPTalk
    from gptalk_client.providers.json_text import decode_json

    provider = GPTalk(url=url)
    await provider.warm_up()
    size = told = 0

    class Dropped:
        data_at = 0.0
        is_over = False

        def __init__(self) -> None:
            self.ended = asyncio.Event()

        def feed(self, chunk: bytes, now: float) -> None:
            nonlocal size
            size += len(chunk)

        def end(self, error: BaseException | None) -> None:
            self.ended.set()

    class Decoded(Dropped):
        decoder = EventStreamDecoder()

        def feed(self, chunk: bytes, now: float) -> None:
            nonlocal size, told
            for event in self.decoder.feed(chunk):
                raw = bytes(event)
                if raw != b"[DONE]":
                    size, told = len(decode_json(raw)["content"]), told + 1

    cpu, wall = cpu_s(), time.perf_counter()
    if way == "plain":
        async with (
            httpx.AsyncClient() as client,
            client.stream("GET", f"{url}/api/chatgpt/chatapi/stream") as answer,
        ):
            async for chunk in answer.aiter_raw():
                size += len(chunk)
    elif way in ("receive", "every"):
        sink = Dropped() if way == "receive" else Decoded()
        await provider._http.stream(requests.stream_request(url, "s"), sink)
        await sink.ended.wait()
    else:
        async for event in provider.stream(ReplyRequest([{"role": "user", "content": "x"}])):
            if isinstance(event, TextAdded):
                size, told = size + len(event.text), told + 1
                if way == "frame":
                    await asyncio.sleep(1 / 30)
    spent = cpu_s() - cpu, time.perf_counter() - wall
    await provider.aclose()
    return *spent, size, told


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--kb", type=int, default=100)
    parser.add_argument("--step", type=int, default=20)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--read", nargs=2, metavar=("WAY", "URL"), help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.serve:
        asyncio.run(serve(given.kb * 1024, given.step))
    elif given.read:
        print(json.dumps(asyncio.run(read(*given.read))))
    else:
        report(given.kb, given.step, given.repeat)


def report(kb: int, step: int, repeat: int) -> None:
    this = [sys.executable, __file__]
    with subprocess.Popen(
        [*this, "--serve", "--kb", str(kb), "--step", str(step)], stdout=subprocess.PIPE, text=True
    ) as server:
        assert server.stdout is not None
        url = server.stdout.readline().strip()
        found: dict[str, list[list[float]]] = {way: [] for way in WAYS}
        try:
            for _ in range(repeat):
                for way in WAYS:
                    done = subprocess.run(
                        [*this, "--read", way, url], capture_output=True, text=True, check=True
                    )
                    found[way].append(json.loads(done.stdout))
        finally:
            server.terminate()
    median = {way: statistics.median(run[0] for run in runs) for way, runs in found.items()}
    print(f"{kb} kB in {kb * 1024 // step} events; medians of {repeat}")
    print(f"{'':50}{'CPU s':>8}{'ratio':>8}{'wall s':>8}{'told':>8}")
    for way, name in WAYS.items():
        wall = statistics.median(run[1] for run in found[way])
        told = found[way][-1][3]
        print(f"{name:50}{median[way]:8.2f}{median[way] / median['receive']:8.2f}{wall:8.2f}{told:8}")


if __name__ == "__main__":
    main()
