"""llama.cpp's native module: loaded, or said in words why it cannot be.

Its ready-made package leaves a few libraries to the system. Minimal systems lack them, and then the loader's
complaint names a file while a person needs the name of a package.
"""

from __future__ import annotations

import platform
import re
import subprocess
import sys
from collections.abc import Iterable
from typing import Any

from gptalk_client.embedded.errors import require_local_extra
from gptalk_client.errors import LocalModelError, Remedy

_CHECK_LIMIT_S = 60.0
_MISSING = re.compile(
    r"(lib[\w+-]+\.so[.\d]*): cannot open shared object file|Error loading shared library (lib[\w+-]+\.so[.\d]*):"
)
"""How glibc's and musl's loaders say that a library is not there."""

_INSTALL = {
    "debian": "apt-get install",
    "fedora": "dnf install",
    "suse": "zypper install",
    "arch": "pacman -S",
    "alpine": "apk add",
}
"""The command that installs a package, by what os-release(5) calls a family of systems."""

_PACKAGES = {
    "libgomp.so.1": {
        "debian": "libgomp1",
        "fedora": "libgomp",
        "suse": "libgomp1",
        "arch": "gcc-libs",
        "alpine": "libgomp",
    },
    "libstdc++.so.6": {
        "debian": "libstdc++6",
        "fedora": "libstdc++",
        "suse": "libstdc++6",
        "arch": "gcc-libs",
        "alpine": "libstdc++",
    },
}
"""The package that holds a library, by family."""


def load() -> Any:
    """Return the module `xllamacpp`.

    Raises:
        LocalModelError: It is not installed, or the system lacks what it needs.
    """
    require_local_extra("xllamacpp")
    try:
        import xllamacpp
    except ImportError as err:
        raise cannot_load(str(err), system_families()) from err
    return xllamacpp


def check() -> None:
    """Load the module in a process of its own, which takes a third of a second. Blocks.

    Raises:
        LocalModelError: It is not installed, or the system lacks what it needs.
    """
    require_local_extra("xllamacpp")
    try:
        done = subprocess.run(
            [sys.executable, "-P", "-c", "import xllamacpp"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_CHECK_LIMIT_S,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as err:
        raise cannot_load(str(err), system_families()) from err
    if done.returncode:
        lines = done.stderr.decode(errors="replace").split("\n")
        words = next((line for line in reversed(lines) if line.strip()), f"status {done.returncode}")
        raise cannot_load(words.removeprefix("ImportError: "), system_families())


def cannot_load(complaint: str, families: Iterable[str]) -> LocalModelError:
    """Return an error that says what to install.

    Args:
        complaint: What the loader said.
        families: What the system is and is like, nearest first, as os-release(5) names it.
    """
    found = _MISSING.search(complaint)
    library = (found[1] or found[2]) if found else ""
    if library in _PACKAGES:
        return LocalModelError(
            f"The local model needs the system library {library}, which this computer lacks.",
            hint=_how_to_install(_PACKAGES[library], families),
        )
    remedy = None
    if library:
        hint = "Install your system's package that holds it."
    elif sys.platform == "win32":
        hint = "Install Microsoft's Visual C++ Redistributable, then try again."
    else:
        hint, remedy = "An OpenAI-compatible engine can answer instead.", Remedy.ENGINE
    return LocalModelError(
        f"The local model's engine cannot be loaded: {complaint.strip()[:300]}.", hint=hint, remedy=remedy
    )


def system_families() -> list[str]:
    """Return what this system is and is like, nearest first; empty where it does not say."""
    try:
        told = platform.freedesktop_os_release()
    except OSError:
        return []
    return [told["ID"], *told.get("ID_LIKE", "").split()]


def _how_to_install(packages: dict[str, str], families: Iterable[str]) -> str:
    for family in families:
        if family in packages:
            return f"As root, run: {_INSTALL[family]} {packages[family]}"
    commands = ", ".join(f"{_INSTALL[family]} {package}" for family, package in packages.items())
    return f"Install it, by one of: {commands}"
