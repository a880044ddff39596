"""The benchmark of peers: every program runs to its row, or says why it did not; no speed."""

from collections import Counter
from collections.abc import Mapping
from io import StringIO
from pathlib import Path

import orjson
import pytest
from rich.console import Console

from benchmarks.peers import packages, watching
from benchmarks.peers.catalogue import PEERS, VOXPOP
from benchmarks.peers.figures import Figures
from benchmarks.peers.run import part_of, run
from benchmarks.posts import simulated_posts
from deploy.local.progress import silent

pytestmark = pytest.mark.integration

POSTS = 800
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
    chosen = [peer for peer in PEERS if peer.name in {"aiokafka_loop", "naive_faust", "quix"}]
    return run(POSTS, 1, silent, chosen, share=2)


def test_each_peer_is_set_beside_voxpop_or_says_why_not(figures: Figures) -> None:
    voxpop, *peers = figures.measurements
    assert (voxpop.peer, voxpop.form, voxpop.ratio) == (VOXPOP.title, "worker", 1.0)
    assert voxpop.rate is not None
    assert [each.form for each in peers] == ["engine", "eager"] * 3
    *measured, engine, eager = peers
    for each in measured:
        assert each.failure is None, each.failure
        assert each.rate is not None
        assert each.runs == [each.rate]
        assert each.ratio == pytest.approx(each.rate / voxpop.rate, abs=0.01)
        assert each.window_posts is not None
        assert each.window_posts >= 1
        assert each.posts == POSTS if each.form == "engine" else POSTS / 2 <= each.posts < POSTS
    for each in (engine, eager):
        assert each.rate is None
        assert NOT_TO_BE_HAD in (each.failure or "")
    _holds_all_of_it(figures)


def _holds_all_of_it(figures: Figures) -> None:
    document = orjson.loads(orjson.dumps(figures))
    assert document["measurements"][1]["promises"]["exact_sink"].startswith("no")
    shown = StringIO()
    figures.show(Console(file=shown, width=160))
    for each in figures.measurements:
        assert each.peer in shown.getvalue()
    assert NOT_TO_BE_HAD in shown.getvalue()


def test_a_part_of_the_posts_is_whole_conversations() -> None:
    backlog = simulated_posts(400, silent)
    part = part_of(backlog, 8)
    assert 50 <= len(part) < 100
    whole = Counter(each.key for each in backlog)
    assert Counter(each.key for each in part) == {each.key: whole[each.key] for each in part}


def test_posts_can_be_those_of_so_many_long_conversations() -> None:
    backlog = simulated_posts(60, silent, conversations=3)
    assert [each.key for each in backlog[:4]] == [backlog[at % 3].key for at in range(4)]
    assert set(Counter(each.key for each in backlog).values()) == {20}
    assert {each.post.conversation_id.encode() for each in backlog} == {
        each.key for each in backlog
    }
