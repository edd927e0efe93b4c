"""The themes that come with the app: one table of colours each, checked for contrast by a test.

A palette names what a colour is for. Textual's theme and the transcript's styles are both made from it, so the
two cannot disagree.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gptalk_client.records import Record

if TYPE_CHECKING:
    from textual.theme import Theme

DEFAULT_THEME = "ink"
NO_COLOUR_THEME = "ansi"
"""What is used where the environment asks for no colours."""


_ANSI_VARIABLES = {"ansi-background": "ansi_default", "ansi-foreground": "ansi_default"}
"""What Textual's own style sheets ask for where a theme is of the terminal's colours."""


class Palette(Record, frozen=True):
    """The colours of a theme, as `#rrggbb` or `ansi_*` names."""

    name: str
    title: str
    dark: bool
    background: str
    text: str
    muted: str
    """Times, model names, counts, hints."""
    accent: str
    """The one accent: the person's bar, the active conversation, the focused border."""
    panel: str
    """Background of the list, dialogs and code."""
    selected: str
    """Background of the chosen row."""
    selected_text: str
    line: str
    """Rules and unfocused borders; carries no text."""
    heading: str
    link: str
    code: str
    """Inline code."""
    quote: str
    error: str
    warning: str
    success: str
    selection: str
    """Background of selected text."""
    ansi: bool = False

    @property
    def on_accent(self) -> str:
        """Text on the accent, such as the letter under the cursor."""
        return "ansi_black" if self.ansi else self.background

    def transcript_colours(self) -> dict[str, str]:
        """Return the colours that the transcript is painted with, by what they are for."""
        return {
            "background": self.background,
            "text": self.text,
            "muted": self.muted,
            "accent": self.accent,
            "heading": self.heading,
            "link": self.link,
            "code_background": self.panel,
            "code_text": self.text,
            "inline_code": self.code,
            "quote": self.quote,
            "line": self.line,
            "error": self.error,
            "warning": self.warning,
            "success": self.success,
            "selection": self.selection,
        }

    def textual_theme(self) -> Theme:
        """Return Textual's theme of the same colours."""
        from textual.theme import Theme  # the command line reads the names alone

        return Theme(
            name=self.name,
            primary=self.accent,
            secondary=self.link,
            accent=self.accent,
            foreground=self.text,
            background=self.background,
            surface=self.background,
            panel=self.panel,
            error=self.error,
            warning=self.warning,
            success=self.success,
            dark=self.dark,
            ansi=self.ansi,
            variables=_ANSI_VARIABLES
            | {
                "ink-text": self.text,
                "ink-muted": self.muted,
                "ink-accent": self.accent,
                "ink-panel": self.panel,
                "ink-line": self.line,
                "ink-selected": self.selected,
                "ink-selected-text": self.selected_text,
                "ink-error": self.error,
                "ink-warning": self.warning,
                "ink-success": self.success,
                "ink-background": self.background,
                "ink-on-accent": self.on_accent,
                "input-selection-background": self.selection,
                "input-cursor-background": self.accent,
                "input-cursor-foreground": self.on_accent,
                "scrollbar": self.line,
                "scrollbar-hover": self.muted,
                "scrollbar-active": self.accent,
                "scrollbar-background": self.background,
                "scrollbar-background-hover": self.background,
                "scrollbar-background-active": self.background,
                "scrollbar-corner-color": self.background,
                "border": self.accent,
                "border-blurred": self.line,
            },
        )


PALETTES = (
    Palette(
        name="ink",
        title="Ink (dark)",
        dark=True,
        background="#14161b",
        text="#d6d9e0",
        muted="#9099ac",
        accent="#e3a857",
        panel="#1d2028",
        selected="#2b303c",
        selected_text="#eceff4",
        line="#363c4a",
        heading="#f0c98b",
        link="#7fb4f0",
        code="#a5d6a0",
        quote="#aab2c5",
        error="#f2827f",
        warning="#e8c26a",
        success="#8fcf8b",
        selection="#35507a",
    ),
    Palette(
        name="paper",
        title="Paper (light)",
        dark=False,
        background="#faf8f3",
        text="#24272d",
        muted="#59606c",
        accent="#8a4b08",
        panel="#f0ede4",
        selected="#e2dccd",
        selected_text="#16181c",
        line="#cfc9ba",
        heading="#6d3b05",
        link="#1d56a8",
        code="#1f6328",
        quote="#4f5664",
        error="#a91f23",
        warning="#7a5200",
        success="#1f6a2c",
        selection="#c3d6f2",
    ),
    Palette(
        name="contrast",
        title="High contrast",
        dark=True,
        background="#000000",
        text="#ffffff",
        muted="#c8c8c8",
        accent="#ffd700",
        panel="#121212",
        selected="#003a8c",
        selected_text="#ffffff",
        line="#8c8c8c",
        heading="#ffe680",
        link="#8cc8ff",
        code="#9dff9d",
        quote="#dddddd",
        error="#ff9d9d",
        warning="#ffdf70",
        success="#9dff9d",
        selection="#0050c8",
    ),
    Palette(
        name="ansi",
        title="The terminal's own colours",
        dark=True,
        background="ansi_default",
        text="ansi_default",
        muted="ansi_bright_black",
        accent="ansi_yellow",
        panel="ansi_default",
        selected="ansi_blue",
        selected_text="ansi_bright_white",
        line="ansi_bright_black",
        heading="ansi_yellow",
        link="ansi_cyan",
        code="ansi_green",
        quote="ansi_default",
        error="ansi_bright_red",
        warning="ansi_yellow",
        success="ansi_green",
        selection="ansi_blue",
        ansi=True,
    ),
)

PALETTE_OF = {palette.name: palette for palette in PALETTES}
