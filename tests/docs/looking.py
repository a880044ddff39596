"""Looks at a command without running it: are its options known, and are its files there?"""

import re
import shlex
from collections.abc import Iterator, Sequence
from importlib.util import find_spec
from typing import Any, Final

import typer
from typer.core import TyperGroup

from stream_app.cli.main import app
from tests.docs.blocks import ROOT

USAGE_ERROR: Final[type[Exception]] = typer.BadParameter.__mro__[
    1
]  # typer gives it no name of its own
ASSIGNMENT: Final = re.compile(r"[A-Z_]+=")


def faults(command: str) -> list[str]:
    """What is wrong with a command, as far as that shows without running it.

    Args:
        command: as a page shows it.
    """
    words = shlex.split(command.replace("\\\n", " "), comments=True)
    while words and ASSIGNMENT.match(words[0]):
        words = words[1:]
    found = [f"there is no {word}" for word in words if _is_missing(word)]
    if words[0] == "voxpop":
        found += _of_voxpop(words[1:])
    elif words[0] == "faust":
        module = words[words.index("-A") + 1]
        found += [] if find_spec(module) else [f"there is no module {module}"]
    elif words[0] == "make":
        targets = (ROOT / "Makefile").read_text(encoding="utf-8")
        found += [
            f"make has no target {word}"
            for word in words[1:]
            if "=" not in word and not re.search(rf"^{word}:", targets, re.MULTILINE)
        ]
    return found


def span_faults(span: str) -> Iterator[str]:
    """What is wrong with a command of `voxpop` in a sentence, where arguments may be left out.

    Args:
        span: between backticks, such as `voxpop stack up|down` or `voxpop trends --json`.
    """
    words = span.split()[1:]
    commands = [typer.main.get_command(app)]
    while words and all(isinstance(each, TyperGroup) for each in commands):
        known = {name: own for each in commands for name, own in _members(each).items()}
        names = words.pop(0).split("|")
        if not re.fullmatch(r"[a-z]+", names[0]):
            return
        yield from (f"voxpop has no command {name}" for name in names if name not in known)
        commands = [known[name] for name in names if name in known]
    options = {o for each in commands for p in each.params for o in p.opts + p.secondary_opts}
    asked = re.findall(r"(?<![\w-])--[a-z-]+", " ".join(words))
    yield from (f"it has no option {name}" for name in asked if name not in options | {"--help"})


def _members(command: object) -> dict[str, Any]:
    return dict(command.commands) if isinstance(command, TyperGroup) else {}


def _is_missing(word: str) -> bool:
    """Whether a word names a file of the project that is not there."""
    first, _, rest = word.partition("/")
    return bool(first and rest) and (ROOT / first).is_dir() and not list(ROOT.glob(word))


def _of_voxpop(words: Sequence[str]) -> list[str]:
    """Faults that the command line itself finds; files that are to be read may be missing."""
    command = typer.main.get_command(app)
    path: list[str] = []
    while isinstance(command, TyperGroup):
        name = words[len(path)] if len(path) < len(words) else ""
        path.append(name)
        if name not in command.commands:
            return [f"voxpop has no command {' '.join(path)}"]
        command = command.commands[name]
    try:
        command.make_context("voxpop", list(words[len(path) :]))
    except typer.BadParameter as error:
        return [] if "does not exist" in error.message else [error.message]
    except USAGE_ERROR as error:
        return [str(error)]
    return []
