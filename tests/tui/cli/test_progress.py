"""Long work shows how far it is: by a bar on a terminal, once it takes a moment, and never elsewhere."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

from gptalk_client.errors import StoreError
from gptalk_client.store.store import Store
from gptalk_client.transcripts.folder import export_folder
from gptalk_tui.cli import progress
from gptalk_tui.cli.progress import Progress
from support.command_line import Run


class FakeTerminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def shown_by_half(monkeypatch: pytest.MonkeyPatch, *, after_s: float) -> tuple[str, str]:
    """Return what a bar writes to a terminal at the half of some work, and in all."""
    terminal = FakeTerminal()
    # In the test itself: pytest puts its own stream in place after the fixtures.
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setattr(progress, "_SHOWN_AFTER_S", after_s)
    with Progress("backing up") as bar:
        bar.show(0.5)
        half = terminal.getvalue()
        bar.show(1.0)
    return half, terminal.getvalue()


def test_bar_shows_label_and_share_and_leaves_its_line(monkeypatch: pytest.MonkeyPatch) -> None:
    half, whole = shown_by_half(monkeypatch, after_s=0.0)
    assert "backing up" in half
    assert "50%" in half
    assert "100%" in whole
    assert whole.count("\n") == 1


def test_quick_work_shows_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    assert shown_by_half(monkeypatch, after_s=60.0) == ("", "")


@pytest.mark.usefixtures("conversations")
@pytest.mark.parametrize(
    "words", ["backup copy.db", "export --all -o all.json", "export --all --format folder shared", "doctor"]
)
def test_nothing_is_shown_in_a_pipe(
    run: Run, words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(progress, "_SHOWN_AFTER_S", 0.0)
    assert "%" not in run(*words.split()).err


Work = Callable[[Store, Path, Callable[[float], None]], object]
WORKS: dict[str, Work] = {
    "backup": lambda store, folder, tell: store.backup(folder / "copy.db", on_progress=tell),
    "check": lambda store, folder, tell: store.integrity(on_progress=tell),
    "rebuild": lambda store, folder, tell: store.rebuild_search(on_progress=tell),
    "export": lambda store, folder, tell: export_folder(
        store, store.conversations(), folder / "shared", on_progress=tell
    ),
}


@pytest.mark.parametrize("work", WORKS.values(), ids=WORKS)
@pytest.mark.usefixtures("conversations")
def test_share_grows_from_nothing_to_all(store: Store, tmp_path: Path, work: Work) -> None:
    shares: list[float] = []
    work(store, tmp_path, shares.append)
    assert shares
    assert shares == sorted(shares)
    assert 0 <= shares[0] <= shares[-1] <= 1


@pytest.mark.usefixtures("conversations")
def test_check_leaves_no_copy_behind(store: Store) -> None:
    before = sorted(os.listdir(store.path.parent))
    assert store.integrity() == []
    assert sorted(os.listdir(store.path.parent)) == before


@pytest.mark.usefixtures("conversations")
def test_check_without_room_for_a_copy_says_so(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.disk_usage", lambda _: SimpleNamespace(free=0))
    with pytest.raises(StoreError, match="no room to check a copy"):
        store.integrity()
