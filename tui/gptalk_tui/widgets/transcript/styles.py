"""Rich styles by name; a theme gets its own table, and no text is parsed again."""

from __future__ import annotations

from collections.abc import Mapping

from rich.style import Style

from gptalk_tui.widgets.transcript.colours import readable

DARK: Mapping[str, str] = {
    "background": "#121318", "text": "#d8dae0", "muted": "#878d9c", "accent": "#7fb4ff", "heading": "#eef0f5",
    "link": "#7fb4ff", "code_background": "#1b1d24", "code_text": "#d0d3dc", "quote": "#b3b8c5",
    "line": "#4a4f5c", "selection": "#35507a", "error": "#ff7b86", "success": "#7fd89a", "warning": "#e8b866",
    "inline_code": "#98c98a",
}  # fmt: skip
LIGHT: Mapping[str, str] = {
    "background": "#fbfbfa", "text": "#24262c", "muted": "#63697a", "accent": "#1d5fc2", "heading": "#0d0e12",
    "link": "#1d5fc2", "code_background": "#f0f0ed", "code_text": "#2c2f37", "quote": "#4d5361",
    "line": "#b4b8c2", "selection": "#c3d6f2", "error": "#b3202f", "success": "#1c7a3c", "warning": "#8a5a00",
    "inline_code": "#2f7a1f",
}  # fmt: skip
"""Defaults for colours that a theme does not set."""

_SYNTAX_DARK = {
    "keyword": "#c79bf2", "type": "#6fc3df", "function": "#7fb4ff", "string": "#98c98a", "number": "#e5a66b",
    "comment": "#7f8696", "operator": "#a9b0c0", "builtin": "#6fc3df", "decorator": "#e0c074",
    "variable": "#d0d3dc", "tag": "#f08a93", "attribute": "#e0c074", "inserted": "#8fd19e",
    "deleted": "#f08a93", "heading": "#eef0f5", "prompt": "#7f8696", "error": "#ff7b86",
}  # fmt: skip
_SYNTAX_LIGHT = {
    "keyword": "#7b2fb5", "type": "#0b6b86", "function": "#1d5fc2", "string": "#2f7a1f", "number": "#a14a00",
    "comment": "#666b78", "operator": "#4d5361", "builtin": "#0b6b86", "decorator": "#7a5b00",
    "variable": "#2c2f37", "tag": "#b3202f", "attribute": "#7a5b00", "inserted": "#1c7a3c",
    "deleted": "#b3202f", "heading": "#0d0e12", "prompt": "#666b78", "error": "#b3202f",
}  # fmt: skip

_SYNTAX_ANSI = {
    "keyword": "bright_magenta", "type": "cyan", "function": "cyan", "string": "green", "number": "yellow",
    "comment": "bright_black", "operator": "default", "builtin": "cyan", "decorator": "yellow",
    "variable": "default", "tag": "bright_red", "attribute": "yellow", "inserted": "green",
    "deleted": "bright_red", "heading": "default", "prompt": "bright_black", "error": "bright_red",
}  # fmt: skip

_NOTES = {"note": "link", "tip": "success", "important": "accent", "warning": "warning", "caution": "error"}
"""The colour of each kind of note."""

SYNTAX_NAMES = tuple(_SYNTAX_DARK)
"""Token kinds of the highlighter; spans have them as `code.<name>`."""


class StyleTable(dict[str, Style]):
    """Rich styles by name; names joined by spaces combine their styles, with later ones taking precedence.

    Text styles have no background, so the widget's shows through. Code styles have the code background. A
    colour is adjusted if necessary to reach a contrast of 4.5 to 1 with its background, except for the
    terminal's own colours, which are the user's choice.

    Args:
        colours: Theme colours, as Rich can parse them or as Textual's `ansi_` names. Names: `background`,
            `text`, `muted`, `accent`, `heading`, `link`, `code_background`, `code_text`, `inline_code`, `quote`,
            `line`, `error`, `success`, `warning`; missing ones are taken from `DARK` or `LIGHT`.
        dark: Whether the theme is dark, which decides the palette for code.
    """

    def __init__(self, colours: Mapping[str, str] | None = None, *, dark: bool = True) -> None:
        super().__init__()
        found = {**(DARK if dark else LIGHT), **(colours or {})}
        found = {name: colour.removeprefix("ansi_") for name, colour in found.items()}
        page, code = found["background"], found["code_background"]
        is_ansi = self.is_ansi = not page.startswith("#")
        """Whether the colours are the terminal's own, which may be none at all."""

        def on_page(name: str, ratio: float = 4.5) -> str:
            return found[name] if is_ansi else readable(found[name], page, ratio)

        def on_code(colour: str) -> str:
            return colour if is_ansi else readable(colour, code)

        self["page"] = Style(color=on_page("text"), bgcolor=page)
        # Whether the terminal's own text colour is readable on another background is unknown.
        self["selection"] = Style(reverse=True) if is_ansi else Style(bgcolor=found["selection"])
        # Reversed, so that matches stand out in every theme, even without colours.
        self["found"] = Style(color=on_page("muted"), bgcolor=page, reverse=True, bold=False)
        self["found.current"] = Style(color=on_page("accent"), bgcolor=page, reverse=True, bold=True)
        self["text"] = Style(color=on_page("text"))
        self["muted"] = Style(color=on_page("muted"))
        self["marker"] = Style(color=on_page("accent"))
        self["strong"] = Style(bold=True)
        self["em"] = Style(italic=True)
        self["strike"] = Style(strike=True)
        self["h1"] = Style(color=on_page("accent"), bold=True)
        self["h2"] = Style(color=on_page("heading"), bold=True)
        self["h3"] = Style(color=on_page("quote"), bold=True)
        self["h4"] = Style(color=on_page("quote"), bold=True, italic=True)
        self["h5"] = Style(color=on_page("quote"), italic=True)
        self["h6"] = Style(color=on_page("muted"), italic=True)
        self["link"] = Style(color=on_page("link"), underline=True)
        self["code"] = Style(color=on_code(found["inline_code"]), bgcolor=code)
        for kind, colour in _NOTES.items():
            self[f"note.{kind}"] = Style(color=on_page(colour), bold=True)
        self["quote"] = Style(color=on_page("quote"))
        # Lines and bars contain no words, so they may be fainter than text.
        self["line"] = Style(color=on_page("line", 1.6))
        self["bar"] = Style(color=on_page("line", 2.2))
        self["header"] = Style(color=on_page("heading"), bold=True)
        self["html"] = Style(color=on_page("muted"))
        self["math"] = Style(color=on_page("text"))
        for name in ("error", "success", "warning"):
            self[name] = Style(color=on_page(name))
        self["fence"] = Style(color=on_code(found["code_text"]), bgcolor=code)
        self["fence.label"] = Style(color=on_code(found["muted"]), bgcolor=code)
        self["fence.wrap"] = self["fence.label"]
        for name, colour in (_SYNTAX_ANSI if is_ansi else _SYNTAX_DARK if dark else _SYNTAX_LIGHT).items():
            self[f"code.{name}"] = Style(
                color=on_code(colour),
                bgcolor=code,
                italic=name == "comment" or None,
                bold=name == "heading" or None,
            )

    def __missing__(self, names: str) -> Style:
        style = Style()
        for name in names.split(" "):
            known = self.get(name)
            if known is not None:
                style = style + known
        self[names] = style
        return style
