"""Snippets from the config file and from its folder, and what is said about bad ones."""

from __future__ import annotations

from pathlib import Path

from gptalk_client.config_file import read_file
from gptalk_client.paths import Paths
from gptalk_client.snippets import FOLDER, MAX_BYTES, load_snippets, variables


def loaded(folder: Path, toml: str = "", **files: bytes) -> tuple[dict[str, str], list[str]]:
    file = folder / "config.toml"
    file.write_text(toml)
    (folder / FOLDER).mkdir(exist_ok=True)
    for name, content in files.items():
        (folder / FOLDER / name.replace("__", ".")).write_bytes(content)
    settings, problems = read_file(file)
    assert problems == []
    found, wrong = load_snippets(settings, Paths(folder, file, folder), commands={"new"})
    return found, [str(each).removeprefix(str(folder) + "/") for each in wrong]


def test_table_and_folder_are_read(tmp_path: Path) -> None:
    found, wrong = loaded(
        tmp_path,
        '[snippets]\nfix = "Fix {file}:\\n{error}"\n',
        review__md="Review “{file}”.\n".encode(),
        plan2__txt=b"Plan.",
        other__json=b"{}",
    )
    assert found == {"fix": "Fix {file}:\n{error}", "review": "Review “{file}”.", "plan2": "Plan."}
    assert wrong == []


def test_what_cannot_be_used_is_said(tmp_path: Path) -> None:
    found, wrong = loaded(
        tmp_path,
        '[snippets]\nnew = "taken"\n"Bad Name" = "x"\nempty = " "\nfix = "mine"\n',
        fix__md=b"theirs",
        latin__md=b"caf\xe9",
        huge__md=b"x" * (MAX_BYTES + 1),
    )
    (tmp_path / FOLDER / "folder.md").mkdir()
    assert found == {"fix": "mine"}
    assert wrong == [
        "config.toml, line 2: snippets.new: /new is a command of the program, which takes precedence;"
        " choose another name",
        "config.toml, line 3: snippets.Bad Name: a snippet's name begins with a to z and has no other than"
        " a to z, 0 to 9, ., _ and -",
        "config.toml, line 4: snippets.empty: this snippet is empty",
        f"{FOLDER}/fix.md: there is another snippet /fix, which takes precedence",
        f"{FOLDER}/huge.md: this snippet cannot be read: it is larger than 256 kB",
        f"{FOLDER}/latin.md: this snippet cannot be read: it is not UTF-8",
    ]
    assert any("folder.md" in each for each in loaded(tmp_path)[1])


def test_a_file_without_a_folder_beside_it_has_no_snippets(tmp_path: Path) -> None:
    file = tmp_path / "nowhere" / "config.toml"
    settings, _ = read_file(file)
    assert load_snippets(settings, Paths(tmp_path, file, tmp_path), commands=()) == ({}, [])


def test_variables_are_names_in_braces() -> None:
    text = "{a} {two words} {} {1} {x: 1} {é}"
    assert [text[start:end] for start, end in variables(text)] == ["{a}", "{two words}"]
