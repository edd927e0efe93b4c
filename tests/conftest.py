"""Every test has its own folders and reaches nothing but loopback."""

from __future__ import annotations

import os
import signal
import socket
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from support.usual_ports import real_address

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # So a shell runs what it puts in the background, and the programs that tests start would inherit it.
    signal.signal(signal.SIGINT, signal.default_int_handler)
if hasattr(signal, "SIGHUP") and signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:
    signal.signal(signal.SIGHUP, signal.SIG_DFL)  # the same under nohup

# How long an input takes to make says how busy the machine is, not whether a property holds.
settings.register_profile("suite", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("few", settings.get_profile("suite"), max_examples=20)
settings.load_profile("suite")

_REAL_CONNECT = socket.socket.connect
_REAL_CONNECT_EX = socket.socket.connect_ex
_REAL_GETADDRINFO = socket.getaddrinfo
_NOT_OURS = {"NO_COLOR", "COLUMNS", "LINES"}
_LOOPBACK = {"localhost", "::1", "0.0.0.0", "::", ""}


def _is_local(host: object) -> bool:
    name = host.decode() if isinstance(host, bytes) else str(host or "")
    return name in _LOOPBACK or name.startswith("127.")


def _check(address: object) -> None:
    if isinstance(address, tuple) and not _is_local(address[0]):
        raise OSError(f"a test tried to reach {address[0]}")


def _connect(self: socket.socket, address: object) -> None:
    _check(address)
    _REAL_CONNECT(self, real_address(address))  # type: ignore[arg-type]


def _connect_ex(self: socket.socket, address: object) -> int:
    _check(address)
    return _REAL_CONNECT_EX(self, real_address(address))  # type: ignore[arg-type]


def _getaddrinfo(host: object, *args: object, **kwargs: object) -> object:
    if not _is_local(host):
        raise socket.gaierror(socket.EAI_NONAME, f"a test tried to look up {host!s}")
    return _REAL_GETADDRINFO(host, *args, **kwargs)  # type: ignore[arg-type]


@pytest.fixture(autouse=True)
def own_world(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give the test, and every process that it starts, a home of its own and loopback only."""
    home = tmp_path_factory.mktemp("home")
    for name in list(os.environ):
        if name.startswith("GPTALK_") or name.lower().endswith("_proxy") or name in _NOT_OURS:
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(home))
    for name in ("CONFIG", "DATA", "CACHE", "STATE"):
        monkeypatch.setenv(f"XDG_{name}_HOME", str(home / name.lower()))
    monkeypatch.setenv("TZ", "UTC")
    monkeypatch.setattr(socket.socket, "connect", _connect)
    monkeypatch.setattr(socket.socket, "connect_ex", _connect_ex)
    monkeypatch.setattr(socket, "getaddrinfo", _getaddrinfo)
    return home
