"""What was deleted and copied."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

BLACK_HOLE = "_"
CLIPBOARD = ("+", "*")


@dataclass(frozen=True, slots=True)
class Register:
    """A text, and whether it is whole lines."""

    text: str
    is_lines: bool = False


class Registers:
    """The registers by name: `"`, those of the clipboard, and a letter each.

    Args:
        copy: Puts a text on the clipboard.
        paste: Returns what is on the clipboard.
    """

    def __init__(self, copy: Callable[[str], None], paste: Callable[[], str]) -> None:
        self._copy = copy
        self._paste = paste
        self._kept: dict[str, Register] = {}
        self._latest = ""
        """The register that was written last, which is the unnamed one."""

    @staticmethod
    def is_name(key: str) -> bool:
        """Whether a key names a register."""
        return key in ('"', BLACK_HOLE, *CLIPBOARD) or (key.isascii() and len(key) == 1 and key.isalpha())

    def write(self, name: str, register: Register) -> None:
        """Keep a text; a capital letter appends to its register."""
        if name == BLACK_HOLE:
            return
        if name in CLIPBOARD:
            name = CLIPBOARD[0]
            self._copy(register.text)
        elif name.isupper():
            name = name.lower()
            old = self._kept.get(name)
            if old is not None:
                is_lines = old.is_lines or register.is_lines
                between = "\n" if is_lines and not old.is_lines else ""
                after = "\n" if is_lines and not register.is_lines else ""
                register = Register(old.text + between + register.text + after, is_lines)
        self._latest = "" if name == '"' else name
        self._kept[self._latest] = register

    def read(self, name: str) -> Register:
        """Return a register; an empty one if nothing was kept."""
        name = self._latest if name in ("", '"') else name.lower()
        if name in CLIPBOARD:
            text, kept = self._paste(), self._kept.get(CLIPBOARD[0], Register(""))
            return kept if text == kept.text else Register(text, text.endswith("\n"))
        return self._kept.get(name, Register(""))
