"""The short form: a running pipeline, struck in the middle of batches, counts every post once.

`make chaos` is the long one.
"""

import secrets
from pathlib import Path

import pytest

from tests.chaos.plan import SHORT
from tests.chaos.run import Setup, run

pytestmark = [pytest.mark.integration, pytest.mark.timeout(600)]


@pytest.mark.parametrize("setup", SHORT, ids=lambda setup: setup.name)
async def test_nothing_is_lost_or_counted_twice(setup: Setup, tmp_path: Path) -> None:
    seed = secrets.randbelow(10**6)
    outcome = await run(setup, seed, tmp_path / "run")
    assert outcome.verdict.holds, f"seed {seed}: {outcome.document()}"
