"""Where things are kept: platformdirs' folders for `gptalk-tui`, made private from the first instant."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from gptalk_client.errors import UsageError

APP_NAME = "gptalk-tui"


@dataclass(frozen=True, slots=True)
class Paths:
    """The files of one installation. Nothing is created by asking for a path."""

    data: Path
    config_file: Path
    logs: Path

    @classmethod
    def default(
        cls, data_dir: str | os.PathLike[str] | None = None, config: str | os.PathLike[str] | None = None
    ) -> Paths:
        """Return platformdirs' folders, or the given ones.

        Args:
            data_dir: The data folder; None takes `GPTALK_DATA_DIR`, else platformdirs' folder.
            config: The config file; None takes `GPTALK_CONFIG`, else `config.toml` in platformdirs' folder.

        Raises:
            UsageError: A home folder is not known.
        """
        import platformdirs

        data = data_dir or os.environ.get("GPTALK_DATA_DIR")
        file = config or os.environ.get("GPTALK_CONFIG")
        try:
            return cls(
                data=typed_path(data).absolute()
                if data
                else platformdirs.user_data_path(APP_NAME, appauthor=False),
                config_file=typed_path(file).absolute()
                if file
                else platformdirs.user_config_path(APP_NAME, appauthor=False) / "config.toml",
                logs=platformdirs.user_log_path(APP_NAME, appauthor=False),
            )
        except RuntimeError as err:
            raise UsageError("It is not known where your home folder is.", hint="Set HOME.") from err

    @property
    def database(self) -> Path:
        """The conversations."""
        return self.data / "conversations.db"

    @property
    def auth(self) -> Path:
        """The cached logins."""
        return self.data / "auth.json"

    @property
    def models(self) -> Path:
        """The weights for offline use."""
        return self.data / "models"


def typed_path(typed: str | os.PathLike[str]) -> Path:
    """Return the path that somebody typed; `~` and `~name` stand for homes. Nothing needs to be there.

    Raises:
        UsageError: The home of a user who is not known here.
    """
    try:
        return Path(typed).expanduser()
    except RuntimeError as err:
        home = Path(typed).parts[0]
        raise UsageError(f"{home} names no home folder here.", hint="Write the path in full.") from err


def make_private_folder(folder: Path) -> None:
    """Create a folder that only its owner can read, parents included; leave an existing one as it is.

    Raises:
        OSError: The folder cannot be made.
    """
    missing = []
    while not os.path.exists(folder):
        missing.append(folder)
        folder = folder.parent
    for each in reversed(missing):
        each.mkdir(mode=0o700, exist_ok=True)
