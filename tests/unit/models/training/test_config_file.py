from pathlib import Path

import pytest

from models.errors import TrainingConfigError
from models.training.config import TrainingConfig
from models.training.config_file import preset_names, read_config

DATA = {"meld": ["meld=m.csv"], "mosi": ["mosi=m.csv", "mosi.features=m.npz"]}
SMALL = '[[data.sources]]\nkind = "meld"\npath = "sub/meld.csv"\n'


def write(folder: Path, text: str) -> str:
    path = folder / "run.toml"
    path.write_text(text)
    return str(path)


@pytest.mark.parametrize("name", preset_names())
def test_every_preset_of_the_package_can_be_read(name: str) -> None:
    every = ["meld=m.csv", "goemotions=g.parquet", "csmv=c.parquet", *DATA["mosi"]]
    own = {
        "multi": every[:3],
        "shipped": every[:3],
        "meld-large": every[:2],
        "goemotions": every[1:2],
        "csmv": every[2:3],
        "mosi": DATA["mosi"],
    }
    config = read_config(name, own.get(name, DATA["meld"]))
    assert config.data.sources[0].path is not None


def test_the_defaults_are_the_papers_optimiser(tmp_path: Path) -> None:
    config = read_config(write(tmp_path, SMALL))
    optimiser, schedule = config.optimiser, config.schedule
    assert (optimiser.name, optimiser.learning_rate, optimiser.l2, optimiser.batch) == (
        "adam",
        1e-3,
        1e-5,
        32,
    )
    assert (schedule.epochs, schedule.decay, config.loss.kind) == (20, "none", "cross_entropy")
    assert config.model.network((300, 74, 35)).dropout == 0.3


def test_paths_in_a_file_are_from_its_folder_and_given_ones_from_the_users(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, SMALL)
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    name = "../run.toml"
    assert read_config(name).data.sources[0].path == tmp_path / "here" / ".." / "sub" / "meld.csv"
    given = read_config(name, ["meld=here.csv", "meld.features=here.npz"]).data.sources[0]
    folder = tmp_path / "here"
    assert (given.path, given.features) == (folder / "here.csv", folder / "here.npz")


def test_a_text_encoder_is_named_or_a_folder_from_where_it_is_given(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = write(tmp_path, 'text_encoder = "own"\n' + SMALL)
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    assert read_config(name).text_encoder == str(tmp_path / "own")
    given = read_config(name, (), ["text_encoder=other"])
    assert given.text_encoder == str(tmp_path / "here" / "other")
    assert read_config(name, (), ["text_encoder=shipped"]).text_encoder == "shipped"
    with pytest.raises(TrainingConfigError, match="leave out text_encoder"):
        read_config("shipped", ["meld=m", "goemotions=g", "csmv=c"], ["text_encoder=shipped"])


def test_teachers_files_are_from_where_they_are_given_and_names_stay(tmp_path: Path) -> None:
    tuned = '[optimiser]\nname = "adamw"\n[tuning]\nteachers = ["meld", "own.npz"]\n'
    config = read_config(write(tmp_path, SMALL + tuned))
    assert config.tuning is not None
    assert config.tuning.teachers == ("meld", str(tmp_path / "own.npz"))


def test_sources_that_are_no_tables_are_told(tmp_path: Path) -> None:
    with pytest.raises(TrainingConfigError, match="must be tables"):
        read_config(write(tmp_path, "[data]\nsources = [1]\n"), ["meld=m.csv"])


def test_changes_reach_tables_and_sources_by_name_or_number(tmp_path: Path) -> None:
    changes = [
        "optimiser.batch=8",
        "model.system=lstm",
        'model.tasks=["emotion"]',
        "model.sizes.dropout=0.1",
        "data.sources.meld.weight=0.5",
        "data.sources.0.max_posts=100",
        "seed=3",
    ]
    config = read_config(write(tmp_path, SMALL), changes=changes)
    assert (config.optimiser.batch, config.model.system, config.seed) == (8, "lstm", 3)
    assert config.model.tasks == ("emotion",)
    assert config.model.network((384, 8, 35)).dropout == 0.1
    assert (config.data.sources[0].weight, config.data.sources[0].max_posts) == (0.5, 100)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (SMALL + "[optimiser]\nrate = 1\n", "unknown key optimiser.rate; known there: name, learn"),
        (SMALL + "[optimizer]\n", "unknown key optimizer; known there: seed, device"),
        (SMALL + "pth = 1\n", "unknown key data.sources.0.pth; known there: kind, name, path"),
        (SMALL + "[optimiser]\nbatch = 0\n", "optimiser.batch: Input should be greater than 0"),
        (SMALL + '[model]\npreset = "huge"\n', "model.preset: Input should be 'paper'.*not 'huge'"),
        (SMALL + "[model.sizes]\ndepth = 3\n", r"model: unknown sizes \['depth'\]"),
        (SMALL + "[model.sizes]\nself_heads = 5\n", "model: .*402 does not divide by 5 heads"),
        (SMALL + '[validation]\nsource = "x"\n', "validation.source is 'x'; the sources are meld"),
        (SMALL + SMALL, "data: two sources have one name: meld, meld"),
        (SMALL.replace("meld", "friends"), "data.sources.0.kind: Input should be 'meld'"),
        ('[[data.sources]]\nkind = "csmv"\nfeatures = "x"\n', "csmv has no features"),
        ('[[data.sources]]\nkind = "csmv"\n', "csmv has no path; give --data csmv=PATH"),
        ('[[data.sources]]\nkind = "mosi"\npath = "x"\n', "give --data mosi.features=PATH"),
        ("seed = 1\n", "data is missing"),
        ("[data]\nsources = []\n", "data.sources: Tuple should have at least 1 item"),
        ("seed = \n", "cannot be read as TOML"),
    ],
)
def test_what_is_wrong_with_a_file_is_named(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(TrainingConfigError, match=said) as caught:
        read_config(write(tmp_path, text))
    assert "run.toml" in str(caught.value)


@pytest.mark.parametrize(
    ("data", "changes", "said"),
    [
        (["meld"], [], "--data meld: must be NAME=PATH"),
        (["melt=x"], [], "--data melt=x: no source melt; known: meld"),
        (["meld.audio=x"], [], "unknown key data.sources.0.audio"),
        ([], ["batch"], "--set batch: must be KEY=VALUE"),
        ([], ["data.sources.1.weight=2"], "no source 1; known: meld"),
        ([], ["data.sources=2"], "data.sources: Input should be a valid tuple"),
        ([], ["seed=1", "seed.x=1"], "seed is no table"),
        ([], ["data.sources.meld=1"], "name one of the sources and its key"),
    ],
)
def test_what_is_wrong_with_an_option_is_named(
    tmp_path: Path, data: list[str], changes: list[str], said: str
) -> None:
    with pytest.raises(TrainingConfigError, match=said):
        read_config(write(tmp_path, SMALL), data, changes)


def test_a_name_that_is_neither_file_nor_preset_is_told_the_presets() -> None:
    with pytest.raises(TrainingConfigError, match=r"neither a file nor one of csmv, .*, paper"):
        read_config("large")


def test_a_configuration_survives_json(tmp_path: Path) -> None:
    config = read_config(write(tmp_path, SMALL))
    assert TrainingConfig.model_validate_json(config.model_dump_json()) == config


def test_a_source_must_last_through_all_epochs(tmp_path: Path) -> None:
    path = tmp_path / "run.toml"
    path.write_text('[[data.sources]]\nkind = "meld"\npath = "meld.csv"\nuntil = 2\n')
    with pytest.raises(TrainingConfigError, match="must last through all epochs"):
        read_config(str(path))
