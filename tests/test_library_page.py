"""Every example of docs/library.md runs as it is."""

from __future__ import annotations

import asyncio
import os
import re
import sys
from pathlib import Path

import pytest

import gptalk_client
from support.gptalk_server import GptalkServer
from support.gptalk_wire import answers, stream_of
from support.raw_server import Connection, RawServer

PAGE = (Path(__file__).parent.parent / "docs" / "library.md").read_text("utf-8")
EXAMPLES = {
    f"{title} {number}": code
    for title, text in re.findall(r"^## (.+?)$(.*?)(?=^## |\Z)", PAGE, re.MULTILINE | re.DOTALL)
    for number, code in enumerate(re.findall(r"```python\n(.*?)```", text, re.DOTALL), 1)
}
PRINTS = {
    "GPTalk, as a class 1": "Fine.Fine.\nFine.",
    "GPTalk, as an instance 1": "Fine.\n1\n",
    "AuthCache 1": " 0 False\n",
    "OpenAI 1": "['small']\nHello!",
    "Provider 1": "Hello\n",
    "Store 1": "Tides 0\nTides Tides\n",
    "Chat 1": "Fine.complete \n",
    "Errors 1": "Message 1 has no text.\n",
}


async def engine(connection: Connection) -> None:
    while (request := await connection.request()) is not None:
        text = (
            b'data: {"choices": [{"index": 0, "delta": {"content": "Hello!"}, "finish_reason": "stop"}]}\n\n'
        )
        models = answers(("200 OK", b'{"data": [{"id": "small"}]}', ""))
        await (models if request.path == "/v1/models" else stream_of(text, b"data: [DONE]\n\n"))(
            connection, request
        )


@pytest.mark.parametrize("name", EXAMPLES)
async def test_an_example_runs(name: str, tmp_path: Path) -> None:
    async with GptalkServer("Fine.") as service, RawServer(engine) as openai:
        code = (
            EXAMPLES[name]
            .replace("http://127.0.0.1:11434", openai.url)
            .replace("https://gptalk.net", service.url)
        )
        code = f"import gptalk_client\ngptalk_client.GPTalk.url = {service.url!r}\n{code}"
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-W", "error", "-c", code),
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE, cwd=tmp_path,
            env={**os.environ, "PYTHONUTF8": "1"},
        )  # fmt: skip
        out, err = await asyncio.wait_for(process.communicate(), 60)
    assert (err.decode(), process.returncode) == ("", 0)
    assert out.decode().endswith(PRINTS[name])


def test_every_example_is_checked() -> None:
    assert list(EXAMPLES) == list(PRINTS)


def test_every_name_on_the_page_is_public() -> None:
    imports = re.findall(r"^from gptalk_client import (.+)$", PAGE, re.MULTILINE)
    named = {name for line in imports for name in line.split(", ")}
    assert len(named) >= 10
    assert named <= set(gptalk_client.__all__)
    assert "from gptalk_client." not in PAGE
