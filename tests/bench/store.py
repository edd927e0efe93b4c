"""How the store behaves as it grows: `python tests/bench/store.py [--conversations N] [--messages N]`.

Prints the median of each call in a large and in a small store and their ratio; a ratio near 1 means that the cost
does not grow with what is kept.
"""

from __future__ import annotations

import argparse
import itertools
import random
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from gptalk_client.models import Role, Status
from gptalk_client.store.imported import ImportedConversation, ImportedMessage
from gptalk_client.store.store import Store

_LATIN = "abcdefghijklmnopqrstuvwxyz"
_CYRILLIC = "абвгдежзийклмнопрстуфхцчшщыьэюяё"
_HAN = [chr(code) for code in range(0x4E00, 0x4E00 + 1500)]
_BATCH = 200
QUERIES = ("e", "ex", "exa", "the", "of the", "при", "прив", "ёл", "елка", "日", "日本", "本語", "c", "c+", "c++",
           '"', "zzzz", "a b c", "foo.bar", "-x", ".")  # fmt: skip


def vocabulary(rng: random.Random) -> tuple[list[str], list[float]]:
    words = ["the", "of", "c++", "foo.bar", "-x", "example", "привет", "ёлка", "日本語"]
    for letters, count in ((_LATIN, 12_000), (_CYRILLIC, 6_000)):
        words += ["".join(rng.choices(letters, k=rng.randint(2, 9))) for _ in range(count)]
    words += ["".join(rng.choices(_HAN, k=rng.randint(2, 6))) for _ in range(4_000)]
    rng.shuffle(words)
    return words, list(itertools.accumulate(1 / (rank + 10) for rank in range(len(words))))


def fill(store: Store, conversations: int, messages: int, rng: random.Random) -> None:
    words, weights = vocabulary(rng)
    each = max(1, messages // conversations)

    def text(size_words: int) -> str:
        return " ".join(rng.choices(words, cum_weights=weights, k=size_words))

    def conversation(number: int, count: int) -> ImportedConversation:
        rows = [
            ImportedMessage(
                str(at), str(at - 1) if at else None, Role.ASSISTANT if at % 2 else Role.USER,
                text(200 if at % 2 else 25), 1_700_000_000_000 + number * 1000 + at, Status.COMPLETE,
            )
            for at in range(count)
        ]  # fmt: skip
        return ImportedConversation(str(number), text(5), rows[0].created_at_ms, rows[-1].created_at_ms, rows)

    for start in range(0, conversations, _BATCH):
        some = range(start, min(start + _BATCH, conversations))
        store.import_conversations("bench", [conversation(number, each) for number in some])
    store.import_conversations("bench", [conversation(conversations, 10_000 if messages > 10_000 else 100)])


def median_ms(work: Callable[[], object], times: int = 5) -> float:
    spent = []
    for _ in range(times):
        start = time.perf_counter()
        work()
        spent.append((time.perf_counter() - start) * 1000)
    return statistics.median(spent)


def measure(folder: Path, conversations: int, messages: int) -> dict[str, float]:
    path = folder / f"{conversations}" / "conversations.db"
    figures: dict[str, float] = {}
    start = time.perf_counter()
    with Store.open(path) as store:
        fill(store, conversations, messages, random.Random(1))
    figures["fill, s"] = time.perf_counter() - start
    figures["size, MB"] = path.stat().st_size / 1e6

    def reopen() -> None:
        Store.open(path).close()

    figures["open and close"] = median_ms(reopen)
    with Store.open(path) as store:
        long = store.conversations(limit=1)[0]
        branch = store.branch(long.id)
        figures["list, 50"] = median_ms(lambda: store.conversations(limit=50))
        figures["list, 50 at the end"] = median_ms(
            lambda: store.conversations(limit=50, offset=conversations - 50)
        )
        figures["list, all"] = median_ms(lambda: store.conversations())
        figures["list, filter"] = median_ms(lambda: store.conversations(limit=50, filter="при"))
        figures["count"] = median_ms(lambda: store.count_conversations())
        figures["latest"] = median_ms(lambda: store.latest_conversation())
        figures["find by id"] = median_ms(lambda: store.find_conversation(long.id[:9]))
        figures["find by title"] = median_ms(lambda: store.find_conversation(long.title))
        figures[f"branch of the longest ({len(branch)})"] = median_ms(lambda: store.branch(long.id))
        figures["texts of 40"] = median_ms(lambda: store.texts([entry.id for entry in branch[-40:]]))
        figures["context of 20"] = median_ms(lambda: store.context(branch[-1].id, limit=20))
        figures["prompts, 100"] = median_ms(lambda: store.prompts())
        figures["prompts, filter"] = median_ms(lambda: store.prompts(filter="qqq"))
        conversation = store.create_conversation()
        figures["open_turn and close_turn"] = median_ms(
            lambda: store.close_turn(store.open_turn(conversation.id, "hello")[1].id, Status.COMPLETE), 15
        )
        reply = store.open_turn(conversation.id, "hello")[1]
        figures["append_reply, first 20"] = median_ms(lambda: store.append_reply(reply.id, "x" * 100), 20)
        for _ in range(400):
            store.append_reply(reply.id, "x" * 100)
        figures["append_reply, after 400"] = median_ms(lambda: store.append_reply(reply.id, "x" * 100), 20)
        for query in QUERIES:
            figures[f"search {query!r} ({len(store.search(query))})"] = median_ms(
                lambda q=query: store.search(q)
            )
        figures["find 'the' in the longest"] = median_ms(lambda: store.search("the", conversation_id=long.id))
        figures["find '.' in the longest"] = median_ms(lambda: store.search(".", conversation_id=long.id))
    return figures


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--conversations", type=int, default=10_000)
    parser.add_argument("--messages", type=int, default=100_000)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        small = measure(Path(folder), 50, 500)
        large = measure(Path(folder), options.conversations, options.messages)
    print(f"{'ms unless said':45} {'small':>10} {'large':>10} {'ratio':>8}")
    for (name, little), (large_name, much) in zip(small.items(), large.items(), strict=True):
        print(
            f"{large_name if name != large_name else name:45} {little:10.2f} {much:10.2f} {much / little:8.1f}"
        )


if __name__ == "__main__":
    main()
