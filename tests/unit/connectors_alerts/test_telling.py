"""An alert says what moved, by how much, how sure and since when, in one sentence too."""

from connectors.alerts.lifecycle import Ended
from connectors.alerts.telling import alert_id, ended_alert
from connectors.schemas.alert import Alert
from tests.unit.connectors_alerts.alerts import SWING, alert


def test_a_burst_is_told_in_a_sentence() -> None:
    assert alert().summary == (
        "acme: volume up, 90 posts in 5 min where 30 are usual (3.0 times, 2.4 to 3.8), "
        "since 2025-11-24 15:58 UTC"
    )


def test_a_swing_is_told_in_points() -> None:
    assert alert(shift=SWING).summary == (
        "acme: negative up to 46 % from 25 % of 320 posts in 15 min (+21 points, +15 to +27), "
        "since 2025-11-24 15:58 UTC"
    )


def test_an_alert_keeps_its_name_when_it_ends() -> None:
    raised = alert()
    over = ended_alert(raised, Ended("acme", "volume", raised.raised_at, raised.raised_at + 900))
    assert over.alert_id == raised.alert_id == alert_id("acme", "volume", raised.raised_at)
    assert (over.state, over.ended_at) == ("ended", raised.raised_at + 900)


def test_an_alert_that_was_told_is_told_as_ended_when_it_ends() -> None:
    raised = alert()
    assert Alert.model_validate_json(raised.encoded).state == "raised"
    over = ended_alert(raised, Ended("acme", "volume", raised.raised_at, raised.raised_at + 900))
    assert Alert.model_validate_json(over.encoded).state == "ended"


def test_other_alerts_have_other_names() -> None:
    names = {
        alert_id(*parts)
        for parts in (
            ("a", "volume", 1),
            ("a", "volume", 2),
            ("a", "emotion", 1),
            ("b", "volume", 1),
        )
    }
    assert len(names) == 4


def test_the_document_is_read_back_as_it_was() -> None:
    assert Alert.model_validate_json(alert().encoded) == alert()
