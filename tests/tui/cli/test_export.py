"""`export`."""

from __future__ import annotations

import json
from pathlib import Path

from gptalk_client.store.store import Store
from support.command_line import Run


def test_one_conversation_goes_to_standard_output_as_markdown(run: Run, conversations: list[str]) -> None:
    done = run("export", conversations[1][:8])
    assert done.code == 0
    assert done.out.startswith('---\ntitle: "Rust lifetimes"')


def test_file_suffix_selects_the_format(run: Run, conversations: list[str], tmp_path: Path) -> None:
    target = tmp_path / "new folder" / "out.json"
    done = run("export", conversations[1], "-o", str(target))
    assert (done.code, done.out) == (0, "")
    assert json.loads(target.read_text())["conversations"][0]["id"] == conversations[1]


def test_export_overwrites_only_with_force(run: Run, conversations: list[str], tmp_path: Path) -> None:
    target = tmp_path / "out.md"
    target.write_text("mine")
    done = run("export", conversations[0], "-o", str(target))
    assert done.code == 1
    assert "is there already" in done.err
    assert target.read_text() == "mine"
    assert run("export", conversations[0], "-o", str(target), "--force").code == 0
    assert "Pasta" in target.read_text()
    assert [each.name for each in tmp_path.iterdir()] == ["out.md"]


def test_several_conversations_go_to_a_folder_with_safe_stable_names(
    run: Run, store: Store, conversations: list[str], tmp_path: Path
) -> None:
    evil = store.create_conversation(title="../../etc/passwd")
    folder = tmp_path / "out"
    done = run("export", "--all", "--format", "md", "-o", str(folder))
    assert done.code == 0
    names = sorted(each.name for each in folder.iterdir())
    assert names == sorted([
        f"Pasta for eight {conversations[0][:8]}.md",
        f"Rust lifetimes {conversations[1][:8]}.md",
        f"etc passwd {evil.id[:8]}.md",
    ])  # fmt: skip
    assert run("export", "--all", "--format", "md", "-o", str(folder)).code == 1
    assert run("export", "--all", "--format", "md", "-o", str(folder), "--force").code == 0
    assert sorted(each.name for each in folder.iterdir()) == names


def test_several_conversations_fit_one_json_file_in_a_stable_order(
    run: Run, conversations: list[str]
) -> None:
    done = run("export", "--all", "--format", "json")
    assert [each["id"] for each in json.loads(done.out)["conversations"]] == conversations
    lines = run("export", "--all", "--format", "jsonl").out.splitlines()
    assert len([json.loads(line) for line in lines]) == 2


def test_several_as_markdown_need_a_folder(run: Run, conversations: list[str]) -> None:
    done = run("export", *conversations, "--format", "md")
    assert done.code == 2
    assert "-o FOLDER" in done.err
    assert run("export").code == 2
    assert run("export", "--all", conversations[0]).code == 2


def test_tag_chooses_what_is_exported_and_comes_back(
    run: Run, store: Store, conversations: list[str], tmp_path: Path
) -> None:
    store.change_tags(conversations[0], add=["food"])
    store.set_archived(conversations[0], True)
    file = tmp_path / "food.json"
    assert run("export", "--tag", "food", "-o", str(file)).code == 0
    [exported] = json.loads(file.read_text())["conversations"]
    assert (exported["id"], exported["tags"]) == (conversations[0], ["food"])
    assert run("import", str(file), "--data-dir", str(tmp_path / "other")).code == 0
    assert [
        each["tags"]
        for each in json.loads(run("list", "--archived", "--json", "--data-dir", str(tmp_path / "other")).out)
    ] == [["food"]]
    done = run("export", "--tag", "food", "--format", "folder", str(tmp_path / "folder"))
    assert (done.code, [each.name for each in (tmp_path / "folder").iterdir()]) == (
        0,
        [f"{conversations[0]}.json"],
    )
    assert run("export", conversations[1], "--tag", "food").code == 2
