"""Reads `commands.toml`: what is different when the commands of the pages are run by a test."""

import re
import tomllib
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

FILE = Path(__file__).with_name("commands.toml")


class Entry(BaseModel):
    """What every entry has.

    Attributes:
        page: which pages it is for; a pattern such as `docs/*.md`.
        why: it is needed.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    page: str = "*"
    why: str = Field(min_length=10)

    def holds_on(self, page: str) -> bool:
        """Whether it is for a page."""
        return fnmatchcase(page, self.page)


class OfCommands(Entry):
    """An entry for commands.

    Attributes:
        command: regular expression that is found in those it is for.
    """

    command: str

    def holds(self, page: str, command: str) -> bool:
        """Whether it is for a command."""
        return self.holds_on(page) and re.search(self.command, command) is not None


class Replace(Entry):
    """What stands in commands, as a regular expression, and what is run instead."""

    what: str
    by: str


class Stays(OfCommands):
    """A command that does not end by itself.

    Attributes:
        until: the effect that shows that it works: one of `effects.py`, or `says: WORDS`.
        then: `stop` it at once, or `stay` until the page is done, or until all pages are: `share`.
    """

    until: str
    then: Literal["stop", "stay", "share"]


class NotRun(OfCommands):
    """A command that is only looked at: its options, and whether files that it names are there."""


class Shows(OfCommands):
    """A command whose reader waits for what it prints: it is run again until it says so."""

    says: str


class Ends(OfCommands):
    """A command that ends with another exit code than 0."""

    code: int


class Given(Entry):
    """A file that a page takes for granted.

    Attributes:
        name: of it, in the folder of the page.
        text: what it holds; None: what the page shows under `cat NAME`.
    """

    name: str
    text: str | None = None


class Around(Entry):
    """Lines before and after a Python example.

    Attributes:
        begins: the example does.
    """

    begins: str
    before: str = ""
    after: str = ""


class Example(Entry):
    """What a JSON or YAML example is.

    Attributes:
        begins: the example does.
        form: one of `examples.py`.
    """

    begins: str
    form: str


class Manifest(BaseModel):
    """All of the file; `from_nothing` are pages that set up what others take for granted."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    from_nothing: list[str]
    replace: list[Replace]
    stays: list[Stays]
    shows: list[Shows]
    not_run: list[NotRun]
    ends: list[Ends]
    given: list[Given]
    python: list[Around]
    example: list[Example]

    def with_replacements(self, page: str, command: str) -> str:
        """What is run in the place of a command."""
        for each in self.replace:
            if each.holds_on(page):
                command = each.by.join(re.split(each.what, command))
        return command

    def is_run(self, page: str, command: str) -> bool:
        """Whether a command is run at all."""
        return not any(each.holds(page, command) for each in self.not_run)

    def stay_of(self, page: str, command: str) -> Stays | None:
        """How to run a command that does not end by itself; None for any other."""
        return next((each for each in self.stays if each.holds(page, command)), None)

    def words_of(self, page: str, command: str) -> str:
        """What a command must print at last; empty where it does not matter."""
        return next((each.says for each in self.shows if each.holds(page, command)), "")

    def code_of(self, page: str, command: str) -> int:
        """Exit code of a command."""
        return next((each.code for each in self.ends if each.holds(page, command)), 0)


@cache
def manifest() -> Manifest:
    """The file, read once."""
    return Manifest.model_validate(tomllib.loads(FILE.read_text(encoding="utf-8")))
