"""`list`, `show`, `search`, `rename`, `archive`, `rm`, `restore`, `purge`, `backup`."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import pytest

from gptalk_client.models import QueuedPrompt
from gptalk_client.store.store import Store
from support.command_line import Run


def test_list_prints_the_documented_json(run: Run, conversations: list[str]) -> None:
    done = run("list", "--json")
    listed = json.loads(done.out)
    assert done.code == 0
    assert [each["id"] for each in listed] == conversations[::-1]
    assert listed[0] == {
        "id": conversations[1],
        "title": "Rust lifetimes",
        "created_at": "2026-01-31T09:07:00.000Z",
        "updated_at": "2026-01-31T09:07:02.000Z",
        "message_count": 3,
        "model": "gpt-4",
        "provider": "gptalk",
        "archived": False,
        "pinned": False,
        "tags": [],
    }
    assert len(json.loads(run("list", "--json", "-n", "1").out)) == 1


def test_list_in_a_pipe_prints_tab_separated_lines(run: Run, conversations: list[str]) -> None:
    lines = run("list").out.splitlines()
    assert [line.split("\t")[0] for line in lines] == [conversations[1][:8], conversations[0][:8]]
    assert lines[0].split("\t")[1:] == ["2026-01-31 09:07", "   3", " ", "Rust lifetimes"]


def test_list_search_and_show_know_tags(run: Run, store: Store, conversations: list[str]) -> None:
    pasta, rust = conversations
    store.change_tags(pasta, add=["food", "work"])
    store.change_tags(rust, add=["workshop"])
    for arguments in (["#work"], ["--tag", "work"], ["--tag", "#Food", "--tag", "work"], ["pasta", "#food"]):
        listed = json.loads(run("list", "--json", *arguments).out)
        assert [(each["id"], each["tags"]) for each in listed] == [(pasta, ["food", "work"])]
    for arguments in (["tell #food"], ["tell", "--tag", "food"], ["--tag", "food"]):
        found = json.loads(run("search", "--json", *arguments).out)
        assert {each["conversation_id"] for each in found} == {pasta}
    assert json.loads(run("show", "--json", pasta).out)["tags"] == ["food", "work"]


def test_tag_that_is_no_name_and_a_search_for_nothing_are_usage_errors(run: Run) -> None:
    for command in ("list", "search"):
        done = run(command, "--tag", "two words")
        assert done.code == 2
        assert "can't be a tag" in done.err
    assert run("search").code == 2


def test_empty_list_succeeds_with_a_note(run: Run) -> None:
    done = run("list")
    assert (done.code, done.out) == (0, "")
    assert done.err == "gptalk-tui: No conversations.\n"
    assert json.loads(run("list", "--json").out) == []


def test_show_accepts_a_prefix_or_title_and_sanitises_the_active_branch(
    run: Run, conversations: list[str]
) -> None:
    by_prefix = run("show", conversations[1][:6])
    by_title = run("show", "rust life")
    assert by_prefix.code == 0
    assert by_prefix.out == by_title.out
    assert "You:\nTell me about Rust lifetimes\n" in by_prefix.out
    assert "print('Привет')" in by_prefix.out
    assert "First" not in by_prefix.out
    data = json.loads(run("show", "--json", conversations[1]).out)
    assert [each["content"] for each in data["messages"]][1] == "First \x1b[2Janswer"


def test_no_control_character_is_printed(run: Run, store: Store) -> None:
    made = store.create_conversation(title="\x1b]0;evil\x07")
    store.open_turn(made.id, "\x9b2J needle")
    for command in (
        ["list"],
        ["show", made.id],
        ["search", "needle"],
        ["rename", made.id, "\x1b[2J"],
        ["rm", made.id],
    ):
        done = run(*command)
        assert done.code == 0
        assert not set(done.out + done.err) & set("\x1b\x07\x9b")


@pytest.mark.parametrize("command", ["show", "archive", "rm", "restore", "export"])
def test_unknown_conversation_is_a_usage_error(run: Run, conversations: list[str], command: str) -> None:
    done = run(command, "nonsense")
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith("gptalk-tui: There is no conversation 'nonsense'.")


def test_ambiguous_title_lists_the_candidates(run: Run, store: Store) -> None:
    for _ in range(2):
        store.create_conversation(title="Twins")
    done = run("show", "twins")
    assert done.code == 2
    assert done.err.count("'Twins'") == 2


def test_an_unknown_conversation_to_restore_is_looked_for_in_the_trash(run: Run) -> None:
    assert "`gptalk-tui list --trash` shows the conversations." in run("restore", "nothing").err


def test_of_two_conversations_with_one_title_the_one_in_the_trash_is_restored(run: Run, store: Store) -> None:
    kept, trashed = (store.create_conversation(title="Twins") for _ in range(2))
    store.trash_conversation(trashed.id)
    done = run("restore", "twins")
    assert done.err == f"gptalk-tui: Restored {trashed.id[:8]} Twins\n"
    assert store.conversations(trash=True) == []
    assert {each.id for each in store.conversations(filter="Twins")} == {kept.id, trashed.id}


def test_archive_rm_restore_and_rename(run: Run, store: Store, conversations: list[str]) -> None:
    pasta, rust = conversations
    assert run("archive", pasta[:8]).code == 0
    assert [each["id"] for each in json.loads(run("list", "--json", "--archived").out)] == [pasta]
    assert run("archive", "--undo", pasta[:8]).code == 0
    assert run("rm", pasta[:8], rust[:8]).code == 0
    assert json.loads(run("list", "--json").out) == []
    assert {each["id"] for each in json.loads(run("list", "--json", "--trash").out)} == {pasta, rust}
    assert run("restore", rust[:8]).code == 0
    assert run("rename", rust[:8], "New name").code == 0
    assert store.conversation(rust).title == "New name"


def test_one_mistyped_id_changes_nothing(run: Run, store: Store, conversations: list[str]) -> None:
    assert run("rm", conversations[0], "nonsense").code == 2
    assert not store.conversation(conversations[0]).trashed


def test_purge_asks_unless_yes_is_given(
    run: Run, store: Store, conversations: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "empty" in run("purge").err
    run("rm", conversations[0])
    monkeypatch.setattr("click.termui.visible_prompt_func", lambda text: "n")
    assert run("purge").code == 130
    assert len(store.conversations(trash=True)) == 1
    assert run("purge", "--yes").code == 0
    assert store.conversations(trash=True) == []


def test_purge_says_that_queued_prompts_go_too(run: Run, store: Store, conversations: list[str]) -> None:
    store.enqueue(QueuedPrompt("a" * 32, conversations[0], "not sent yet"))
    run("rm", conversations[0])
    assert "Deleted 1 conversation with 1 queued prompt." in run("purge", "--yes").err


def test_search_prints_the_documented_json(run: Run, conversations: list[str]) -> None:
    (hit,) = json.loads(run("search", "print", "привет", "--json").out)[:1]
    assert list(hit) == ["conversation_id", "message_id", "title", "role", "snippet"]
    assert hit["title"] in ("Rust lifetimes", "Pasta for eight")
    assert "print" in hit["snippet"]
    assert len(json.loads(run("search", "lifetimes", "--json", "-n", "1").out)) == 1


@pytest.mark.parametrize("query", ['"', "AND", "-- -x", "NEAR(", "C++", "."])
def test_search_accepts_any_input(run: Run, conversations: list[str], query: str) -> None:
    assert run("search", "--json", "--", query).code == 0


def test_backup_is_a_database_and_overwrites_only_with_force(
    run: Run, conversations: list[str], tmp_path: Path
) -> None:
    target = tmp_path / "copy.db"
    assert run("backup", str(target)).code == 0
    con = sqlite3.connect(target)
    assert con.execute("SELECT count(*) FROM conversation").fetchone() == (2,)
    con.close()
    assert run("backup", str(target)).code == 1
    assert run("backup", "--force", str(target)).code == 0
