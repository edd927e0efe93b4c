"""A folder that two machines share: merged in either order it has the same bytes, and nothing is lost."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gptalk_client.errors import TranscriptError
from gptalk_client.models import Conversation, Status
from gptalk_client.store.store import Store
from gptalk_client.transcripts.folder import export_folder
from gptalk_client.transcripts.importing import import_path
from support.histories import chatgpt, said, write


def everything(store: Store) -> list[Conversation]:
    found = store.conversations() + store.conversations(archived=True)
    return sorted(found, key=lambda each: each.id)


def exported(store: Store, folder: Path) -> dict[str, bytes]:
    """Export all conversations to a new folder and return its files."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    export_folder(store, everything(store), folder)
    return {each.name: each.read_bytes() for each in folder.iterdir()}


def messages(store: Store) -> set[tuple[str, str]]:
    return {(each.id, each.content) for found in everything(store) for each in store.messages(found.id)}


def merge(store: Store, folder: Path) -> None:
    if any(folder.iterdir()):
        import_path(store, folder)


@dataclass(frozen=True)
class Edit:
    """Something that a person does on one machine."""

    kind: str
    which: int
    text: str

    def apply(self, store: Store) -> None:
        """Do it, if there is something to do it to."""
        found = everything(store)
        if self.kind == "new" or not found:
            made = store.create_conversation(title=self.text)
            self._turn(store, made.id)
            return
        each = found[self.which % len(found)]
        listed = store.messages(each.id)
        message = listed[self.which % len(listed)] if listed else None
        if self.kind == "turn":
            self._turn(store, each.id)
        elif self.kind == "rename":
            store.rename_conversation(each.id, self.text)
        elif self.kind == "pin":
            store.set_pinned(each.id, not each.pinned)
        elif self.kind == "archive":
            store.set_archived(each.id, not each.archived)
        elif self.kind == "tag":
            tag = ("work", "ideas", "old")[self.which % 3]
            change = "remove" if tag in each.tags else "add"
            store.change_tags(each.id, **{change: [tag]})
        elif self.kind == "settings":
            store.set_options(
                each.id, model=self.text, system_prompt=self.text, options={"temperature": self.which}
            )
        elif self.kind == "regenerate" and message is not None and message.role == "user":
            reply = store.open_reply(message.id)
            store.close_turn(reply.id, Status.COMPLETE, content=self.text)
        elif self.kind == "branch" and message is not None:
            store.set_active(each.id, message.id)
        elif self.kind == "delete" and message is not None:
            store.delete_message(message.id)

    def _turn(self, store: Store, conversation: str) -> None:
        _, reply = store.open_turn(conversation, f"prompt {self.text}")
        status = Status.STOPPED if self.which % 2 else Status.COMPLETE
        store.close_turn(reply.id, status, content=f"reply {self.text}")


KINDS = ("new", "turn", "rename", "pin", "archive", "tag", "settings", "regenerate", "branch")


def edits(*more: str) -> st.SearchStrategy[list[Edit]]:
    return st.lists(
        st.builds(Edit, st.sampled_from(KINDS + more), st.integers(0, 5), st.text("abя ", max_size=4)),
        max_size=6,
    )


@pytest.fixture(scope="module")
def scratch(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("machines")


@dataclass(frozen=True)
class Machines:
    """Two machines that have the same conversations and then were edited offline, and a folder of each."""

    first: Store
    second: Store
    first_folder: Path
    second_folder: Path
    scratch: Path
    stack: ExitStack

    def another(self, *folders: Path) -> Store:
        """Return a new machine that has merged folders in this order."""
        path = self.scratch / f"{'-'.join(each.name for each in folders)}.db"
        store = self.stack.enter_context(Store.open(path))
        for each in folders:
            merge(store, each)
        return store


def machines(
    stack: ExitStack, scratch: Path, shared: list[Edit], one: list[Edit], other: list[Edit]
) -> Machines:
    folder = Path(stack.enter_context(TemporaryDirectory(dir=scratch)))
    stores = [stack.enter_context(Store.open(folder / f"{name}.db")) for name in ("first", "second")]
    for edit in shared:
        edit.apply(stores[0])
    exported(stores[0], folder / "shared")
    merge(stores[1], folder / "shared")
    for store, given_edits in zip(stores, (one, other), strict=True):
        for edit in given_edits:
            edit.apply(store)
    folders = [folder / "one", folder / "other"]
    for store, each in zip(stores, folders, strict=True):
        exported(store, each)
    return Machines(stores[0], stores[1], folders[0], folders[1], folder, stack)


@settings(deadline=None, max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(edits(), edits(), edits())
def test_two_machines_that_merge_each_other_have_the_same_bytes_and_everything(
    scratch: Path, shared: list[Edit], one: list[Edit], other: list[Edit]
) -> None:
    with ExitStack() as stack:
        pair = machines(stack, scratch, shared, one, other)
        before = messages(pair.first) | messages(pair.second)
        third, fourth = (
            pair.another(pair.first_folder, pair.second_folder),
            pair.another(pair.second_folder, pair.first_folder),
        )
        merge(pair.first, pair.second_folder)
        merge(pair.second, pair.first_folder)
        results = [
            exported(store, pair.scratch / "result") for store in (pair.first, pair.second, third, fourth)
        ]
        assert results[0] == results[1] == results[2] == results[3]
        assert messages(pair.first) == messages(fourth) == before


@settings(deadline=None, max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(edits("delete"), edits("delete"), edits("delete"))
def test_what_one_machine_deleted_the_other_keeps(
    scratch: Path, shared: list[Edit], one: list[Edit], other: list[Edit]
) -> None:
    with ExitStack() as stack:
        pair = machines(stack, scratch, shared, one, other)
        third, fourth = (
            pair.another(pair.first_folder, pair.second_folder),
            pair.another(pair.second_folder, pair.first_folder),
        )
        assert exported(third, pair.scratch / "result") == exported(fourth, pair.scratch / "result")
        assert messages(third) >= messages(pair.first) | messages(pair.second)
        kept = messages(pair.first)
        merge(pair.first, pair.second_folder)
        assert messages(pair.first) >= kept


@settings(deadline=None, max_examples=5, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(edits())
def test_merging_a_folder_again_changes_nothing(scratch: Path, shared: list[Edit]) -> None:
    with ExitStack() as stack:
        pair = machines(stack, scratch, shared, [], [])
        if any(pair.first_folder.iterdir()):
            report = import_path(pair.first, pair.first_folder)
            assert (report.added, report.updated) == (0, 0)
        assert export_folder(pair.first, everything(pair.first), pair.first_folder) == 0


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(tmp_path / "conversations.db") as store:
        yield store


def test_changes_from_another_machine_are_not_overwritten(store: Store, tmp_path: Path) -> None:
    made = store.create_conversation(title="Ours")
    store.open_turn(made.id, "hi")
    exported(store, tmp_path / "folder")
    with Store.open(tmp_path / "other.db") as other:
        merge(other, tmp_path / "folder")
        other.open_turn(made.id, "from elsewhere")
        export_folder(other, everything(other), tmp_path / "folder")
    store.rename_conversation(made.id, "Renamed")
    with pytest.raises(TranscriptError, match="changes from another machine"):
        export_folder(store, everything(store), tmp_path / "folder")
    merge(store, tmp_path / "folder")
    assert export_folder(store, everything(store), tmp_path / "folder") == 1
    assert "from elsewhere" in {each.content for each in store.messages(made.id)}
    assert store.conversation(made.id).title == "Renamed"


def test_tags_of_two_machines_are_united_and_a_later_removal_counts(store: Store, tmp_path: Path) -> None:
    made = store.create_conversation(title="Ours")
    store.change_tags(made.id, add=["work", "old"])
    exported(store, tmp_path / "folder")
    with Store.open(tmp_path / "other.db") as other:
        merge(other, tmp_path / "folder")
        other.change_tags(made.id, add=["ideas"], remove=["old"])
        exported(other, tmp_path / "other")
    store.change_tags(made.id, add=["home"])
    merge(store, tmp_path / "other")
    assert store.conversation(made.id).tags == ("home", "ideas", "work")


def test_a_tag_written_into_the_file_by_hand_is_added(store: Store, tmp_path: Path) -> None:
    made = store.create_conversation(title="Ours")
    store.change_tags(made.id, add=["work"])
    exported(store, tmp_path / "folder")
    [file] = (tmp_path / "folder").iterdir()
    file.write_text(file.read_text().replace('["work"]', '["Ideas", "not a tag", "#work"]'))
    merge(store, tmp_path / "folder")
    assert store.conversation(made.id).tags == ("ideas", "work")


def test_the_same_history_imported_on_two_machines_is_the_same_conversation(
    store: Store, tmp_path: Path
) -> None:
    history = write(
        tmp_path / "conversations.json", [chatgpt(said("user", "Hi"), said("assistant", "Hello"))]
    )
    import_path(store, history)
    with Store.open(tmp_path / "other.db") as other:
        import_path(other, history)
        exported(other, tmp_path / "folder")
    merge(store, tmp_path / "folder")
    assert [each.message_count for each in everything(store)] == [2]
