"""`voxpop capacity`: the plan in the terminal and as JSON; what cannot be planned is usage."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from stream_app.cli.errors import CliError
from stream_app.cli.main import app

RUNNER = CliRunner()


def test_a_plan_is_printed_with_what_not_to_believe_and_written(tmp_path: Path) -> None:
    file = tmp_path / "plan.json"
    done = RUNNER.invoke(app, ["capacity", "-n", "3000", "--json", str(file)])
    assert done.exit_code == 0, done.output
    for row in ("partitions", "workers", "shards of Redis", "Kafka's brokers", "latency"):
        assert row in done.output
    assert "<- fullest" in done.output
    assert "! " in done.output
    plan = json.loads(file.read_text())
    assert plan["demand"]["posts_per_second"] == 3000
    assert plan["sizes"]["workers"]["count"] >= 2
    assert plan["slice"]["keeps_up"]
    assert plan["warnings"]


@pytest.mark.parametrize("figures", [["-n", "0"], ["-n", "9", "--tracks-per-post", "2000"]])
def test_what_cannot_be_planned_is_wrong_usage(figures: list[str]) -> None:
    done = RUNNER.invoke(app, ["capacity", *figures])
    assert isinstance(done.exception, CliError)
    assert done.exception.exit_code == 2


def test_costs_that_cannot_be_read_are_told_in_a_line(tmp_path: Path) -> None:
    file = tmp_path / "costs.toml"
    file.write_text("[loop_post_ms]\nvalue = 1\n")
    done = RUNNER.invoke(app, ["capacity", "-n", "10", "--costs", str(file)])
    assert isinstance(done.exception, CliError)
    assert "voxpop bench calibrate" in str(done.exception)
