from collections.abc import Callable
from pathlib import Path

import pytest

from models.comparison import run as module
from models.comparison.plan import PlannedRun, read_comparison
from models.comparison.run import RECORDS_FILE, RunRecord, read_records, run_comparison
from models.comparison.tables import make_tables, markdown
from models.errors import TrainingConfigError, TrainingStateError
from models.training.config import TrainingConfig
from models.training.corpus import Corpus
from models.training.data.meld import COLUMNS
from models.training.text_features import TextFeatures, with_text_features
from tests.unit.models.training.toy import TINY, LengthEncoder, write_csv

SIZES = ", ".join(
    f"{name} = {list(size) if isinstance(size, tuple) else size}" for name, size in TINY.items()
)
COMPARISON = f"""
seeds = [3, 4]
set = ["schedule.epochs=1", "model.sizes={{{SIZES}}}", "device=cpu"]
data = [
    {{name = "MELD", config = "meld-stream", sources = ["meld"], set = ["optimiser.batch=2"]}},
    {{name = "MOSI", config = "mosi", sources = ["mosi"], systems = ["whole"]}},
]
systems = [
    {{name = "whole"}},
    {{name = "half", set = ["model.tasks=['emotion']", "optimiser.batch=3"]}},
    {{name = "lstm", set = ["model.system=lstm"]}},
]
"""


@pytest.fixture
def comparison(tmp_path: Path) -> Path:
    path = tmp_path / "comparison.toml"
    path.write_text(COMPARISON, encoding="utf-8")
    return path


@pytest.fixture
def meld(tmp_path: Path) -> str:
    rows = [
        [split, str(dialogue), str(place), "x" * (1 + place), sentiment, "neutral"]
        for split in ("train", "dev", "test")
        for dialogue in range(4)
        for place, sentiment in enumerate(("negative", "positive"))
    ]
    return f"meld={write_csv(tmp_path / 'meld.csv', COLUMNS, rows)}"


def featurise(_: TrainingConfig) -> Callable[[Corpus], Corpus]:
    return lambda corpus: with_text_features(corpus, TextFeatures(LengthEncoder()))


def record(system: str, seed: int, score: float, **fields: object) -> RunRecord:
    measures = {"weighted_f1": score, "macro_f1": score / 2, "accuracy": score}
    calibrated = {**measures, "expected_calibration_error": score / 20}
    told = {
        "key": f"{system}-{seed}",
        "data": "MELD",
        "system": system,
        "seed": seed,
        "model_version": system,
        "parameters": 1000,
        "max_posts": {},
        "max_epochs": 5,
        "epochs": 4,
        "best_epoch": 2,
        "seconds": 10.0,
        "metrics": {
            "dev": {"sentiment": calibrated},
            "test": {"sentiment": calibrated},
            "test_majority": {"sentiment": measures},
            "dev_majority": {"sentiment": measures},
        },
    }
    return RunRecord.model_validate({**told, **fields})


def test_every_system_is_planned_for_every_seed_before_the_next_seed(
    comparison: Path, meld: str
) -> None:
    runs, left_out = read_comparison(comparison, [meld])
    assert [(run.seed, run.system) for run in runs] == [
        (seed, system) for seed in (3, 4) for system in ("whole", "half", "lstm")
    ]
    assert left_out == ["MOSI"]
    assert [run.config.seed for run in runs] == [3, 3, 3, 4, 4, 4]
    assert [run.config.optimiser.batch for run in runs[:3]] == [2, 3, 2]
    assert runs[1].config.model.tasks == ("emotion",)
    assert len({run.key for run in runs}) == 6


def test_a_data_set_has_only_the_systems_that_it_names(comparison: Path) -> None:
    runs, left_out = read_comparison(comparison, ["mosi=m.csv", "mosi.features=m.npz"])
    assert {(run.data, run.system) for run in runs} == {("MOSI", "whole")}
    assert left_out == ["MELD"]


def test_a_run_keeps_its_key_when_its_files_move_and_loses_it_when_it_is_another(
    comparison: Path, tmp_path: Path
) -> None:
    def first(path: str, *changes: str) -> PlannedRun:
        return read_comparison(comparison, [f"meld={path}"], changes)[0][0]

    here, there, other = (str(tmp_path / name) for name in ("here.csv", "there.csv", "other.csv"))
    for path, content in ((here, "one"), (there, "one"), (other, "two")):
        Path(path).write_text(content)
    key = first(here).key
    assert first(there, "device=auto").key == key
    keys = {
        first(other).key,
        first(here, "schedule.epochs=2").key,
        first(here, "data.sources.0.max_posts=9").key,
    }
    assert len(keys | {key}) == 4


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("seeds = [3, 4]", "seeds = [3, 3]", "a seed is given twice"),
        ('name = "half"', 'name = "whole"', "two systems have one name"),
        ('systems = ["whole"]', 'systems = ["hole"]', r"MOSI: unknown systems \['hole'\]"),
        ("seeds", "speeds", "speeds: Extra inputs"),
        ("model.system=lstm", "model.system=rnn", "lstm on MELD: .*model.system"),
        ("seeds = [", "seeds = [[", "cannot be read as TOML"),
    ],
)
def test_a_comparison_that_makes_no_sense_is_refused_and_says_why(
    comparison: Path, old: str, new: str, said: str
) -> None:
    comparison.write_text(COMPARISON.replace(old, new), encoding="utf-8")
    with pytest.raises(TrainingConfigError, match=said):
        read_comparison(comparison, ["meld=meld.csv"])


def test_a_path_for_no_source_is_refused(comparison: Path) -> None:
    with pytest.raises(TrainingConfigError, match=r"no source melt in .*; known: meld, mosi"):
        read_comparison(comparison, ["melt=meld.csv"])


def test_finished_runs_are_not_trained_again(
    comparison: Path, meld: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out"
    runs, _ = read_comparison(comparison, [meld])
    first = next(run_comparison(runs[:3], out, featurise))
    assert [kept.key for kept in read_records(out)] == [first.key]
    every = list(run_comparison(runs[:3], out, featurise))
    assert every[0] == first
    assert [own.system for own in every] == ["whole", "half", "lstm"]
    assert set(every[1].metrics["test"]) == {"emotion"}
    assert not list((out / "unfinished").iterdir())
    monkeypatch.delattr(module, "run_training")
    assert list(run_comparison(runs[:3], out, featurise)) == every


def test_a_line_that_a_kill_cut_off_is_a_run_to_be_trained_again(
    comparison: Path, meld: str, tmp_path: Path
) -> None:
    runs, _ = read_comparison(comparison, [meld])
    list(run_comparison(runs[:1], tmp_path, featurise))
    path = tmp_path / RECORDS_FILE
    whole = path.read_text(encoding="utf-8")
    path.write_text(whole + whole[:40], encoding="utf-8")
    list(run_comparison(runs[:2], tmp_path, featurise))
    assert [kept.key for kept in read_records(tmp_path)] == [run.key for run in runs[:2]]
    path.write_text("nonsense\n" + whole, encoding="utf-8")
    with pytest.raises(TrainingStateError, match="line 1 is no finished run"):
        read_records(tmp_path)


def test_seeds_become_a_mean_and_a_sample_deviation() -> None:
    records = [record("a", seed, score) for seed, score in enumerate((0.6, 0.62, 0.64))]
    (table,) = make_tables([*records, record("b", 0, 0.5)])
    first, second = table.rows
    spread = first.measures["test"]["sentiment"]["weighted_f1"]
    assert spread.mean == pytest.approx(0.62)
    assert spread.deviation == pytest.approx(0.02)
    assert str(spread) == "62.00 ± 2.00"
    assert first.seeds == (0, 1, 2)
    assert second.measures["test"]["sentiment"]["macro_f1"].deviation is None


def test_the_page_says_what_was_capped_and_what_a_system_was_not_trained_for() -> None:
    emotion = {"emotion": {"weighted_f1": 0.5, "macro_f1": 0.25, "accuracy": 0.5}}
    half = dict.fromkeys(("dev", "test", "test_majority"), emotion)
    page = markdown(
        make_tables(
            [record("a", 0, 0.6, max_posts={"meld": 2000}), record("half", 0, 0.5, metrics=half)]
        )
    )
    assert "At most 5 epochs; meld cut to 2,000 training posts." in page
    assert (
        "| a | 60.00 | 30.00 | 3.00 | - | - | - | 60.00 | 30.00 | - | - | 1 | 1,000 | 2.0 | 10 |"
        in page
    )
    assert "| half | - | - | - | 50.00 | 25.00 | - | - |" in page
    assert "| most frequent class | 60.00 | 30.00 | - | 50.00 | 25.00 | - | 60.00 |" in page


def test_a_run_on_several_sources_has_a_table_for_each() -> None:
    measures = {"sentiment": {"weighted_f1": 0.5, "macro_f1": 0.5, "accuracy": 0.5}}
    metrics = {"meld.test": measures, "csmv.test": measures}
    tables = make_tables([record("a", 0, 0.5, metrics=metrics)])
    assert [table.data for table in tables] == ["MELD: meld", "MELD: csmv"]
    assert set(tables[1].rows[0].measures) == {"test"}
