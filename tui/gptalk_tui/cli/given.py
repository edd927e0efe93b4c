"""What the global options gave, and the folders and settings that come of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gptalk_client.paths import Paths
    from gptalk_client.settings import Settings


@dataclass
class Globals:
    """What the global options gave; the last one of a kind wins."""

    url: str | None = None
    provider: str | None = None
    model: str | None = None
    proxy: str | None = None
    data_dir: str | None = None
    config: str | None = None

    def paths(self) -> Paths:
        """Return the folders and files in use."""
        from gptalk_client.paths import Paths

        return Paths.default(self.data_dir, self.config)

    def settings(self) -> Settings:
        """Return the settings in force. Unknown keys of the config file are told on standard error.

        Raises:
            ConfigError: The file, a variable or an option cannot be used.
        """
        from gptalk_client.config_file import load_settings
        from gptalk_tui.cli.output import note

        settings, unknown = load_settings(
            self.paths().config_file,
            url=self.url,
            provider=self.provider,
            model=self.model,
            proxy=self.proxy,
        )
        for problem in unknown:
            note(str(problem))
        return settings
