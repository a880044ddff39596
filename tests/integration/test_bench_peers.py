"""The benchmark of peers: every program runs to its row, or says why it did not; no speed."""

from collections import Counter
from collections.abc import Mapping
from io import StringIO
from itertools import islice
from pathlib import Path

import orjson
import pytest
from rich.console import Console

from benchmarks.peers import pacing, packages, watching
from benchmarks.peers.catalogue import PEERS, VOXPOP
from benchmarks.peers.figures import Figures
from benchmarks.peers.latency import judged_seconds
from benchmarks.peers.measurement import Measurement
from benchmarks.peers.run import run
from benchmarks.peers.share import part_of, whole_of
from benchmarks.posts import SimulatedStream
from deploy.local.progress import silent

pytestmark = pytest.mark.integration

POSTS = 800
SECONDS = 1.0
NOT_TO_BE_HAD = "not_to_be_had-1.0-py3-none-any.whl"


@pytest.fixture
def figures(
    settings_env: Mapping[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Figures:
    """Of the peers that need no installation, and of one that cannot be installed."""
    for name, value in settings_env.items():
        monkeypatch.setenv(name, value)
    (tmp_path / "quix.txt").write_text(f"{tmp_path / NOT_TO_BE_HAD}\n")
    monkeypatch.setattr(packages, "REQUIREMENTS", tmp_path)
    monkeypatch.setattr(watching, "LARGEST_LUMP", 1.0)  # so few posts may come in any lumps
    monkeypatch.setattr(pacing, "SETTLING_S", 0.5)
    chosen = [peer for peer in PEERS if peer.name in {"aiokafka_loop", "naive_faust", "quix"}]
    return run(POSTS, 1, silent, SECONDS, chosen, share=2)


@pytest.mark.timeout(400)  # five processes are started one after the other, and wait for posts
def test_each_peer_is_set_beside_voxpop_or_says_why_not(figures: Figures) -> None:
    voxpop, *peers = figures.measurements
    assert (voxpop.peer, voxpop.form, voxpop.ratio) == (VOXPOP.title, "worker", 1.0)
    assert voxpop.rate is not None
    assert [each.form for each in peers] == ["engine", "eager"] * 3
    *measured, engine, eager = peers
    assert voxpop.latency == voxpop.voxpop_latency
    _waited(voxpop)
    for each in measured:
        _waited(each)
        assert each.rate is not None
        assert each.runs == [each.rate]
        assert each.ratio == pytest.approx(each.rate / voxpop.rate, abs=0.01)
        assert each.window_posts is not None
        assert each.window_posts >= 1
        assert each.posts == POSTS if each.form == "engine" else POSTS / 2 <= each.posts < POSTS
    for each in (engine, eager):
        assert each.rate is None
        assert each.latency is None
        assert [NOT_TO_BE_HAD in failure for failure in each.failures] == [True]
    _holds_all_of_it(figures)


def _waited(each: Measurement) -> None:
    """All posts have a prediction, at half of the rate of the backlog and in Voxpop likewise."""
    assert each.failures == []
    assert each.rate is not None
    for latency in (each.latency, each.voxpop_latency):
        assert latency is not None
        assert latency.rate == pytest.approx(each.rate / 2, abs=0.1)
        expected = latency.rate * judged_seconds(latency.rate, SECONDS)
        assert latency.posts == pytest.approx(expected, rel=0.5)
        assert 0 < latency.p50_ms <= latency.p95_ms


def _holds_all_of_it(figures: Figures) -> None:
    document = orjson.loads(orjson.dumps(figures))
    assert document["measurements"][1]["promises"]["exact_sink"].startswith("no")
    shown = StringIO()
    figures.show(Console(file=shown, width=160))
    for each in figures.measurements:
        assert each.peer in shown.getvalue()
    assert NOT_TO_BE_HAD in shown.getvalue()


def test_a_part_of_the_posts_is_whole_conversations_that_go_on() -> None:
    stream = SimulatedStream(400, silent)
    whole = whole_of(stream, 400)
    part = part_of(stream, whole, 8)
    assert 50 <= len(part.backlog) < 100
    sizes = Counter(each.key for each in whole.backlog)
    assert Counter(each.key for each in part.backlog) == {
        each.key: sizes[each.key] for each in part.backlog
    }
    following = [each.post.post_id for each in islice(whole.following(), 400)]
    assert not {each.post.post_id for each in whole.backlog} & set(following)
    assert [each.post.post_id for each in islice(stream.posts(), 400, 800)] == following
    of_part = list(islice(part.following(), 10))
    open_ones = {each.key for each in part.backlog}
    assert any(each.key in open_ones for each in of_part)
    assert not any(each.key in sizes and each.key not in open_ones for each in of_part)
    assert {each.post.post_id for each in of_part} <= set(following)


def test_posts_can_be_those_of_so_many_long_conversations() -> None:
    stream = SimulatedStream(60, silent, conversations=3)
    backlog = whole_of(stream, 60).backlog
    assert [each.key for each in backlog[:4]] == [backlog[at % 3].key for at in range(4)]
    assert set(Counter(each.key for each in backlog).values()) == {20}
    assert {each.post.conversation_id.encode() for each in backlog} == {
        each.key for each in backlog
    }
