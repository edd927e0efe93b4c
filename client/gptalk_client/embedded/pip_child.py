"""pip as a child that dies with its parent: `python -m gptalk_client.embedded.pip_child ARGUMENTS`."""

from __future__ import annotations

import runpy
import sys

from gptalk_client.embedded import lifeline

if __name__ == "__main__":
    lifeline.hold()
    sys.argv[0] = "pip"
    runpy.run_module("pip", run_name="__main__", alter_sys=True)
