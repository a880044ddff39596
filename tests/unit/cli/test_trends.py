"""What `voxpop trends` refuses before it asks Redis."""

import pytest

from stream_app.cli.errors import CliError
from stream_app.cli.trends import trends


@pytest.mark.parametrize(
    ("window", "resolution", "said"),
    [("foo", None, "not a duration"), (None, "5m", "unknown resolution")],
)
def test_a_malformed_range_is_a_usage_error_before_anything_is_looked_up(
    monkeypatch: pytest.MonkeyPatch, window: str | None, resolution: str | None, said: str
) -> None:
    monkeypatch.setenv("VOXPOP_REDIS", "redis://127.0.0.1:1/0")  # nobody is there
    with pytest.raises(CliError, match=said) as refused:
        trends(
            "nobody",
            window=window,
            start=None,
            end=None,
            resolution=resolution,
            compare=None,
            as_json=False,
        )
    assert refused.value.exit_code == 2
