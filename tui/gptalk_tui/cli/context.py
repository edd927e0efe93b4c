"""The global options, and the folders and settings that follow from them."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gptalk_client.paths import Paths
    from gptalk_client.settings import Settings


@dataclass
class Globals:
    """The values of the global options; the last of each kind wins."""

    url: str | None = None
    provider: str | None = None
    model: str | None = None
    proxy: str | None = None
    data_dir: str | None = None
    config: str | None = None
    debug: bool | None = None

    def paths(self) -> Paths:
        """Return the folders and files in use."""
        from gptalk_client.paths import Paths

        return Paths.default(self.data_dir, self.config)

    def settings(self) -> Settings:
        """Return the effective settings. Unknown keys of the config file are reported on standard error.

        Raises:
            ConfigError: The file, a variable or an option cannot be used.
        """
        from gptalk_client.config_file import load_settings
        from gptalk_tui.cli.output import note

        paths = self.paths()
        self._start_log(paths)
        settings, unknown = load_settings(
            paths.config_file,
            url=self.url,
            provider=self.provider,
            model=self.model,
            proxy=self.proxy,
        )
        for problem in unknown:
            note(str(problem))
        return settings

    def _start_log(self, paths: Paths) -> None:
        wanted = os.environ.get("GPTALK_DEBUG", "").lower() not in ("", "0", "no", "false", "off")
        if not (wanted if self.debug is None else self.debug):
            return
        from gptalk_tui.cli.output import note
        from gptalk_tui.terminal.logs import start_log

        if (file := start_log(paths.logs)) is None:
            note(f"Can't write a log in {paths.logs}.")
        else:
            note(f"Logging to {file}.")
