"""How long topics are kept is checked before a broker is asked."""

from math import inf

import pytest
import typer
from typer.testing import CliRunner

from stream_app.cli.topics import app, retention_days


@pytest.mark.parametrize(
    ("text", "days"), [("forever", inf), ("Forever ", inf), ("90", 90.0), ("0.5", 0.5)]
)
def test_a_retention_is_days_or_forever(text: str, days: float) -> None:
    assert retention_days(text) == days


@pytest.mark.parametrize("text", ["inf", "nan", "0", "-1", "1e300", "40000", "two weeks", ""])
def test_a_retention_that_kafka_cannot_keep_is_refused_with_what_to_write(text: str) -> None:
    with pytest.raises(typer.BadParameter, match="or forever"):
        retention_days(text)


def test_the_command_refuses_it_as_usage() -> None:
    refused = CliRunner().invoke(app, ["create", "--predictions-retention-days", "inf"])
    assert refused.exit_code == 2
    assert "or forever" in " ".join(refused.output.split())
