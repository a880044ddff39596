"""What is refused once the oldest predictions are gone."""

import pytest

from connectors.trends.retention import refusal

WHOLE_SINCE = 1_764_000_000.0


@pytest.mark.parametrize("start", [None, WHOLE_SINCE - 0.5])
def test_what_may_lack_predictions_is_refused_with_the_moment_from_which_on_nothing_does(
    start: float | None,
) -> None:
    assert "2025-11-24T16:00:00+00:00 or later" in (refusal(WHOLE_SINCE, start) or "")


@pytest.mark.parametrize(
    ("whole_since", "start"), [(WHOLE_SINCE, WHOLE_SINCE), (None, None), (None, 0.0)]
)
def test_what_is_whole_is_not_refused(whole_since: float | None, start: float | None) -> None:
    assert refusal(whole_since, start) is None
