"""`import`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from support.command_line import Run


def a_jsonl(path: Path, *questions: str) -> Path:
    rows = [
        {"messages": [{"role": "user", "content": each}, {"role": "tool", "content": "x"}]}
        for each in questions
    ]
    path.write_text("\n".join(map(json.dumps, rows)))
    return path


def test_import_reports_what_was_added_and_skipped(run: Run, tmp_path: Path) -> None:
    path = a_jsonl(tmp_path / "chats.jsonl", "one", "two")
    dry = run("import", "--dry-run", str(path))
    assert "2 would be added" in dry.out
    assert json.loads(run("list", "--json").out) == []
    done = run("import", str(path))
    assert (done.code, done.err) == (0, "")
    assert done.out.splitlines() == [
        "chats.jsonl: OpenAI messages: 2 conversations, 2 messages; 2 added, 0 updated, 0 unchanged",
        "  skipped: 2 × a message of an unknown role",
    ]
    assert "0 added, 0 updated, 2 unchanged" in run("import", str(path)).out


def test_json_has_one_report_per_file(run: Run, tmp_path: Path) -> None:
    path = a_jsonl(tmp_path / "chats.jsonl", "one")
    (report,) = json.loads(run("import", "--json", "--from", "openai-jsonl", str(path)).out)
    assert report == {
        "file": str(path),
        "from": "openai-jsonl",
        "dry_run": False,
        "conversations": 1,
        "messages": 1,
        "added": 1,
        "updated": 0,
        "unchanged": 0,
        "skipped": {"a message of an unknown role": 1},
    }


def test_broken_file_exits_1_and_earlier_files_stay_imported(run: Run, tmp_path: Path) -> None:
    good = a_jsonl(tmp_path / "good.jsonl", "one")
    bad = tmp_path / "bad.jsonl"
    bad.write_text('{"messages": []}\n{"mess')
    done = run("import", str(good), str(bad))
    assert done.code == 1
    assert "line 2 is not JSON" in done.err
    assert len(json.loads(run("list", "--json").out)) == 1


def test_hostile_file_name_is_sanitised(run: Run, tmp_path: Path) -> None:
    path = a_jsonl(tmp_path / "\x1b[2Jx.jsonl", "one")
    done = run("import", str(path))
    assert done.code == 0
    assert done.out.startswith("␛[2Jx.jsonl: ")


def test_export_survives_a_round_trip(run: Run, conversations: list[str], tmp_path: Path) -> None:
    first = run("export", "--all", "--format", "json").out
    path = tmp_path / "all.json"
    path.write_text(first)
    other = str(tmp_path / "other")
    assert run("import", str(path), "--data-dir", other).code == 0
    assert run("export", "--all", "--format", "json", "--data-dir", other).out == first


@pytest.mark.parametrize("time", ["9999-12-31T23:59:59-14:00", "0001-01-01T00:00:00+14:00"])
def test_conversation_with_an_impossible_time_can_be_listed_shown_and_exported(
    run: Run, tmp_path: Path, time: str
) -> None:
    path = tmp_path / "dates.json"
    message = {"id": "m1", "role": "user", "content": "hi", "status": "complete", "created_at": time}
    conversation = {"id": "c1", "title": "Odd", "created_at": time, "updated_at": time, "messages": [message]}
    path.write_text(json.dumps({"format": "gptalk-tui", "version": 1, "conversations": [conversation]}))
    assert run("import", str(path)).code == 0
    assert "Odd" in run("list").out
    assert [each["title"] for each in json.loads(run("list", "--json").out)] == ["Odd"]
    assert "hi" in run("show", "Odd").out
    for name in ("md", "html", "json", "jsonl", "txt"):
        done = run("export", "Odd", "--format", name)
        assert (done.code, done.err) == (0, "")
        assert "hi" in done.out
