"""What is locked is pinned, hashed, wanted for a reason that is written down, and what runs."""

import re
import tomllib
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from packaging.markers import Marker
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
LOCK = (ROOT / "requirements.lock").read_text(encoding="utf-8")
PAGE = (ROOT / "docs" / "dependencies.md").read_text(encoding="utf-8")
LEFT_BEHIND = {
    "aioredis": "went into redis-py in 2022",
    "faust": "not kept since 2020; faust-streaming goes on",
    "nose": "not kept since 2015",
    "pycrypto": "not kept since 2013, with known holes; cryptography is used instead",
    "robinhood-aiokafka": "a fork of 2020 that Faust needed once",
    "sklearn": "another name for scikit-learn that brings nothing",
}


def direct() -> dict[str, list[Requirement]]:
    """Every group of pyproject.toml and what it asks for."""
    asked = {"dependencies": PROJECT["project"]["dependencies"]}
    asked |= PROJECT["project"]["optional-dependencies"] | PROJECT["dependency-groups"]
    return {group: [Requirement(each) for each in lines] for group, lines in asked.items()}


def locked() -> list[tuple[Requirement, int]]:
    """Every requirement of the lock, and how many hashes it has."""
    entries = re.sub(r"\\\n\s*", " ", re.sub(r"(?m)^\s*#.*\n", "", LOCK)).splitlines()
    return [
        (Requirement(entry.split(" --hash=")[0].strip()), entry.count("--hash=sha256:"))
        for entry in entries
    ]


def test_everything_is_pinned_to_one_version_with_its_hashes() -> None:
    for requirement, hashes in locked():
        assert [each.operator for each in requirement.specifier] == ["=="], requirement
        assert requirement.url is None
        assert hashes > 0, requirement


def test_nothing_is_locked_twice_for_the_same_machine() -> None:
    seen = set()
    for requirement, _ in locked():
        if requirement.marker is None or requirement.marker.evaluate():
            assert requirement.name not in seen, requirement
            seen.add(requirement.name)


def test_nothing_is_asked_for_twice_in_a_group() -> None:
    for group, requirements in direct().items():
        names = [canonicalize_name(each.name) for each in requirements]
        assert sorted(names) == sorted(set(names)), group


def test_what_is_asked_for_is_locked_as_it_was_asked_for() -> None:
    versions = {each.name: str(each.specifier).removeprefix("==") for each, _ in locked()}
    for group in ("dependencies", "dev"):
        for requirement in direct()[group]:
            found = versions[canonicalize_name(requirement.name)]
            assert requirement.specifier.contains(found, prereleases=True), requirement


def test_what_is_installed_is_what_is_locked() -> None:
    other = {}
    for requirement, _ in locked():
        if requirement.marker is not None and not Marker(str(requirement.marker)).evaluate():
            continue
        try:
            found = version(requirement.name)
        except PackageNotFoundError:
            found = "missing"
        if not requirement.specifier.contains(found, prereleases=True):
            other[requirement.name] = found
    assert other == {}, "run `make install`"


def test_every_package_that_is_asked_for_has_its_reason_on_the_page() -> None:
    rows = [line.split("|") for line in PAGE.splitlines() if line.startswith("| ")]
    reasons = {name.strip(): cells[2].strip() for cells in rows[1:] for name in cells[1].split(",")}
    asked = {each.name for requirements in direct().values() for each in requirements}
    unnamed = {
        name
        for name in asked
        if not any(re.fullmatch(known.replace("*", ".*"), name) for known in reasons)
    }
    assert unnamed == set(), "add them to docs/dependencies.md, with what they are for"
    assert all(reasons.values())
    unused = {
        known
        for known in reasons
        if not any(re.fullmatch(known.replace("*", ".*"), name) for name in asked)
    }
    assert unused == set(), "take them out of docs/dependencies.md"


def test_nothing_comes_in_that_its_keepers_have_left() -> None:
    names = {requirement.name for requirement, _ in locked()}
    assert {name: LEFT_BEHIND[name] for name in names & LEFT_BEHIND.keys()} == {}
