import pytest

from models.calibration import Calibration, TaskCalibration
from models.errors import TrainingDataError
from models.evaluation.evaluate import evaluate
from models.evaluation.report import DataReport
from models.training.corpus import NO_LABEL, Corpus
from tests.unit.models.evaluation.telltale import WIDTHS, TelltaleSystem, honest, voting

READS = (WIDTHS["text"], WIDTHS["audio"], WIDTHS["visual"])


def corpus(widths: tuple[int, int, int] = READS) -> Corpus:
    mixed = [voting(0, 0, text=0, audio=0), voting(1, NO_LABEL, text=2, audio=1)]
    test = [honest([0, 1, 2]), honest([2, 2]), mixed]
    return Corpus(
        "toy",
        "none",
        {"train": [honest([1, 1, 0])], "dev": [honest([0, 1])] * 5, "test": test},
        widths,
    )


def test_every_figure_of_a_report_is_there_and_survives_its_json() -> None:
    ticks: list[tuple[int, int]] = []
    warm = Calibration(sentiment=TaskCalibration(temperature=2.0))
    report = evaluate(TelltaleSystem(), corpus(), "test", warm, lambda *tick: ticks.append(tick))
    assert DataReport.model_validate_json(report.model_dump_json()) == report
    assert ticks == [(0, 4), (1, 4), (2, 4), (3, 4), (4, 4)]
    assert (report.posts, report.conversations) == (7, 3)
    assert report.modalities == {"text": 7, "audio": 2, "visual": 0}
    sentiment, emotion = report.tasks["sentiment"], report.tasks["emotion"]
    assert (sentiment.posts, emotion.posts) == (7, 6)
    assert emotion.measures["accuracy"] == 1.0
    assert sentiment.confusion[0] == [2, 0, 0]
    assert sum(map(sum, sentiment.confusion)) == 7
    assert [own.support for own in sentiment.classes] == [2, 2, 3]
    assert sentiment.majority is not None
    assert sentiment.majority["accuracy"] == pytest.approx(2 / 7)
    assert [own.name for own in sentiment.positions] == ["1", "2", "3-5"]
    assert [own.modality for own in sentiment.removals] == ["text", "audio"]
    assert set(sentiment.reliability) == {"uncalibrated", "checkpoint", "fitted on dev"}
    fitted = sentiment.reliability["fitted on dev"].calibration
    assert fitted.temperature < 1 < sentiment.reliability["checkpoint"].calibration.temperature
    shared = sum(own.mean_probability for own in sentiment.classes)
    assert shared == pytest.approx(1.0)


def test_nothing_is_fitted_where_dev_itself_is_judged() -> None:
    report = evaluate(TelltaleSystem(), corpus(), "dev")
    assert set(report.tasks["sentiment"].reliability) == {"uncalibrated"}


def test_a_task_without_labels_is_left_out() -> None:
    posts = [[voting(0, NO_LABEL, text=0)]]
    report = evaluate(TelltaleSystem(), Corpus("toy", "none", {"test": posts}, READS), "test")
    assert set(report.tasks) == {"sentiment"}
    assert report.tasks["sentiment"].majority is None


def test_a_task_that_was_not_trained_is_not_judged() -> None:
    report = evaluate(TelltaleSystem(), corpus(), "test", tasks=("emotion",))
    assert set(report.tasks) == {"emotion"}
    unlabelled = Corpus("toy", "none", {"test": [[voting(0, NO_LABEL, text=0)]]}, READS)
    with pytest.raises(TrainingDataError, match="no post of the split test of toy has a label for"):
        evaluate(TelltaleSystem(), unlabelled, "test", tasks=("emotion",))


def test_data_of_another_width_are_refused_and_named() -> None:
    with pytest.raises(
        TrainingDataError, match="reads audio of 8 numbers a step, but toy gives 74"
    ):
        evaluate(TelltaleSystem(), corpus((384, 74, 35)), "test")
    absent = evaluate(TelltaleSystem(), corpus((384, 8, 100)), "test")
    assert absent.modalities["visual"] == 0


def test_an_empty_split_is_refused() -> None:
    empty = Corpus("toy", "none", {"train": [honest([0])], "test": []}, READS)
    with pytest.raises(TrainingDataError, match="toy has no posts in its split test"):
        evaluate(TelltaleSystem(), empty, "test")
