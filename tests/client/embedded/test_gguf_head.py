"""The head of a GGUF file is read, and what is none is refused in words."""

from __future__ import annotations

import os
import struct
from collections.abc import Callable
from pathlib import Path

import pytest

from gptalk_client.embedded.gguf import read_info
from gptalk_client.embedded.weights import list_models
from gptalk_client.errors import LocalModelError, Remedy
from support.weights_package import gguf_bytes

MakeGguf = Callable[..., Path]


def test_the_head_tells_name_kind_and_context(make_gguf: MakeGguf) -> None:
    path = make_gguf(
        ("general.architecture", "llama"),
        ("general.tags", ["a", "b"]),
        ("llama.context_length", 8192),
        ("tokenizer.ggml.tokens", ["x"]),
    )

    info = read_info(path)

    assert (info.name, info.architecture, info.context_tokens) == ("Tiny-Model", "llama", 8192)


@pytest.mark.parametrize(
    ("file", "name"),
    [
        ("a.gguf", "a"),
        ("Qwen3-8B-Q4_K_M.gguf", "Qwen3-8B"),
        ("m.IQ2_XS.gguf", "m"),
        ("m-BF16.gguf", "m"),
        ("Q4_0.gguf", "Q4_0"),
    ],
)
def test_the_name_leaves_the_quantisation_out(make_gguf: MakeGguf, file: str, name: str) -> None:
    assert read_info(make_gguf(name=file)).name == name


WHOLE = gguf_bytes(("general.architecture", "llama"))


@pytest.mark.parametrize(
    "data",
    {
        "empty": b"",
        "a script": b"#!/bin/sh\n",
        "another magic": b"GGML" + WHOLE[4:],
        "version 1": WHOLE[:4] + struct.pack("<I", 1) + WHOLE[8:],
        "version 4": WHOLE[:4] + struct.pack("<I", 4) + WHOLE[8:],
        "too many entries": WHOLE[:16] + b"\xff" * 8 + WHOLE[24:],
        "a text cut short": WHOLE[:-1],
        "no entry": WHOLE[:24],
    }.items(),
    ids=lambda item: item[0],
)
def test_anything_but_a_gguf_file_is_refused(make_gguf: MakeGguf, data: tuple[str, bytes]) -> None:
    assert read_info(make_gguf(data=WHOLE)).architecture == "llama"
    with pytest.raises(LocalModelError, match="not a GGUF file"):
        read_info(make_gguf(data=data[1]))


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(LocalModelError, match=r"cannot be read: No such file") as caught:
        read_info(tmp_path / "none.gguf")
    assert caught.value.remedy is Remedy.MODEL_FILE


@pytest.mark.parametrize("depth", [20, 5_000])
def test_lists_within_lists_without_end_are_refused(make_gguf: MakeGguf, depth: int) -> None:
    head = b"GGUF" + struct.pack("<IQQ", 3, 0, 1) + struct.pack("<Q", 1) + b"a" + struct.pack("<I", 9)
    path = make_gguf(data=head + struct.pack("<IQ", 9, 1) * depth)
    with pytest.raises(LocalModelError, match="not a GGUF file"):
        read_info(path)
    assert list_models(path.parent) == []


@pytest.mark.skipif(os.name != "posix", reason="named pipes as POSIX has them")
def test_a_pipe_is_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "model.gguf")
    with pytest.raises(LocalModelError, match="a named pipe, not a file"):
        read_info(tmp_path / "model.gguf")
