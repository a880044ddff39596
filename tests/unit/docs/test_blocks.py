"""What the pages show is known to the manifest, and what is not run is right as far as it shows."""

import re
from fnmatch import fnmatchcase
from pathlib import Path

import pytest

from tests.docs.blocks import LANGUAGES, PAGES, ROOT, Block, Command, blocks, commands
from tests.docs.examples import FORMS
from tests.docs.looking import faults, span_faults
from tests.docs.manifest import manifest

ALL = [block for page in PAGES for block in blocks(page)]
COMMANDS = [command for block in ALL for command in commands(block)]
NOT_RUN = [own for own in COMMANDS if not manifest().is_run(own.page, own.text)]
DOCUMENTS = [block for block in ALL if block.language in {"json", "yaml"}]
SPAN = re.compile(r"`(voxpop [^`]+)`")


def test_every_block_says_what_it_is() -> None:
    untold = [f"{own.page}:{own.line}" for own in ALL if own.language not in LANGUAGES]
    assert untold == [], f"give each fence one of the tags {', '.join(LANGUAGES)}"


@pytest.mark.parametrize("command", NOT_RUN, ids=str)
def test_a_command_that_is_not_run_is_right_as_far_as_it_shows(command: Command) -> None:
    assert faults(command.text) == []


@pytest.mark.parametrize("page", PAGES)
def test_commands_in_sentences_are_those_of_the_command_line(page: str) -> None:
    spans = SPAN.findall((ROOT / page).read_text(encoding="utf-8"))
    assert [f"{span}: {fault}" for span in spans for fault in span_faults(span)] == []


@pytest.mark.parametrize("block", DOCUMENTS, ids=lambda own: f"{own.page}:{own.line}")
def test_an_example_is_what_its_reader_takes(block: Block, tmp_path: Path) -> None:
    (form,) = (
        own.form
        for own in manifest().example
        if own.holds_on(block.page) and block.text.startswith(own.begins)
    )
    FORMS[form](block.text, tmp_path)


def test_every_entry_of_the_manifest_is_needed() -> None:
    read = manifest()
    texts = [(own.page, own.text) for own in COMMANDS]
    python = [(own.page, own.text) for own in ALL if own.language == "python"]
    documents = [(own.page, own.text) for own in DOCUMENTS]
    unused: list[object] = [
        own
        for own in read.replace
        if not any(own.holds_on(page) and re.search(own.what, text) for page, text in texts)
    ]
    unused += [
        own
        for own in (*read.stays, *read.shows, *read.not_run, *read.ends)
        if not any(own.holds(page, text) for page, text in texts)
    ]
    for entries, shown in ((read.python, python), (read.example, documents)):
        unused += [
            own
            for own in entries
            if not any(own.holds_on(page) and text.startswith(own.begins) for page, text in shown)
        ]
    unused += [own for own in read.given if not any(fnmatchcase(p, own.page) for p in PAGES)]
    assert unused == [], "take these entries out of tests/docs/commands.toml"
