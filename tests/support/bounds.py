"""What binds every user but root, for tests that root may run."""

from __future__ import annotations

import contextlib
import ctypes
import os
import sys
from collections.abc import Callable, Iterator

_NOBODY = 65534
_PR_CAPBSET_DROP = 24
_CAP_DAC_OVERRIDE, _CAP_DAC_READ_SEARCH = 1, 2


def give_up_override() -> Callable[[], None] | None:
    """Return what makes a new process heed the modes of files, also root's; None where nothing is needed.

    It is for `preexec_fn` of `subprocess`: what the process gives up counts from its next program on.
    """
    if sys.platform != "linux" or os.geteuid() != 0:
        return None
    libc = ctypes.CDLL(None, use_errno=True)

    def give_up() -> None:
        for capability in (_CAP_DAC_OVERRIDE, _CAP_DAC_READ_SEARCH):
            if libc.prctl(_PR_CAPBSET_DROP, capability, 0, 0, 0) != 0:
                raise OSError(ctypes.get_errno(), "the right to override modes cannot be given up")

    return give_up


@contextlib.contextmanager
def no_superuser() -> Iterator[None]:
    """Run as somebody whom permissions bind."""
    if os.geteuid() != 0:
        yield
        return
    os.setresgid(_NOBODY, _NOBODY, 0)
    os.setresuid(_NOBODY, _NOBODY, 0)
    try:
        yield
    finally:
        os.setresuid(0, 0, 0)
        os.setresgid(0, 0, 0)
