"""The header of a GGUF file: its validity, the model's name and its context size.

Source: the GGUF specification of the ggml project, versions 2 and 3, little-endian.
"""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from gptalk_client.errors import LocalModelError, Remedy
from gptalk_client.files import open_regular

_SCALARS = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}
_STRING, _ARRAY = 8, 9
_MAX_STRING_BYTES = 1 << 24
_MAX_ENTRIES = 1 << 16
_MAX_DEPTH = 8
_QUANTISATION = re.compile(r"[.-](?:I?Q\d\w*|B?F(?:16|32))$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """The facts in a GGUF file's header."""

    name: str
    """For display: the file's name without suffix and quantisation."""
    architecture: str
    """Such as `llama`; empty if the file does not say."""
    context_tokens: int
    """The context size that the model was trained for, in tokens; 0 if the file does not say."""


def read_info(path: Path) -> ModelInfo:
    """Return the facts in a GGUF file's header.

    Args:
        path: The file.

    Raises:
        LocalModelError: It can't be read, or is not a GGUF file.
    """
    try:
        with open_regular(path) as file:
            entries = _read_entries(file)
    except OSError as err:
        raise LocalModelError(
            f"The model file {path} cannot be read: {err.strerror or err}.",
            hint="Check its path.",
            remedy=Remedy.MODEL_FILE,
        ) from err
    except (ValueError, struct.error, UnicodeDecodeError) as err:
        raise LocalModelError(
            f"{path} is not a GGUF file, or is damaged.", hint="Choose a GGUF file.", remedy=Remedy.MODEL_FILE
        ) from err
    architecture = str(entries.get("general.architecture", ""))
    context = entries.get(f"{architecture}.context_length", 0)
    return ModelInfo(
        name=_QUANTISATION.sub("", path.stem) or path.stem,
        architecture=architecture,
        context_tokens=context if isinstance(context, int) else 0,
    )


def _read_entries(file: BinaryIO) -> dict[str, object]:
    """Read the key-value pairs up to the tokenizer's, whose long lists aren't needed."""
    if file.read(4) != b"GGUF":
        raise ValueError("no GGUF magic")
    version, _tensors, count = _unpack(file, "IQQ")
    if version not in (2, 3) or count > _MAX_ENTRIES:
        raise ValueError("an unknown version")
    entries: dict[str, object] = {}
    for _ in range(count):
        key = _read_string(file)
        if key.startswith("tokenizer."):
            break
        (kind,) = _unpack(file, "I")
        entries[key] = _read_value(file, kind)
    return entries


def _read_value(file: BinaryIO, kind: int, depth: int = 0) -> object:
    if kind == _STRING:
        return _read_string(file)
    if kind == _ARRAY:
        item, length = _unpack(file, "IQ")
        if length > _MAX_STRING_BYTES or depth > _MAX_DEPTH:
            raise ValueError("an array too long or too deep")
        for _ in range(length):
            _read_value(file, item, depth + 1)
        return None
    if kind not in _SCALARS:
        raise ValueError("an unknown type")
    return _unpack(file, _SCALARS[kind])[0]


def _read_string(file: BinaryIO) -> str:
    (length,) = _unpack(file, "Q")
    if length > _MAX_STRING_BYTES:
        raise ValueError("a string too long")
    data = file.read(length)
    if len(data) != length:
        raise ValueError("the file ends early")
    return data.decode()


def _unpack(file: BinaryIO, layout: str) -> tuple[int, ...]:
    layout = "<" + layout
    return struct.unpack(layout, file.read(struct.calcsize(layout)))
