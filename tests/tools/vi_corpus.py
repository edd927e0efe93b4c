# ruff: noqa: E501
"""Writes the corpus of edits that vim makes: `python tests/tools/vi_corpus.py`.

Runs the real vim (`apt-get install vim`) without settings of its own, and keeps for each case what came of the text,
the cursor and the unnamed register. The cases are the same at every run.
"""

from __future__ import annotations

import json
import os
import random
import re
import subprocess
import tempfile
from pathlib import Path

CORPUS = Path(__file__).parent.parent / "tui" / "widgets" / "vi_corpus.json"

SCRIPT = r"""
set nocompatible encoding=utf-8 noswapfile noautoindent nosmartindent nocindent backspace=indent,eol,start
set shiftwidth=4 expandtab tabstop=8 nojoinspaces startofline textwidth=0 formatoptions= comments= undolevels=1000
set notildeop nowrapscan matchpairs=(:),{:},[:] whichwrap=b,s selection=inclusive
let g:found = []
for g:case in json_decode(join(readfile($VI_CASES), "\n"))
  enew!
  exe "normal! \<Esc>"
  set undolevels=-1
  call setline(1, split(g:case[0], "\n", 1))
  exe "normal! a \<BS>\<Esc>"
  set undolevels=1000
  call setreg('"', '')
  call setreg('a', '')
  call setcursorcharpos(g:case[1][0] + 1, g:case[1][1] + 1)
  call setcharsearch({'char': ''})
  for g:keys in g:case[2]
    silent! call feedkeys(g:keys, 'xt')
  endfor
  let g:place = [line('.') - 1, charcol('.') - 1]
  call add(g:found, [join(getline(1, '$'), "\n"), g:place, getreg('"'), getregtype('"') ==# 'V'])
endfor
call writefile([json_encode(g:found)], $VI_FOUND)
qall!
"""

TEXTS = [
    "The quick brown fox\njumps over the lazy dog",
    "one two  three\n\n  four, five-six (seven) eight\nnine",
    "def f(a, b):\n    return {'x': [a, b(1)], \"y\": 'it\\'s'}\n\nprint(f(1, 2))",
    "say \"hello there\" and 'bye', then `code`\nlast",
    "x\n\n\n\ty = 1\nzz",
    'if (a) {\n    b();\n    c("d e");\n}\nend',
    "foo.bar_baz(qux)  // done\n   indented line\nFOO Bar",
    "Ёлка и мяч — naïve café\nÜber straße",
    "ab cd",
]

MOTIONS = [
    *(
        "h",
        "l",
        "j",
        "k",
        "w",
        "b",
        "e",
        "ge",
        "W",
        "B",
        "E",
        "gE",
        "0",
        "^",
        "$",
        "g_",
        "gg",
        "G",
        "{",
        "}",
        "%",
    ),
    *("3l", "2h", "2w", "3e", "2b", "2j", "2k", "3|", "2G", "2$", "_", "+", "-", "2}", "4W", "2ge", "2B"),
    *("fe", "te", "2fo", "Fe", "Te", "fe;", "te;", "fo;,", "2f ", "t(", 'F"', "fo2;", "Fo,"),
]
OBJECTS = [
    *("iw", "aw", "iW", "aW", 'i"', 'a"', "i'", "a'", "i`", "a`", '2i"'),
    *("i(", "a(", "ib", "ab", "i)", "i[", "a[", "i{", "a{", "iB", "aB", "i<", "ip", "ap"),
]
SIMPLE = [
    *("x", "3x", "X", "2X", "D", "2D", "dd", "2dd", "3dd", "yyp", "yyP", "Yp", "2yyp", "yy3p", "J", "3J", "gJ", "2gJ"),
    *("~", "3~", "rx", "3rx", "r\r", ">>", "<<", "2>>", "3<<", "g~~", "gUU", "guu", "gUgU", "gugu", "g~g~", "2gUU"),
    *("ihey\x1b", "ahey \x1b", "Ihey \x1b", "A hey\x1b", "ohey\x1b", "Ohey\x1b", "3ix\x1b", "2ohey\x1b", "3A!\x1b"),
    *("cchey\x1b", "2cchey\x1b", "Chey\x1b", "shey\x1b", "3shey\x1b", "Shey\x1b", "ia\rb\x1b", "2iab\rc\x1b", "2Ohi\x1b"),
    *("xp", "xP", "ddp", "ddP", "dwP", "dwp", "yiwP", "yw$p", "x3p", "2dd2p", "yjP", "y$P", "dw.", "x..", "dd.", "3x."),
    *("dw2.", "2dw.", "d2w.", "cwhey\x1bw.", "A!\x1bj.", "ohey\x1b.", "ihey\x1b.", "3ix\x1b2.", ">>.", "~.", "rxl.", "J."),
    *("ciwhey\x1bw.", "xu", "ddu", "dwu", "ihey\x1bu", "ohey\x1bu", "xxu", "xxuu", "dwu.", "xu\x12", "ddu\x12", "ddjddu"),
    *("ddjdduu\x12", "2ohey\x1bu", "ccnew\x1bu", "Ju", ">>u", "gUUu", "xpu", "yypu", "d}u", "dbu", "dku", "dGu\x12"),
    *("\"ayiw\"aP", "\"add\"ap", "\"ayw\"Ayw\"aP", "\"_ddP", "yiw\"_dwP", "\"ayyP", "\"_xP"),
    *("dwbP", "fxD", "dtx", "cw\x1b", "de.", "dfe;.", "fed;", "feld,", "tex;", "yypA!\x1bk.", "ea\r\x1b"),
]  # fmt: skip
VISUAL = [
    *("vd", "vld", "v3ly$p", "vwd", "ved", "v$d", "vjd", "vj$d", "vkd", "Vd", "Vjd", "VjyP", "Vkd", "V>", "Vj<", "vj>"),
    *("v2l~", "vwU", "vwu", "Vjgu", "Vg~", "vwJ", "VjJ", "vjgJ", "vlrx", "vjrx", "Vrx", "vechey\x1b", "Vchey\x1b"),
    *("vjchey\x1b", "vlshey\x1b", "vlold", "vjX", "vlD", "vlY$p", "vlC!\x1b", "viwd", "vawd", "vi\"d", "va(d", "vi{d"),
    *("vipd", "viw~", "vld.", "Vd.", "vjd.", "vlcxx\x1bw.", "V>.", "vfed", "vbd", "vGd", "vggd", "v}d", "v%d", "Vj3>"),
    *("vlVd", "Vvd", "v\x1bx", "vlvx", "vey.", "v2jou", "vlu.u"),
]  # fmt: skip


def cases() -> list[tuple[str, tuple[int, int], list[str]]]:
    """Return texts, cursors and commands."""
    chance = random.Random(15)
    commands = [
        *MOTIONS,
        *(f"{operator}{each}{end}" for operator, end in _OPERATORS for each in [*MOTIONS, *OBJECTS]),
        *(f"d{each}" for each in OBJECTS),
    ]
    found = [(*_place(chance), [each]) for each in commands]
    found += [(*_place(chance), _ATOM.findall(each)) for each in SIMPLE * 2]
    found += [
        (*_place(chance), [*before, *after])
        for before in (["yiw", "w"], ["yy", "j"], ["yy"], ["yiw"], ["dw"], ["yj"], ["d}", "u"])
        for after in (
            ["v", "iw", "p"],
            ["V", "p"],
            ["v", "l", "p"],
            ["v", "w", "P"],
            ["v", "$", "p"],
            ["V", "j", "p"],
        )
    ]
    found += [(*_place(chance), _VISUAL_ATOM.findall(each)) for each in VISUAL * 3]
    found += [
        (TEXTS[text], (0, column), [f"{operator}{count}{each}"])
        for text, columns in ((0, (0, 5)), (3, (0, 5, 11)))
        for column in columns
        for operator in "dy"
        for count in (2, 3)
        for each in ("iw", "aw", "iW", "aW")
    ]
    nested = ("d2i(", "c2a(new\x1b", "y2ibP", "d2ab", "d3i(")
    found += [(TEXTS[2], (3, column), [each]) for column in (6, 8, 9, 12) for each in nested]
    found += [(*_place(chance), _commands(chance)) for _ in range(700)]
    return [case for case in found if not _is_odd(*case)]


def _is_odd(text: str, place: tuple[int, int], commands: list[str]) -> bool:
    """Whether vim 9.0 does something that nobody means: operators of case that find nothing to change, `{` in the
    only line, `3J` in the last one, and the width of a tab in a selection that is repeated."""
    return (
        any(
            each in ("gU0", "gU^", "gU3|", "gUh", "gU2h")
            or ("{" in each and text.count("\n") < 3)
            or (each == "3J" and place[0] == text.count("\n"))
            for each in commands
        )
        or ("y" in commands and "." in commands)
        or ("." in commands and "\t" in text and {"v", "V"} & {*commands})
    )


_ATOM = re.compile(
    r"(?:\"[a-zA-Z_])?\d*(?:[iIaAoOCsS][^\x1b]*\x1b|(?:[dcy<>]|g[uU~])\d*"
    r"(?:[ia].|[fFtT].|g[ge_EuU~]|.)(?:(?<=c.)[^\x1b]*\x1b|(?<=ciw)[^\x1b]*\x1b)?|[rfFtT].|g.|.)",
    re.DOTALL,
)
"""One command: vim forgets what follows one that fails."""

_VISUAL_ATOM = re.compile(r"\d*(?:[cCsSR][^\x1b]*\x1b|[rfFtT].|[ia].|g.|.)", re.DOTALL)

_OPERATORS = (("d", ""), ("c", "new\x1b"), ("y", "P"), ("gU", ""), (">", ""))


def _commands(chance: random.Random) -> list[str]:
    commands = []
    for _ in range(chance.randint(2, 7)):
        kind = chance.random()
        if kind < 0.35:
            commands.append(chance.choice(MOTIONS))
        elif kind < 0.6:
            operator, end = chance.choice(_OPERATORS)
            commands.append(operator + chance.choice([*MOTIONS, *OBJECTS]) + end)
        elif kind < 0.8:
            commands += _ATOM.findall(chance.choice(SIMPLE))
        elif kind < 0.9:
            commands += _VISUAL_ATOM.findall(chance.choice(VISUAL))
        else:
            commands.append(chance.choice(["u", "\x12", "p", "P"]) if commands else "x")
    return commands


def _place(chance: random.Random) -> tuple[str, tuple[int, int]]:
    text = chance.choice(TEXTS)
    rows = text.split("\n")
    row = chance.randrange(len(rows))
    return text, (row, chance.randrange(max(1, len(rows[row]))))


def _is_on_text(text: str, cursor: list[int], register: str, is_lines: int) -> bool:
    """Whether vim did not leave the cursor behind the end of a line, as it does now and then."""
    return cursor[1] <= max(0, len(text.split("\n")[cursor[0]]) - 1)


def main() -> None:
    """Ask vim, and write the corpus."""
    asked = cases()
    with tempfile.TemporaryDirectory() as folder:
        script, given, found = (Path(folder) / name for name in ("script.vim", "cases.json", "found.json"))
        script.write_text(SCRIPT, encoding="utf-8")
        given.write_text(json.dumps(asked), encoding="utf-8")
        environment = {
            **os.environ,
            "TERM": "dumb",
            "VI_CASES": str(given),
            "VI_FOUND": str(found),
            "LC_ALL": "C.UTF-8",
        }
        vim = ["vim", "-N", "-u", "NONE", "-i", "NONE", "-n", "-es", "-S", str(script)]
        subprocess.run(vim, env=environment, check=True, timeout=120, stdin=subprocess.DEVNULL)
        answers = json.loads(found.read_text(encoding="utf-8"))
    kept = [[*case, *answer] for case, answer in zip(asked, answers, strict=True) if _is_on_text(*answer)]
    rows = [json.dumps(each, ensure_ascii=False) for each in kept]
    CORPUS.write_text("[\n" + ",\n".join(rows) + "\n]\n", encoding="utf-8")


if __name__ == "__main__":
    main()
