"""kill -9 at random moments of streaming: no message lost, and no more text than was promised.

`GPTALK_TEST_KILLS=200` kills that often.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from support.kill_writer import Killer, talkative_service

pytestmark = pytest.mark.skipif(os.name != "posix", reason="SIGKILL")
KILLS = int(os.environ.get("GPTALK_TEST_KILLS", "4"))


def test_kill_at_random_moments_loses_no_more_than_promised(tmp_path: Path) -> None:
    with talkative_service() as service:
        killer = Killer(tmp_path, service)
        outcomes = [killer.kill(seed) for seed in range(KILLS)]
    assert [outcome.problems for outcome in outcomes] == [()] * KILLS
    assert [outcome for outcome in outcomes if outcome.is_late] == []
