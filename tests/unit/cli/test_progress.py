"""Without a terminal a long step says how far it is in a few lines."""

import pytest

from stream_app.cli.progress import LINES_A_STEP, drawn_progress


def test_a_step_of_many_takes_few_lines(capsys: pytest.CaptureFixture[str]) -> None:
    with drawn_progress() as progress:
        for done in range(100_001):
            progress("Writing", done, 100_000)
    lines = capsys.readouterr().err.splitlines()
    assert lines[0] == "Writing 0/100000"
    assert lines[-1] == "Writing 100000/100000"
    assert len(lines) == LINES_A_STEP + 1


def test_a_step_that_begins_anew_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    with drawn_progress() as progress:
        for _ in range(2):
            progress("Starting", 0, 1)
            progress("Starting", 1, 1)
    assert capsys.readouterr().err.splitlines() == ["Starting 0/1", "Starting 1/1"] * 2
