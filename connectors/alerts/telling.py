"""An alert as a document: from a shift and its evidence, with a sentence that says it all. Pure."""

from datetime import UTC, datetime
from hashlib import blake2b

from connectors.alerts.detector import Shift
from connectors.alerts.lifecycle import Ended, Raised
from connectors.schemas.alert import Alert, Change, Evidence


def raised_alert(raised: Raised, since: float, step_s: int, evidence: Evidence) -> Alert:
    """The document of an alert that begins.

    Args:
        raised: what the lifecycle said.
        since: when the shift began, Unix seconds.
        step_s: seconds of a step.
        evidence: what carried it.
    """
    shift = raised.shift
    change = _change(shift)
    window_s = shift.window * step_s
    return Alert(
        alert_id=alert_id(raised.track, shift.kind, raised.at),
        state="raised",
        track=raised.track,
        kind=shift.kind,
        label=None if shift.label is None else _name(shift.label),
        direction=shift.direction,
        since=since,
        raised_at=raised.at,
        ended_at=None,
        window_s=window_s,
        posts=shift.posts,
        observed=shift.observed,
        expected=shift.expected,
        change=change,
        p_value=shift.p_value,
        q_value=shift.q_value,
        summary=_summary(raised.track, shift, change, window_s, since),
        evidence=evidence,
    )


def ended_alert(alert: Alert, ended: Ended) -> Alert:
    """The document of the same alert, over."""
    return alert.model_copy(update={"state": "ended", "ended_at": ended.at})


def alert_id(track: str, kind: str, raised_at: int) -> str:
    """Name of an alert: the same wherever and however often it is found."""
    return blake2b(f"{kind}:{raised_at}:{track}".encode(), digest_size=12).hexdigest()


def _change(shift: Shift) -> Change:
    if shift.label is None:
        value = shift.observed / shift.expected
        return Change(form="ratio", value=value, low=shift.low, high=shift.high)
    value = shift.observed - shift.expected
    return Change(form="difference", value=value, low=shift.low, high=shift.high)


def _summary(track: str, shift: Shift, change: Change, window_s: int, since: float) -> str:
    begun = datetime.fromtimestamp(since, UTC).strftime("%Y-%m-%d %H:%M")
    span = f"{window_s // 60} min" if window_s >= 60 else f"{window_s} s"
    if shift.label is None:
        return (
            f"{track}: volume {shift.direction}, {shift.posts:,} posts in {span} where "
            f"{shift.expected:,.0f} are usual ({change.value:.1f} times, "
            f"{change.low:.1f} to {change.high:.1f}), since {begun} UTC"
        )
    points = [100 * value for value in (change.value, change.low, change.high)]
    return (
        f"{track}: {_name(shift.label)} {shift.direction} to {100 * shift.observed:.0f} % from "
        f"{100 * shift.expected:.0f} % of {shift.posts:,} posts in {span} "
        f"({points[0]:+.0f} points, {points[1]:+.0f} to {points[2]:+.0f}), since {begun} UTC"
    )


def _name(label: str) -> str:
    return label.partition(":")[2]
