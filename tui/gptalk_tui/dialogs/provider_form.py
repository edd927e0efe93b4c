"""A provider's name, address and key: tested, its models listed, and only then kept."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import Input, Static

from gptalk_client.addresses import Address, with_scheme
from gptalk_client.errors import ConfigError, GptalkError
from gptalk_client.providers.api_keys import check_key
from gptalk_client.settings import ProviderSettings, check_provider_name
from gptalk_client.text import one_line
from gptalk_tui.dialogs.base import Dialog
from gptalk_tui.dialogs.engine_book import Candidate
from gptalk_tui.dialogs.key_hints import KeyHints
from gptalk_tui.dialogs.model_picker import ModelPicker
from gptalk_tui.dialogs.settings_form import setting
from gptalk_tui.widgets.cycle import Cycle

if TYPE_CHECKING:
    from gptalk_client.providers.model_info import ModelInfo
    from gptalk_tui.dialogs.engine_book import EngineBook

TEST_LIMIT_S = 20.0
"""How long a test may take, in seconds."""

_KEEP, _FORGET = "keep", "forget"


class ProviderForm(Dialog[str | None]):
    """Returns the name of the provider that was kept; None where nothing was.

    Args:
        book: Tests the provider and keeps it.
        name: What it is called at first.
        settings: How it is reached at first; what has no field here stays as it is.
        is_new: Add it; otherwise change the one with this name.
        is_ready: Test it at once.
        models: Its models, if it has just listed them.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "Back", show=False),
        Binding("enter", "test", "Test", show=False),
        Binding("down", "move(1)", "Next", show=False),
        Binding("up", "move(-1)", "Before", show=False),
    ]

    def __init__(
        self,
        book: EngineBook,
        *,
        name: str,
        settings: ProviderSettings,
        is_new: bool = True,
        is_ready: bool = False,
        models: Sequence[ModelInfo] | None = None,
    ) -> None:
        super().__init__()
        self._book = book
        self._first_name = name
        self._settings = settings
        self._is_new = is_new
        self._is_ready = is_ready
        self._models = models
        self._tested: dict[str, str] = {}
        """What was tested last."""

    def compose(self) -> ComposeResult:
        settings = self._settings
        with Vertical(classes="dialog -form"):
            does = "Add a provider" if self._is_new else f"Provider · {one_line(self._first_name)}"
            yield Static(does, classes="dialog-title", markup=False)
            if self._is_new:
                yield setting("name", Input(self._first_name, placeholder="the host's", id="name"))
            yield setting("address", Input(settings.url, placeholder=self._example, id="url"))
            if settings.type == "openai":
                yield setting("key", Input(password=True, placeholder=self._key_state(), id="key"))
                keeps = [(_KEEP, "in a file that only you can read"), (_FORGET, "until the app closes")]
                yield setting("keep the key", Cycle(keeps, id="keeps"))
                variable = Input(
                    settings.api_key_env, placeholder="an environment variable that has it", id="variable"
                )
                yield setting("key variable", variable)
            yield Static(classes="dialog-note", markup=False)
            yield Static(classes="dialog-error", markup=False)
            yield KeyHints(("Enter", "test"), ("Tab", "next"), ("Esc", "back"))

    @property
    def _example(self) -> str:
        return "https://gptalk.example.com" if self._settings.type == "gptalk" else "http://127.0.0.1:8000/v1"

    def _key_state(self) -> str:
        settings = self._settings
        if settings.api_key_command:
            return "printed by a command"
        if settings.api_key or not self._is_new:
            return "as it is"
        return "none"

    def on_mount(self) -> None:
        wanted = "key" if self._settings.url and self._settings.api_key_env else "url"
        self.query_one(f"#{wanted}").focus()
        self._show_keeping()
        if self._models:
            self._pick(self._candidate(), self._models)
        elif self._is_ready:
            self.action_test()

    @on(Input.Changed)
    def _changed(self) -> None:
        if self.is_asking and self._typed != self._tested:  # a field also posts what it has at first
            self.stop_asking()
            self._say()
        self._show_keeping()

    @property
    def _typed(self) -> dict[str, str]:
        """What the fields hold, by id."""
        return {each.id or "": each.value.strip() for each in self.query(Input)}

    def _show_keeping(self) -> None:
        """Ask how to keep the key only where one is typed."""
        for keeps in self.query("#keeps"):
            assert keeps.parent is not None
            keeps.parent.display = bool(self.query_one("#key", Input).value)

    def action_move(self, by: int) -> None:
        """Go to another field."""
        if by > 0:
            self.focus_next()
        else:
            self.focus_previous()

    # The test

    @on(Input.Submitted)
    def _submitted(self) -> None:
        self.action_test()

    def action_test(self) -> None:
        """Check what was typed, ask the provider for its models, and show them."""
        if self.is_asking:
            return
        try:
            candidate = self._candidate()
        except ConfigError as err:  # its default hint is about the config file
            is_of_file = err.hint == ConfigError.default_hint
            self._say(error=err.message if is_of_file else err.for_humans())
            return
        self._tested = self._typed
        self._say(f"asking {one_line(candidate.name)}…")
        self.ask_server(self._test(candidate))

    def _candidate(self) -> Candidate:
        """Return the provider as it is typed.

        Raises:
            ConfigError: It cannot be used.
        """
        typed = self._typed
        if not typed["url"]:
            raise ConfigError("The address is missing.", hint=f"It is one such as {self._example}.")
        address = Address.parse(
            with_scheme(typed["url"]), "The address", takes_query=self._settings.type == "openai"
        )
        name, key = typed.get("name", self._first_name), typed.get("key", "")
        if self._is_new:
            name = name or free_name(address.host.replace(":", "-").strip("-"), self._book)
            check_provider_name(name)
            if name in self._book.settings.providers:
                raise ConfigError(
                    f"There is a provider “{one_line(name)}” already.", hint="Choose another name."
                )
        settings = replace(
            self._settings,
            url=address.whole,
            api_key_env=typed.get("variable", self._settings.api_key_env),
        )
        keeps = next((each.value for each in self.query(Cycle)), _KEEP)
        return Candidate(name, settings, check_key(key, name), keeps_key=keeps == _KEEP)

    async def _test(self, candidate: Candidate) -> None:
        try:
            async with asyncio.timeout(TEST_LIMIT_S):
                models = await self._book.test(candidate)
        except TimeoutError:
            self._say(
                error=f"It did not answer in {TEST_LIMIT_S:.0f} s. Check the address, then press Enter."
            )
        except GptalkError as err:
            self._say(error=err.for_humans())
        else:
            self._say()
            self._pick(candidate, models)

    def _pick(self, candidate: Candidate, models: Sequence[ModelInfo]) -> None:
        async def picked(model: str | None) -> None:
            if model is None:
                return
            try:
                await self._book.keep_provider(candidate, model)
            except GptalkError as err:
                self._say(error=err.for_humans())
            else:
                self.dismiss(candidate.name)

        picker = ModelPicker(candidate.name, self._book, models=models, current=candidate.settings.model)
        self.app.push_screen(picker, picked)

    def _say(self, words: str = "", *, error: str = "") -> None:
        note = self.query_one(".dialog-note", Static)
        note.update(words)
        note.set_class(bool(words), "-shown")
        self.complain(one_line(error, max_chars=500))


def free_name(name: str, book: EngineBook) -> str:
    """Return a name that no provider has yet: this one, else with a number."""
    taken = {each for each, _ in book.providers()}
    names = (name, *(f"{name}-{number}" for number in range(2, 100)))
    return next((each for each in names if each not in taken), name)
