"""Where files are kept: platformdirs' folders for `gptalk-tui`, private from the start."""

from __future__ import annotations

import os
from pathlib import Path

from gptalk_client.errors import UsageError
from gptalk_client.records import Record

APP_NAME = "gptalk-tui"


class Paths(Record, frozen=True):
    """The files of one installation. Getting a path creates nothing."""

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
            UsageError: The home folder can't be determined.
        """
        import platformdirs

        data = data_dir or os.environ.get("GPTALK_DATA_DIR")
        file = config or os.environ.get("GPTALK_CONFIG")
        # Where the home folder is unknown, older platformdirs (4.9) leave the ~ in the path; newer ones raise.
        try:
            return cls(
                data=typed_path(data).absolute()
                if data
                else platformdirs.user_data_path(APP_NAME, appauthor=False).expanduser(),
                config_file=typed_path(file).absolute()
                if file
                else platformdirs.user_config_path(APP_NAME, appauthor=False).expanduser() / "config.toml",
                logs=platformdirs.user_log_path(APP_NAME, appauthor=False).expanduser(),
            )
        except RuntimeError as err:
            raise UsageError("Your home folder can't be determined.", hint="Set HOME.") from err

    @property
    def database(self) -> Path:
        """The conversations."""
        return self.data / "conversations.db"

    @property
    def journal(self) -> Path:
        """What could not be saved to the conversations."""
        return self.data / "unsaved.jsonl"

    @property
    def auth(self) -> Path:
        """The cached logins."""
        return self.data / "auth.json"

    @property
    def provider_keys(self) -> Path:
        """The providers' keys that were typed and kept."""
        return self.data / "provider_keys.json"

    @property
    def model_choices(self) -> Path:
        """The favourite models, and those used last."""
        return self.data / "model_choices.json"

    @property
    def models(self) -> Path:
        """The weights for offline use."""
        return self.data / "models"


def typed_path(typed: str | os.PathLike[str]) -> Path:
    """Return a path as typed, with `~` and `~name` expanded. It need not exist.

    Raises:
        UsageError: There is no such user on this computer.
    """
    try:
        return Path(typed).expanduser()
    except RuntimeError as err:
        home = Path(typed).parts[0]
        raise UsageError(
            f"{home} is not a home folder on this computer.", hint="Write the path in full."
        ) from err


def make_private_folder(folder: Path) -> None:
    """Create a folder that only its owner can read, including parents; leave an existing one alone.

    Raises:
        OSError: The folder cannot be made.
    """
    missing = []
    while not os.path.exists(folder):
        missing.append(folder)
        folder = folder.parent
    for each in reversed(missing):
        each.mkdir(mode=0o700, exist_ok=True)
