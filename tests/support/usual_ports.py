"""The ports that engines usually listen on are out of reach of tests, unless a test puts an engine there.

The machine may run a real engine, and other tests run at the same time.
"""

from __future__ import annotations

import os
from typing import Any

USUAL_PORTS = (11434, 1234, 8080, 8000)
VARIABLE = "GPTALK_TEST_ENGINES"
"""An environment variable such as `11434=54321`: where the engine of a usual port really is."""


def real_address(address: Any) -> Any:
    """Return where to connect to.

    Raises:
        ConnectionRefusedError: It is a usual port, and the test has no engine there.
    """
    if not isinstance(address, tuple) or address[1] not in USUAL_PORTS:
        return address
    usual, _, real = os.environ.get(VARIABLE, "").partition("=")
    if str(address[1]) != usual:
        raise ConnectionRefusedError(f"no engine of a test listens on port {address[1]}")
    return (address[0], int(real), *address[2:])
