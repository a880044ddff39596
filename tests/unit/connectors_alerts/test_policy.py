"""A policy that makes no sense is refused."""

import pytest

from connectors.alerts.policy import AlertPolicy


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"step": "1h", "block": "1m"}, "not made of steps"),
        ({"windows": (15, 5)}, "must ascend"),
        ({"windows": (5, 5000)}, "1 to 1440 steps"),
        ({"min_posts": 0}, "min_posts is 0"),
        ({"min_ratio": 1.0}, "min_ratio"),
        ({"step": "2m"}, "unknown resolution"),
    ],
)
def test_a_wrong_parameter_is_named(wrong: dict[str, object], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        AlertPolicy(**wrong)  # type: ignore[arg-type]


def test_the_looks_of_a_day_share_the_false_alarms_asked_for() -> None:
    policy = AlertPolicy(false_alarms_a_day=2.0)
    assert policy.level * 24 * 60 == pytest.approx(2.0)
