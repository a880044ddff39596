"""A quantifier as a file, and which method it uses."""

from pathlib import Path

import numpy as np
import pytest

from connectors.prevalence.errors import QuantifierFileError
from connectors.prevalence.fit import fit_quantifier
from connectors.prevalence.posts import Window
from connectors.prevalence.quantifier import Quantifier, read_quantifier, write_quantifier
from connectors.prevalence.tracks import fit_corrections
from tests.unit.connectors_prevalence.synthetic import LABELS, PRIOR, draw_posts, draw_tracks

POSTS = draw_tracks(3, 60, tracks=8)
QUANTIFIER = Quantifier(
    fit=fit_quantifier(POSTS, LABELS, "model-1"),
    corrections=dict(
        fit_corrections(POSTS, LABELS, ["probabilities", "probabilistic_adjusted_count"])
    ),
    known="probabilities",
    new="probabilistic_adjusted_count",
)
WINDOW = Window.of(draw_posts(PRIOR, 200, seed=4).posteriors)


def test_a_file_gives_the_same_estimates(tmp_path: Path) -> None:
    write_quantifier(QUANTIFIER, tmp_path / "q.json")
    found = read_quantifier(tmp_path / "q.json", LABELS, "model-1")
    for track in ("track-1", "new", None):
        first, second = QUANTIFIER.estimate(WINDOW, track), found.estimate(WINDOW, track)
        np.testing.assert_array_equal(first.low, second.low)
        np.testing.assert_array_equal(first.shares, second.shares)


def test_only_a_track_with_labelled_posts_is_known() -> None:
    assert QUANTIFIER.method_of("track-1") == "probabilities"
    assert QUANTIFIER.method_of("new") == QUANTIFIER.method_of(None)
    assert QUANTIFIER.method_of("new") == "probabilistic_adjusted_count"


def test_the_bounds_hold_the_shares() -> None:
    found = QUANTIFIER.estimate(WINDOW, "track-1")
    np.testing.assert_array_equal(found.shares, QUANTIFIER.shares(WINDOW, "track-1"))
    assert (found.low <= found.shares).all()
    assert (found.shares <= found.high).all()


def test_another_models_quantifier_is_refused(tmp_path: Path) -> None:
    write_quantifier(QUANTIFIER, tmp_path / "q.json")
    with pytest.raises(QuantifierFileError, match="fitted for model model-1, not model-2"):
        read_quantifier(tmp_path / "q.json", LABELS, "model-2")


def test_a_quantifier_of_other_classes_is_refused(tmp_path: Path) -> None:
    write_quantifier(QUANTIFIER, tmp_path / "q.json")
    with pytest.raises(QuantifierFileError, match="not"):
        read_quantifier(tmp_path / "q.json", ("a", "b", "c"), "model-1")


@pytest.mark.parametrize("content", ["{}", "no json", "[1]"])
def test_a_file_of_something_else_is_refused_in_a_line(tmp_path: Path, content: str) -> None:
    (tmp_path / "q.json").write_text(content)
    with pytest.raises(QuantifierFileError, match="holds no quantifier"):
        read_quantifier(tmp_path / "q.json", LABELS, "model-1")


def test_a_missing_file_is_refused_in_a_line(tmp_path: Path) -> None:
    with pytest.raises(QuantifierFileError, match="cannot be read"):
        read_quantifier(tmp_path / "none.json", LABELS, "model-1")
