"""Kill a process at a random moment of streaming, and compare what it had received with what is on disk.

By hand: `python tests/support/kill_writer.py --kills 200`; the exit code is 1 if the promise was broken.

The child runs several turns at a time on a service on loopback. Each reply takes seconds, counts its pieces, and
may be rewritten by the service. The child logs, with the monotonic time that all processes share, every byte of a
reply before the program takes it, and how late its heartbeat is: the time that the machine gave to others.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import json
import os
import random
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from gptalk_client.chat import Chat
from gptalk_client.models import Message, Role, Status
from gptalk_client.providers.gptalk import GPTalk
from gptalk_client.providers.stream_reader import StreamReader
from gptalk_client.store.store import Store
from gptalk_client.store.worker import StoreThread

sys.path.insert(0, str(Path(__file__).parents[1]))

from support.gptalk_server import GptalkServer, Whole, threaded_gptalk_server

PROMISED_S = 0.25
"""How old text may be, when the process is killed, that is not on disk."""

MOST_ALLOWED_S = 0.25
"""What the machine's own lateness may add to that at most."""

_TURNS_AT_ONCE = 3
_PACE_S = 0.015
_BEAT_S = 0.01
_WINDOW_S = 0.6
"""Lateness counts if it is no older than this, at the kill."""
_LONGEST_LIFE_S = 2.5
_START_TIMEOUT_S = 30
_MARK = re.compile(r"Q\d+-\d+-\d+")


def pieces_of(prompt: str) -> list[str]:
    """Return a reply of one to six seconds: its prompt's mark, then numbers; some are rewritten on the way."""
    mark = _MARK.findall(prompt)[-1]
    chance = random.Random(mark)
    pieces = [f"{mark} "]
    for number in range(chance.randint(60, 400)):
        is_anew = chance.random() < 0.01
        pieces.append(Whole(f"{mark} anew at {number} ") if is_anew else f"{number} слово\n")
    return pieces


@contextmanager
def talkative_service() -> Iterator[GptalkServer]:
    """Run the service that the children talk to."""
    with threaded_gptalk_server(compose=pieces_of, pace_s=_PACE_S) as server:
        yield server


# The child


def _log_bytes(log: int) -> None:
    """Log what each reader of a stream is given, before it takes it."""
    feed, numbers = StreamReader.feed, itertools.count(1)

    def logged(self: StreamReader, chunk: bytes, now: float) -> None:
        if not hasattr(self, "number"):
            self.number = next(numbers)  # type: ignore[attr-defined]
        _note(log, "bytes", str(self.number), chunk.hex())  # type: ignore[attr-defined]
        feed(self, chunk, now)

    StreamReader.feed = logged  # type: ignore[method-assign]


def _note(log: int, *words: str) -> None:
    os.write(log, f"{time.monotonic()} {' '.join(words)}\n".encode())


def _beat(log: int) -> None:
    """Log each beat that comes late, and by how much."""
    due = time.monotonic() + _BEAT_S
    while True:
        time.sleep(max(0.0, due - time.monotonic()))
        late_s = time.monotonic() - due
        if late_s > _BEAT_S:
            _note(log, "late", str(late_s))
        due = time.monotonic() + _BEAT_S


async def _chat_for_ever(path: Path, log: int, url: str, seed: int) -> None:
    async def converse(number: int) -> None:
        conversation = await thread.call(Store.create_conversation)
        for turn in itertools.count():
            prompt = f"Count, please. Q{seed}-{number}-{turn}"
            async for _ in chat.reply(conversation.id, prompt, provider=provider):
                pass

    threading.Thread(target=_beat, args=(log,), daemon=True).start()
    provider, thread = GPTalk(url=url), StoreThread(Store.open(path))
    chat = Chat(thread)
    await asyncio.gather(*(converse(number) for number in range(_TURNS_AT_ONCE)))


# The parent


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one kill has cost."""

    lost_s: float
    """Age of the oldest text that was received and is not on disk, at the kill; 0 if all is there."""
    allowed_s: float
    """What the machine, not the program, added to that at most."""
    problems: tuple[str, ...]

    @property
    def is_late(self) -> bool:
        """Whether more was lost than is promised."""
        return self.lost_s > PROMISED_S + self.allowed_s


@dataclass(slots=True)
class _Received:
    """What a child was given of one reply."""

    raw: bytes = b""
    states: dict[str, float] = field(default_factory=lambda: {"": 0.0})
    """Every text that the reply has been, with the time when it came."""
    done_at: float | None = None

    def take(self, time_s: float, chunk: bytes) -> None:
        *events, self.raw = (self.raw + chunk).split(b"\n\n")
        for event in events:
            data = event.removeprefix(b"data: ")
            if data == b"[DONE]":
                self.done_at = time_s
            else:
                self.states.setdefault(json.loads(data)["content"], time_s)

    @property
    def mark(self) -> str:
        found = _MARK.match(list(self.states)[-1])
        return found[0] if found else ""

    def lost_s(self, kept: str, killed_at: float) -> float:
        """Return the age of the oldest text that came after what is kept."""
        after = list(self.states).index(kept) + 1
        times = list(self.states.values())[after:]
        return killed_at - times[0] if times else 0.0


class Killer:
    """Kills children one after another on the same file; what was on disk once stays as it was.

    Args:
        folder: Where the file and the logs are kept.
        service: Who answers the children.
    """

    def __init__(self, folder: Path, service: GptalkServer) -> None:
        self._path = folder / "data" / "conversations.db"
        self._folder = folder
        self._service = service
        self._before: dict[str, Message] = {}

    def kill(self, seed: int) -> Outcome:
        """Start a child, kill it after a random time, open its file and compare."""
        log_path = self._folder / f"log-{seed}"
        asked = len(self._service.prompts)
        arguments = [str(self._path), str(log_path), self._service.url, str(seed)]
        child = subprocess.Popen([sys.executable, __file__, "--child", *arguments])
        deadline = time.monotonic() + _START_TIMEOUT_S
        while not (log_path.exists() and b" bytes " in log_path.read_bytes()):
            if child.poll() is not None or time.monotonic() > deadline:
                child.kill()
                child.wait()
                return Outcome(0, 0, ("the child did not start",))
            time.sleep(0.01)
        time.sleep(random.Random(seed).uniform(0.0, _LONGEST_LIFE_S))
        child.send_signal(signal.SIGKILL)
        killed_at = time.monotonic()
        child.wait()
        prompts = [_MARK.findall(each)[-1] for each in self._service.prompts[asked:]]
        log_lines = log_path.read_text().splitlines(keepends=True)
        return self._compare([line.split() for line in log_lines if line.endswith("\n")], prompts, killed_at)

    def _compare(self, lines: list[list[str]], prompts: list[str], killed_at: float) -> Outcome:
        replies: dict[str, _Received] = {}
        allowed_s = 0.0
        for time_s, kind, *words in lines:
            if kind == "bytes":
                replies.setdefault(words[0], _Received()).take(float(time_s), bytes.fromhex(words[1]))
            elif float(time_s) > killed_at - _WINDOW_S:
                allowed_s += float(words[0])
        allowed_s = min(allowed_s, MOST_ALLOWED_S)
        with Store.open(self._path) as store:
            problems = store.integrity()
            messages = {
                message.id: message
                for conversation in store.conversations()
                for message in store.messages(conversation.id)
            }
        problems += [f"{each} has changed" for each, was in self._before.items() if messages.get(each) != was]
        problems += [
            f"a message is {each.status}"
            for each in messages.values()
            if each.status not in (Status.COMPLETE, Status.INCOMPLETE, Status.FAILED)
        ]
        self._before = messages
        asked = {
            _MARK.findall(each.content)[-1]: each for each in messages.values() if each.role is Role.USER
        }
        answers = {each.parent_id: each for each in messages.values() if each.role is Role.ASSISTANT}
        problems += [f"the prompt {mark} was sent and is not kept" for mark in prompts if mark not in asked]
        lost_s = 0.0
        for received in replies.values():
            if not received.mark:
                continue  # the first event has not come whole
            prompt = asked.get(received.mark)
            reply = answers.get(prompt.id) if prompt is not None else None
            if reply is None:
                problems.append(f"the reply to {received.mark} has no row")
            elif reply.content not in received.states:
                problems.append(f"what is kept of {received.mark} never came: {reply.content[-80:]!r}")
            else:
                lost_s = max(lost_s, received.lost_s(reply.content, killed_at))
                if reply.status is Status.COMPLETE:
                    if received.done_at is None or reply.content != list(received.states)[-1]:
                        problems.append(f"{received.mark} passes for complete")
                elif received.done_at is not None:
                    lost_s = max(lost_s, killed_at - received.done_at)
        return Outcome(lost_s, allowed_s, tuple(problems))


def main() -> int:
    """Kill as often as asked; return 1 if the promise was broken."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--child", nargs=4)
    options = parser.parse_args()
    if options.child:
        path, log_path, url, seed = options.child
        log = os.open(log_path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        _log_bytes(log)
        asyncio.run(_chat_for_ever(Path(path), log, url, int(seed)))
    with tempfile.TemporaryDirectory() as folder, talkative_service() as service:
        killer = Killer(Path(folder), service)
        outcomes = [killer.kill(seed) for seed in range(options.kills)]
        replies = service.counts
    lost = sorted(outcome.lost_s * 1000 for outcome in outcomes)
    problems = [problem for outcome in outcomes for problem in outcome.problems]
    late = [outcome for outcome in outcomes if outcome.is_late]
    print(f"{len(lost)} kills, {replies.streams} replies begun, {replies.done} sent to their end")
    print(f"age of text lost, ms: median {lost[len(lost) // 2]:.0f}, most {lost[-1]:.0f}")
    print(f"allowed for the machine, ms: most {max(o.allowed_s for o in outcomes) * 1000:.0f}")
    print(f"lost more than {PROMISED_S * 1000:.0f} ms and that: {late or 'none'}")
    print(f"other problems: {problems or 'none'}")
    return 1 if late or problems else 0


if __name__ == "__main__":
    sys.exit(main())
