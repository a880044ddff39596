from pathlib import Path

import pytest
from PIL import Image

from models.evaluation.evaluate import evaluate
from models.evaluation.page import FIGURES_FILE, PAGE_FILE, write_report
from models.evaluation.report import EvaluationReport
from models.training.corpus import NO_LABEL, Corpus
from tests.unit.models.evaluation.telltale import WIDTHS, TelltaleSystem, voting

READS = (WIDTHS["text"], WIDTHS["audio"], WIDTHS["visual"])


def report() -> EvaluationReport:
    conversation = [voting(0, NO_LABEL, text=0, audio=0), voting(1, NO_LABEL, text=2, audio=1)]
    rich = Corpus("Rich Data", "none", {"dev": [conversation]}, READS)
    plain = Corpus("plain", "none", {"dev": [[voting(0, NO_LABEL, text=0)]] * 2}, READS)
    return EvaluationReport(
        model_version="toy-1",
        checkpoint="somewhere",
        data=[evaluate(TelltaleSystem(), corpus, "dev") for corpus in (rich, plain)],
        created="2026-01-01T00:00:00+00:00",
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("report") / "new" / "folder"
    write_report(report(), place)
    return place


def test_the_page_shows_every_picture_that_was_drawn(folder: Path) -> None:
    page = (folder / PAGE_FILE).read_text(encoding="utf-8")
    pictures = {path.name for path in folder.glob("*.png")}
    assert len(pictures) == 5 + 3
    assert all(f"]({name})" in page for name in pictures)
    assert "plain-dev-sentiment-positions.png" not in pictures
    assert "rich-data-dev-sentiment-modalities.png" in pictures
    for name in pictures:
        with Image.open(folder / name) as picture:
            assert min(picture.size) > 300
            assert picture.convert("RGB").getpixel((2, 2)) == (255, 255, 255)


def test_the_figures_are_the_reports(folder: Path) -> None:
    text = (folder / FIGURES_FILE).read_text(encoding="utf-8")
    assert EvaluationReport.model_validate_json(text) == report()


def test_the_first_table_has_a_row_for_each_task_of_each_data_set(folder: Path) -> None:
    page = (folder / PAGE_FILE).read_text(encoding="utf-8")
    own = report().data[0].tasks["sentiment"]
    low, high = own.intervals["weighted_f1"]
    accuracy, f1 = own.measures["accuracy"], own.measures["weighted_f1"]
    row = f"| sentiment | 2 | {accuracy:.4f} | {f1:.4f} ({low:.3f} to {high:.3f}) |"
    assert f"| Rich Data | dev {row}" in page
    assert page.count("| plain | dev |") == 1
    assert "No post has a modality beside another one." in page
