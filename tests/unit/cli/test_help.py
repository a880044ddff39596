"""The help of each command says what it does and what each option is, with examples that parse."""

import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer
from typer.core import TyperCommand, TyperGroup
from typer.testing import CliRunner

from stream_app.cli.completions import training_presets
from stream_app.cli.examples import FENCE, HEADING
from stream_app.cli.main import app

ROOT = typer.main.get_command(app)
# what examples read; they are only parsed, so that nothing needs to be in them
FILES = (
    "comments.parquet",
    "costs.toml",
    "glove.txt",
    "mended.json",
    "posts.csv",
    "posts.jsonl",
    "posts.parquet",
    "raw.jsonl",
    "texts.txt",
    "tracks.yaml",
)
FOLDERS = ("covarep", "facet")


def commands(group: TyperGroup, *names: str) -> Iterator[tuple[tuple[str, ...], TyperCommand]]:
    for name, command in group.commands.items():
        if isinstance(command, TyperGroup):
            yield from commands(command, *names, name)
        else:
            assert isinstance(command, TyperCommand)
            yield (*names, name), command


assert isinstance(ROOT, TyperGroup)
COMMANDS = dict(commands(ROOT))
EACH = pytest.mark.parametrize("names", COMMANDS, ids=" ".join)


def told_examples(names: tuple[str, ...]) -> list[list[str]]:
    """The words of each example of a command."""
    heading, fence, *lines, end = (COMMANDS[names].epilog or "").splitlines()
    assert (heading, fence, end) == (HEADING, FENCE, FENCE)
    return [shlex.split(line, comments=True) for line in lines]


def test_every_command_is_looked_at() -> None:
    assert len(COMMANDS) > 40
    assert {("demo",), ("stack", "up"), ("bench", "rules"), ("dlq", "list")} <= set(COMMANDS)


@EACH
def test_a_command_says_in_a_sentence_what_it_does(names: tuple[str, ...]) -> None:
    told = (COMMANDS[names].help or "").split("\n\n")[0].strip()
    assert told.endswith("."), told
    assert len(told) > 10


@EACH
def test_every_option_and_argument_says_what_it_is(names: tuple[str, ...]) -> None:
    silent = [
        each.name
        for each in COMMANDS[names].params
        if not (getattr(each, "help", None) or "").strip().endswith((".", "]"))
    ]
    assert silent == []


@EACH
def test_every_example_parses_with_its_very_command(
    names: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for file in FILES:
        (tmp_path / file).touch()
    for folder in FOLDERS:
        (tmp_path / folder).mkdir()
    monkeypatch.chdir(tmp_path)
    told = told_examples(names)
    assert told
    for program, *words in told:
        assert (program, *words[: len(names)]) == ("voxpop", *names)
        with COMMANDS[names].make_context(" ".join(names), words[len(names) :]) as context:
            assert context.args == []


def test_an_example_that_does_not_parse_would_be_found() -> None:
    with pytest.raises(Exception, match="No such option"):
        COMMANDS["serve",].make_context("serve", ["--prot", "80"])


def test_help_shows_the_examples_and_the_exit_codes() -> None:
    shown = CliRunner().invoke(app, ["tracks", "check", "--help"], env={"COLUMNS": "100"})
    assert shown.exit_code == 0
    assert "voxpop tracks check tracks.yaml --posts posts.jsonl" in shown.output
    assert "Exit codes: 0 done" in CliRunner().invoke(app, ["--help"]).output


def test_the_help_of_train_names_every_preset() -> None:
    (config,) = (each for each in COMMANDS["train",].params if each.name == "config")
    told = getattr(config, "help", "")
    assert [preset for preset in training_presets("") if preset not in told] == []
