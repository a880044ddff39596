"""What a worker that extracts refuses before it loads anything."""

import pytest

from stream_app.exits import CannotGoOn, ExitCode
from stream_app.extraction.role import ExtractionRole
from stream_app.metrics import Metrics
from stream_app.settings import Settings


async def test_a_worker_that_extracts_refuses_to_shed_what_nobody_would_stand_for() -> None:
    with pytest.raises(CannotGoOn, match="unset it here") as end:
        await ExtractionRole(Settings(role="extract", shed=4), Metrics()).require()
    assert end.value.code is ExitCode.NOT_READY


async def test_a_worker_that_extracts_everything_is_let_go_on() -> None:
    await ExtractionRole(Settings(role="extract", shed=1), Metrics()).require()
