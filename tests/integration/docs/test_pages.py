"""What README.md and docs/ tell to type works; `commands.toml` says how far a test may."""

import re
import shutil
from pathlib import Path
from textwrap import indent

import pytest

from tests.docs.blocks import PAGES, ROOT, Block, blocks, commands
from tests.docs.manifest import manifest
from tests.integration.docs.shell import Going, PageShell
from tests.integration.docs.world import World, show_project

pytestmark = [pytest.mark.integration, pytest.mark.timeout(900)]  # a page is many commands

NAMED = re.compile(r"# ([\w.-]+\.\w+)\n")  # the first line of a file that is to be written
RUNNABLE = [
    page
    for page in PAGES
    if any(
        block.language == "python"
        or any(manifest().is_run(page, each.text) for each in commands(block))
        for block in blocks(page)
    )
]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder that looks like a checkout."""
    show_project(tmp_path)
    shutil.copytree(ROOT / "docs", tmp_path / "docs")
    return tmp_path


@pytest.mark.parametrize("page", RUNNABLE)
def test_what_a_page_tells_to_type_works(
    page: str, world: World, shared: dict[str, Going], folder: Path
) -> None:
    shown = blocks(page)
    give(page, shown, folder)
    with PageShell(world, page, folder, shared) as shell:
        for block in shown:
            if named := NAMED.match(block.text):
                (folder / named[1]).write_text(block.text, encoding="utf-8")
            if block.language == "python":
                shell.python(program(block), f"{page}:{block.line}")
            for command in commands(block):
                if manifest().is_run(page, command.text):
                    shell.run(command)


def give(page: str, shown: list[Block], folder: Path) -> None:
    """Put the files there that a page takes for granted."""
    printed = {each.text: each.shown for block in shown for each in commands(block)}
    for each in manifest().given:
        if each.holds_on(page):
            path = folder / each.name
            path.parent.mkdir(parents=True, exist_ok=True)
            text = printed[f"cat {each.name}"] if each.text is None else each.text.lstrip("\n")
            path.write_text(text, encoding="utf-8")


def program(block: Block) -> str:
    """A Python example with the lines around it that make it whole."""
    for each in manifest().python:
        if each.holds_on(block.page) and block.text.startswith(each.begins):
            inside = "    " if each.before.rstrip().endswith(":") else ""
            return each.before + indent(block.text, inside) + each.after
    return block.text
