"""Several processes on one file: nothing is lost, nobody is refused, the dead are told from the living."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path

from gptalk_client.models import Status
from gptalk_client.store.store import Store

PROGRAM = Path(__file__).parents[2] / "support" / "store_processes.py"


def start(*args: object) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, str(PROGRAM), *map(str, args)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def test_three_writers_lose_no_update(path: Path) -> None:
    turns = 25
    with Store.open(path) as store:
        shared = store.create_conversation(title="shared")
        names = ["ann", "bob", "cyd"]
        writers = [start("count", path, name, turns) for name in names]
        for writer in writers:
            out, err = writer.communicate(timeout=60)
            assert (out, err) == ("done\n", "")
        rows = store.messages(shared.id)
        assert sorted(m.content for m in rows if m.parent_id is None) == sorted(
            f"{name} {number}" for name in names for number in range(turns)
        )
        assert {(m.content, m.status) for m in rows if m.parent_id} == {("half whole", Status.COMPLETE)}
        titles = {each.title for each in store.conversations()}
        assert titles == {"shared", *(f"own {name} {turns - 1}" for name in names)}
        assert store.integrity() == []


def test_several_processes_make_the_file_at_the_same_time(path: Path) -> None:
    code = (
        "import sys; from gptalk_client.store.store import Store\n"
        "with Store.open(sys.argv[1]) as store: store.create_conversation(title='x'); print(store.notices)"
    )
    started = [
        subprocess.Popen(
            [sys.executable, "-c", code, str(path)], stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        for _ in range(5)
    ]
    assert [each.communicate(timeout=60) for each in started] == [(b"[]\n", b"")] * 5
    with Store.open(path) as store:
        assert store.count_conversations() == 5
        assert store.integrity() == []


def test_reply_of_a_living_process_is_left_alone_and_that_of_a_dead_one_recovered(path: Path) -> None:
    writer = start("wait", path)
    try:
        assert writer.stdout is not None
        reply_id = writer.stdout.readline().strip()
        with Store.open(path) as store:
            assert store.message(reply_id).status is Status.STREAMING
            assert store.recover() == 0
            writer.kill()
            writer.wait(10)
            assert store.recover() == 1
            kept = store.message(reply_id)
            assert (kept.status, kept.content) == (Status.INCOMPLETE, "half a")
            assert store.recover() == 0
            assert list((path.parent / "locks").iterdir()) == []
    finally:
        writer.kill()
        writer.communicate()


def test_next_start_recovers_what_a_killed_process_left(path: Path) -> None:
    writer = start("wait", path)
    assert writer.stdout is not None
    reply_id = writer.stdout.readline().strip()
    writer.kill()
    writer.communicate()
    with Store.open(path) as store:
        assert store.message(reply_id).status is Status.INCOMPLETE
        assert store.search("half")
        assert store.integrity() == []


def test_lock_files_of_killed_programs_are_deleted_and_those_of_living_ones_kept(path: Path) -> None:
    locks = path.parent / "locks"
    killed, living = start("wait", path), start("wait", path)
    try:
        for each in (killed, living):
            assert each.stdout
            each.stdout.readline()
        assert len(list(locks.iterdir())) == 2
        killed.kill()
        killed.communicate(timeout=60)
        (locks / "leftover.lock").touch()
        with Store.open(path):
            assert len(list(locks.iterdir())) == 1
        assert living.communicate("", timeout=60)[1] == ""
        assert list(locks.iterdir()) == []
    finally:
        for each in (killed, living):
            each.kill()
            each.communicate()


def test_writers_keep_their_locks_while_others_clear(path: Path) -> None:
    with Store.open(path) as store:
        conversation = store.create_conversation(title="held")
        is_over = threading.Event()

        def clear() -> None:
            while not is_over.is_set():
                store.recover()

        clearer = threading.Thread(target=clear)
        clearer.start()
        try:
            for number in range(30):
                with Store.open(path) as writer:
                    _, reply = writer.open_turn(conversation.id, str(number))
                    assert store.recover() == 0
                    assert writer.close_turn(reply.id, Status.COMPLETE).status is Status.COMPLETE
        finally:
            is_over.set()
            clearer.join()
        assert store.integrity() == []


def test_change_by_another_is_noticed_and_an_own_one_is_not(store: Store, path: Path) -> None:
    before = store.data_version()
    store.create_conversation()
    store.conversations()
    assert store.data_version() == before
    with Store.open(path) as other:
        other.create_conversation()
    assert store.data_version() != before
