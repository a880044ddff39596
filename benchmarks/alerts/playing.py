"""Plays simulated days to the detector and to sigma rules, side by side. Pure."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from benchmarks.alerts import sigma
from benchmarks.alerts.judging import Judged, judge
from benchmarks.alerts.streams import KINDS, START_S, Kind, Streams
from connectors.alerts.baseline import learn
from connectors.alerts.detector import Look, look
from connectors.alerts.lifecycle import Lifecycle, Raised
from connectors.alerts.panel import Panel
from connectors.alerts.policy import AlertPolicy
from connectors.trends.layout import DAY_S, HOUR_S

LEARNED_DAYS = 28


@dataclass(slots=True)
class _Rule:
    lifecycle: Lifecycle
    raised: list[Raised] = field(default_factory=list)

    def follow(self, names: Sequence[str], found: Look) -> None:
        changes = self.lifecycle.follow(names, found)
        self.raised += [change for change in changes if isinstance(change, Raised)]


def play(
    seed: int,
    days: int,
    sigmas: Sequence[float],
    policy: AlertPolicy,
    tell: Callable[[int], None],
    kinds: tuple[Kind, ...] = KINDS,
) -> tuple[Judged, dict[float, Judged]]:
    """Four weeks to learn from, then days with a shift each on most tracks.

    Args:
        seed: of the streams.
        days: that are judged.
        sigmas: how many standard deviations, a rule each.
        policy: of all rules.
        tell: told each day that is done, from 1.
        kinds: of the tracks.

    Returns:
        What the detector did, and what each sigma rule did.
    """
    streams = Streams(seed, kinds)
    panel = learned_panel(streams, policy)
    names = [str(at) for at in range(len(kinds))]
    ours = _Rule(Lifecycle(policy))
    plain = {k: _Rule(Lifecycle(policy)) for k in sigmas}
    events = []
    for day in range(LEARNED_DAYS, LEARNED_DAYS + days):
        events.append(streams.draw_events(day))
        for counts in streams.day(day, policy.step_s, events[-1]):
            if panel.end == panel.blocks_end:
                baseline, usual = learn(panel, policy), sigma.usual(panel, policy)
            panel.push(counts)
            under_way = ours.lifecycle.under_way(names)
            ours.follow(names, look(panel, baseline, policy, under_way))
            large, any_size = sigma.deviations(panel, usual, policy)
            for k, rule in plain.items():
                rule.follow(names, sigma.look(panel.end, large, any_size, k))
        tell(day - LEARNED_DAYS + 1)
    return judge(ours.raised, events, kinds), {
        k: judge(rule.raised, events, kinds) for k, rule in plain.items()
    }


def learned_panel(streams: Streams, policy: AlertPolicy) -> Panel:
    """A panel after four weeks without shifts, the last day in steps as well."""
    panel = Panel(policy, len(streams.kinds), START_S + (LEARNED_DAYS - 1) * DAY_S)
    for day in range(LEARNED_DAYS - 1):
        for hour, counts in enumerate(streams.day(day, HOUR_S)):
            for track, own in enumerate(counts.tolist()):
                panel.put_block(track, START_S + day * DAY_S + hour * HOUR_S, own)
    for counts in streams.day(LEARNED_DAYS - 1, policy.step_s):
        panel.push(counts)
    return panel
