"""What posts wait in a peer, by the broker's clock, and beside Voxpop at the same posts/s."""

from collections.abc import Mapping
from dataclasses import replace
from io import StringIO

import pytest
from rich.console import Console

from benchmarks.machine import this_machine
from benchmarks.peers.catalogue import VOXPOP
from benchmarks.peers.figures import Figures
from benchmarks.peers.latency import Latency, Place, judged_seconds, paced_rate
from benchmarks.peers.measurement import Measurement, Outcome, Reference, measurement
from benchmarks.peers.pacing import all_predicted
from benchmarks.peers.process import PeerStoppedError
from benchmarks.sending import posts_needed

SENT = {Place(number % 2, number): 10 * number for number in range(200)}  # 100 posts a second


def latency(rate: float, p99_ms: float | None) -> Latency:
    return Latency(rate, rate, 500, 10.0, 20.0, p99_ms, 0.1)


def test_posts_wait_from_their_append_to_that_of_their_prediction() -> None:
    answered = {place: appended + 7 for place, appended in SENT.items()}
    answered[Place(1, 5)] += 400
    answered |= {Place(0, 5): 9000, Place(1, 4): 9000}  # other posts, of the settling
    found = Latency.between(100.0, SENT, answered)
    assert (found.p50_ms, found.p95_ms, found.p99_ms) == (7.0, 7.0, 7.0)
    assert found.posts == 200
    assert found.came == pytest.approx(100)
    assert found.behind_s == 0.007
    for number in range(4):
        answered[Place(number % 2, number)] += 1000
    assert Latency.between(100.0, SENT, answered).p99_ms == 1007.0


def test_a_program_that_falls_behind_is_seen_to_and_so_are_posts_that_came_too_slowly() -> None:
    answered = {place: 2 * appended for place, appended in SENT.items()}
    found = Latency.between(150.0, SENT, answered)
    assert found.behind_s == 1.99
    assert (found.rate, found.came) == (150.0, 100.0)


def test_of_too_few_posts_no_p99_is_told() -> None:
    few = dict(list(SENT.items())[:99])
    assert Latency.between(100.0, few, few).p99_ms is None
    assert Latency.between(100.0, SENT, SENT).p99_ms == 0.0


def test_slow_programs_are_judged_for_longer_but_not_for_ever() -> None:
    assert judged_seconds(1500.0, 15.0) == 15.0
    assert judged_seconds(25.0, 15.0) == 20.0
    assert judged_seconds(5.0, 15.0) == 30.0
    assert posts_needed(25.0, judged_seconds(25.0, 15.0)) == 500
    assert posts_needed(0.3, 1.0) == 1


async def test_a_prediction_that_is_late_is_waited_for_and_its_double_is_no_other_posts() -> None:
    answers = [{Place(0, 1): 5}, {Place(0, 1): 5, Place(0, 2): 9}]  # two written, of one post

    async def written() -> int:
        return 2

    async def read() -> Mapping[Place, int]:
        return answers.pop(0)

    found = await all_predicted([Place(0, 1), Place(0, 2)], written, read, lambda: None)
    assert found == {Place(0, 1): 5, Place(0, 2): 9}


async def test_a_post_that_is_never_predicted_is_told() -> None:
    async def written() -> int:
        return 199

    async def read() -> Mapping[Place, int]:
        return {place: appended for place, appended in SENT.items() if place != Place(1, 7)}

    with pytest.raises(PeerStoppedError, match="1 of 200 posts have no prediction"):
        await all_predicted(SENT, written, read, lambda: None, within_s=0.01)


async def test_a_peer_that_ends_meanwhile_is_not_waited_for() -> None:
    async def none() -> int:
        return 0

    async def nothing() -> Mapping[Place, int]:
        return {}

    def gone() -> None:
        raise PeerStoppedError("it ended with 1")

    with pytest.raises(PeerStoppedError, match="ended with 1"):
        await all_predicted(SENT, none, nothing, gone)


REFERENCES = [
    Reference(Outcome(2000.0, 4.0), {1000.0: latency(1000.0, 80.0), 50.0: latency(50.0, 20.0)}),
    Reference(Outcome(2400.0, 4.0), {1200.0: latency(1200.0, 90.0), 60.0: latency(60.0, 40.0)}),
]


def measured(*runs: Outcome) -> Measurement:
    return measurement("a peer", "eager", 100, VOXPOP.promises, runs, REFERENCES)


def test_a_peers_latency_stands_beside_voxpops_at_the_same_rate_of_the_same_run() -> None:
    found = measured(
        Outcome(100.0, 4.0, latency(50.0, 60.0)), Outcome(120.0, 4.0, latency(60.0, 200.0))
    )
    assert found.latency == latency(55.0, 130.0)
    assert found.voxpop_latency == latency(55.0, 30.0)
    assert found.p99_ratio == 4.0  # the median of 3 and 5
    assert [each.p99_ratio for each in found.paced] == [3.0, 5.0]
    assert found.failures == []


def test_a_run_without_latency_says_why_and_leaves_the_others() -> None:
    why = "at 60.0 posts/s: 3 of 500 posts have no prediction"
    found = measured(Outcome(100.0, 4.0, latency(50.0, 60.0)), Outcome(120.0, 4.0, failure=why))
    assert found.runs == [100.0, 120.0]
    assert found.latency == latency(50.0, 60.0)
    assert found.p99_ratio == 3.0
    assert found.failures == [why]
    assert found.paced[1].own is None
    assert found.paced[1].voxpop == latency(60.0, 40.0)


def test_a_ratio_needs_both_p99() -> None:
    found = measured(Outcome(100.0, 4.0, latency(50.0, None)), Outcome(failure="it ended"))
    assert found.latency == latency(50.0, None)
    assert found.p99_ratio is None


def test_a_ratio_needs_the_posts_that_were_to_come() -> None:
    late = replace(latency(50.0, 60.0), came=47.0)
    assert measured(Outcome(100.0, 4.0, late), Outcome(failure="it ended")).p99_ratio is None


@pytest.mark.parametrize(
    ("there", "told"),
    [
        (latency(50.0, 60.0), "10 / 20 / 60, 0.1"),
        (latency(50.0, None), "10 / 20 / -, 0.1"),
        (replace(latency(50.0, 60.0), came=47.0), "10 / 20 / 60, 0.1; 47.0 posts/s came"),
    ],
)
def test_the_table_says_where_fewer_posts_came(there: Latency, told: str) -> None:
    reference = Reference(Outcome(100.0, 4.0), {50.0: there})
    own = Outcome(100.0, 4.0, latency(50.0, 60.0))
    found = measurement("a peer", "eager", 100, VOXPOP.promises, [own], [reference])
    console = Console(width=250, record=True, file=StringIO())
    Figures(this_machine(), "a model", 100, 8, 32, 15.0, [found]).show(console)
    assert f"{told} " in console.export_text()


def test_voxpops_own_latency_is_that_at_half_of_its_rate() -> None:
    assert paced_rate(2000.0) == 1000.0
    assert REFERENCES[0].own() == Outcome(2000.0, 4.0, latency(1000.0, 80.0))
    stopped = replace(REFERENCES[0], paced={}, failure="it keeps ending")
    assert stopped.own() == Outcome(2000.0, 4.0, None, "it keeps ending")
    assert Reference(Outcome(failure="no"), {}).own() == Outcome(failure="no")
