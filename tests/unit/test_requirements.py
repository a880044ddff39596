"""What pyproject.toml asks for: no more packages than are used, none left open, each named once."""

import ast
import re
import sys
import tomllib
from collections import Counter
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

PROJECT = tomllib.loads(Path("pyproject.toml").read_text())["project"]
DEPENDENCIES = [Requirement(each) for each in PROJECT["dependencies"]]
ROOMS = ("stream_app", "models", "connectors", "deploy", "benchmarks")
# installed by `voxpop bench peers` into a folder of their own
PEERS = {"bytewax", "pyspark", "quixstreams"}
# used by packages where they are there, or for their files; nothing imports them
UNIMPORTED = {"hiredis", "nicegui", "tensorboard"}


def imported() -> Iterator[str]:
    """Names of the packages that the code imports."""
    owners = packages_distributions()
    for room in ROOMS:
        for file in Path(room).rglob("*.py"):
            for module in set(modules(ast.parse(file.read_text()))):
                if module not in {*sys.stdlib_module_names, *ROOMS, *PEERS}:
                    yield from map(canonicalize_name, owners[module])


def modules(code: ast.Module) -> Iterator[str]:
    """First parts of the modules that code imports, wherever in it."""
    for node in ast.walk(code):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module.partition(".")[0]


def test_each_is_named_once() -> None:
    names = Counter(each.name for each in DEPENDENCIES)
    assert [name for name, times in names.items() if times > 1] == []
    assert [each.name for each in DEPENDENCIES] == sorted(names)


def test_none_may_be_of_any_version() -> None:
    """A lower bound, that what is used is there; an upper one, before what may break it."""
    for each in DEPENDENCIES:
        operators = {specifier.operator for specifier in each.specifier}
        assert operators in ({"=="}, {"~="}, {">=", "<"}), str(each)


def test_the_lock_has_versions_that_are_allowed() -> None:
    lock = Path("requirements.lock").read_text()
    locked = dict(re.findall(r"^([a-z0-9-]+)(?:\[.*\])?==([^\s;]+)", lock, re.MULTILINE))
    for each in DEPENDENCIES:
        assert each.specifier.contains(locked[canonicalize_name(each.name)]), str(each)


def test_what_is_imported_is_asked_for_and_nothing_else() -> None:
    extras = {
        Requirement(each).name for each in PROJECT["optional-dependencies"]["train"]
    }  # the others of `large` are parts of one
    asked = {canonicalize_name(each.name) for each in DEPENDENCIES}
    used = set(imported())
    assert used - asked - extras == set()
    assert asked - used == UNIMPORTED
