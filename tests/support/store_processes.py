"""Programs that other processes run on a store: one counts turns, one waits in the middle of a reply.

`store_processes.py count FILE NAME TURNS` and `store_processes.py wait FILE`.
"""

from __future__ import annotations

import sys
from pathlib import Path

from gptalk_client.models import Status
from gptalk_client.store.store import Store


def count(path: Path, name: str, turns: int) -> None:
    """Write turns into the shared conversation and into an own one, as fast as the disk takes them."""
    with Store.open(path) as store:
        shared = store.find_conversation("shared")
        own = store.create_conversation(title=f"own {name}")
        for number in range(turns):
            for conversation in (shared, own):
                _, reply = store.open_turn(conversation.id, f"{name} {number}", parent_id=None)
                store.append_reply(reply.id, "half ")
                store.append_reply(reply.id, "whole")
                store.close_turn(reply.id, Status.COMPLETE)
            store.rename_conversation(own.id, f"own {name} {number}")
            store.conversations(limit=5)
            store.search(name)
    print("done")


def wait(path: Path) -> None:
    """Open a turn, say so, and hold it until standard input is closed."""
    with Store.open(path) as store:
        conversation = store.create_conversation(title="held")
        _, reply = store.open_turn(conversation.id, "hello")
        store.append_reply(reply.id, "half a")
        print(reply.id, flush=True)
        sys.stdin.read()


if __name__ == "__main__":
    if sys.argv[1] == "count":
        count(Path(sys.argv[2]), sys.argv[3], int(sys.argv[4]))
    else:
        wait(Path(sys.argv[2]))
