"""The file that keeps an endpoint's address the same."""

from __future__ import annotations

import os
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from gptalk_client.embedded.process import LocalEndpoint
from gptalk_client.embedded.secret_file import keep_secret, make_secret
from gptalk_client.errors import LocalModelError

posix = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no permission bits")


def test_the_first_start_writes_it_and_the_next_ones_read_it(tmp_path: Path) -> None:
    file = tmp_path / "secret"

    first = keep_secret(file)

    assert keep_secret(file) == first == file.read_text("ascii").strip()
    assert make_secret() != first
    assert [each.name for each in tmp_path.iterdir()] == ["secret"]


@posix
def test_only_its_owner_can_read_it_whatever_the_umask(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        keep_secret(tmp_path / "secret")
    finally:
        os.umask(before)

    assert (tmp_path / "secret").stat().st_mode & 0o777 == 0o600


def test_starts_at_the_same_time_share_one_secret(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as threads:
        found = set(threads.map(keep_secret, [tmp_path / "secret"] * 40))

    assert len(found) == 1


@posix
@pytest.mark.parametrize("mode", [0o644, 0o640, 0o602])
def test_a_secret_that_others_can_reach_is_refused(tmp_path: Path, mode: int) -> None:
    file = tmp_path / "secret"
    keep_secret(file)
    file.chmod(mode)

    with pytest.raises(LocalModelError, match=r"Other users can read the secret in .*secret\.$"):
        keep_secret(file)


@pytest.mark.parametrize(
    "content", [b"", b"short", b"a" * 129, b"a/../" * 8, b"a" * 30 + b"\n" + b"b" * 30, "ä".encode() * 30]
)
def test_another_file_is_neither_served_under_nor_changed(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "notes.txt"
    file.write_bytes(content)
    file.chmod(0o600)

    with pytest.raises(LocalModelError, match="holds no secret"):
        keep_secret(file)

    assert file.read_bytes() == content


@pytest.mark.parametrize("name", [".", "no/such/folder/secret"])
def test_a_place_where_no_file_can_be_is_reported(tmp_path: Path, name: str) -> None:
    with pytest.raises(LocalModelError, match=r"cannot be (read|written): .+\."):
        keep_secret(tmp_path / name)


async def test_a_restart_with_the_same_secret_has_the_same_address(tmp_path: Path) -> None:
    secret = keep_secret(tmp_path / "secret")
    endpoint = LocalEndpoint(tmp_path, upstream="http://127.0.0.1:9", secret=secret)
    url = await endpoint.start()
    await endpoint.stop()
    port = httpx.URL(url).port
    assert port is not None
    again = LocalEndpoint(tmp_path, upstream="http://127.0.0.1:9", port=port, secret=secret)
    try:
        assert await again.start() == url == f"http://127.0.0.1:{port}/{secret}"
    finally:
        await again.stop()
