"""What the wheel holds beside the code: the manual pages, in `share/man/man1`."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class ManPages(BuildHookInterface[Any]):
    """Writes the manual pages when a wheel is built."""

    _folder: Path | None = None

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Add the pages, which are made anew each time, to a wheel that is no editable one."""
        if version == "editable":
            return
        root = Path(self.root)
        self._folder = folder = Path(tempfile.mkdtemp(prefix="gptalk-man-"))
        # A process of its own leaves no module of the project in the builder.
        subprocess.run([sys.executable, str(root / "tools" / "man_pages.py"), str(folder)], check=True)
        for page in folder.glob("*.1"):
            build_data["shared_data"][str(page)] = f"share/man/man1/{page.name}"

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        """Remove the pages once the wheel holds them."""
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)
