"""From a file of comments to a quantifier and a report."""

from pathlib import Path

import orjson
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from connectors.prevalence import estimators
from connectors.prevalence.quantifier import read_quantifier
from connectors.schemas.labels import SENTIMENTS
from models.engine import load_engine
from stream_app.cli.errors import CliError
from stream_app.prevalence import report
from stream_app.prevalence.command import run_fit, run_report
from stream_app.settings import Settings
from tests.unit.models.small_networks import write_checkpoint

TEXTS = {"negative": "this is awful", "neutral": "a table", "positive": "I love it so much"}


def silent(step: str, done: int, total: int) -> None:
    """Progress that nobody looks at."""


@pytest.fixture
def comments(tmp_path: Path) -> Path:
    rows = []
    for number in range(2 * 6 * 16):
        split, track, video = number % 2, number // 2 % 6, number // 12
        opinion = SENTIMENTS[(video + number * track) % 3]
        rows.append(
            {
                "comment_key": f"c{number}",
                "video_id": f"v{split}-{track}-{video}",
                "hashtag": f"track-{track}",
                "text": TEXTS[opinion],
                "opinion": opinion,
                "video_unix_from_id": 100,
                "video_split": ("dev", "test")[split],
            }
        )
    path = tmp_path / "comments.parquet"
    pq.write_table(pa.Table.from_pylist(rows), path)
    return path


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(model=write_checkpoint(tmp_path / "checkpoint", "stream"), device="cpu")


def test_a_report_has_figures_page_plot_and_a_quantifier_of_the_model(
    comments: Path, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(report, "SIMULATED_WINDOWS", 5)
    # an untrained model's posteriors tell next to nothing: the maximum is nearly flat
    monkeypatch.setattr(estimators, "MOST_STEPS", 20)
    target = tmp_path / "report"
    found = run_report(comments, "dev", "test", target, settings, silent)
    version = load_engine(settings.model, "cpu").version
    quantifier = read_quantifier(target / "prevalence.json", SENTIMENTS, version)
    assert quantifier.fit.counts.sum() == 96
    assert found.judged_on is not None
    assert (found.fitted_on.posts, found.judged_on.posts) == (96, 96)
    assert len(found.tracks) == 6
    figures = orjson.loads((target / "report.json").read_bytes())
    assert figures["chosen"] == {"new": quantifier.new, "known": quantifier.known}
    page = (target / "report.md").read_text()
    assert "| label counts, track known |" in page
    assert "![Predicted against labelled shares by track](shares.png)" in page
    assert (target / "shares.png").read_bytes().startswith(b"\x89PNG")


def test_a_quantifier_is_not_judged_on_its_own_posts(
    comments: Path, settings: Settings, tmp_path: Path
) -> None:
    with pytest.raises(CliError, match="split dev is fitted on and judged"):
        run_report(comments, "dev", "dev", tmp_path / "report", settings, silent)


def test_a_split_that_is_not_in_the_file_is_told_in_a_line(
    comments: Path, settings: Settings, tmp_path: Path
) -> None:
    with pytest.raises(CliError, match="no comment with video_split validation"):
        run_fit(comments, "validation", tmp_path / "q.json", settings, silent)
