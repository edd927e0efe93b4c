"""llama.cpp's own OpenAI-compatible server with the small model: a real peer, in a process of its own.

Run as a program it serves until its standard input ends; its first line of output is its address.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from gptalk_client.embedded import weights
from gptalk_client.errors import LocalModelError

MODELS_DIR = Path(
    os.environ.get("GPTALK_TEST_MODELS") or Path.home() / ".cache" / "gptalk-tui-tests" / "models"
).absolute()
"""Where the real weights are kept between runs; read at import, before each test gets a home of its own."""

KEY = "sk-the-peers-own-key"
CONTEXT_TOKENS = 1024


def weights_or_skip() -> Path:
    """Return the folder with the real weights, fetched once; skip the test where they cannot be had."""
    try:
        weights.pull(MODELS_DIR, cancel=threading.Event())
    except LocalModelError as err:
        pytest.skip(f"the weights could not be fetched (offline): {err.message}")
    return MODELS_DIR


@dataclass(frozen=True)
class Peer:
    """A server that runs."""

    url: str
    model: str
    """The only model's name."""

    @property
    def is_writing(self) -> bool:
        """Whether it works on a reply."""
        request = urllib.request.Request(f"{self.url}/slots", headers={"authorization": f"Bearer {KEY}"})
        with urllib.request.urlopen(request, timeout=10) as answer:
            return any(slot["is_processing"] for slot in json.load(answer))


@contextlib.contextmanager
def openai_peer() -> Iterator[Peer]:
    """Run the server; skip the test where the weights or the engine cannot be had."""
    pytest.importorskip("xllamacpp")
    model_file = weights.resolve(weights_or_skip(), None)
    with subprocess.Popen(
        [sys.executable, __file__, str(model_file), model_file.stem],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            url = process.stdout.readline().strip()
            assert url.startswith("http://127.0.0.1:"), f"the server ended with {process.wait(10)}"
            yield Peer(url, model_file.stem)
        finally:
            process.stdin.close()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()


def _serve(model_file: str, name: str) -> None:
    import xllamacpp

    params = xllamacpp.CommonParams()
    params.model.path = model_file
    params.model_alias = {name}
    params.n_ctx = CONTEXT_TOKENS
    params.n_parallel = 1
    for processors in (params.cpuparams, params.cpuparams_batch):
        processors.n_threads = 1
    params.warmup = False
    params.verbosity = -1
    params.hostnames = ["127.0.0.1"]
    params.port = 0
    params.api_keys = [KEY]
    params.endpoint_slots = True
    server = xllamacpp.Server(params)
    print(server.listening_address, flush=True)
    sys.stdin.read()
    os._exit(0)  # a reply under way must not hold up the end


if __name__ == "__main__":
    _serve(*sys.argv[1:])
