"""Fenced blocks of README.md and docs/, and the commands in them. Not for running any."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]
PAGES: Final = ("README.md", *sorted(str(p.relative_to(ROOT)) for p in ROOT.glob("docs/**/*.md")))
SHELLS: Final = ("sh", "console")
LANGUAGES: Final = (*SHELLS, "python", "json", "yaml", "text")
FENCE: Final = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
PROMPT: Final = "$ "


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced block.

    Attributes:
        page: its file, from the root of the project.
        line: of its first line.
        language: the tag of its fence; empty where there is none.
        text: what stands between the fences.
    """

    page: str
    line: int
    language: str
    text: str


@dataclass(frozen=True, slots=True)
class Command:
    """A command as a page shows it.

    Attributes:
        text: as it stands, also over several lines.
        shown: what the page says that it prints; empty where it says nothing.
    """

    page: str
    line: int
    text: str
    shown: str = ""

    def __str__(self) -> str:
        return f"{self.page}:{self.line}: {self.text}"


def blocks(page: str) -> list[Block]:
    """The blocks of a page, in order."""
    text = (ROOT / page).read_text(encoding="utf-8")
    return [
        Block(page, text.count("\n", 0, found.start()) + 2, found[1], found[2])
        for found in FENCE.finditer(text)
    ]


def commands(block: Block) -> list[Command]:
    """The commands of a block, in order; none of one that is no shell's."""
    if block.language == "sh":
        return [Command(block.page, line, text) for line, text in _lines(block)]
    return list(_prompted(block)) if block.language == "console" else []


def _lines(block: Block) -> Iterator[tuple[int, str]]:
    """Lines that are neither empty nor only a comment; those that end in \\ with the next."""
    begun: list[str] = []
    for number, line in enumerate(block.text.splitlines(), block.line):
        begun.append(line)
        if line.endswith("\\"):
            continue
        text = "\n".join(begun)
        if text.strip() and not text.lstrip().startswith("#"):
            yield number - len(begun) + 1, text
        begun = []


def _prompted(block: Block) -> Iterator[Command]:
    """What stands behind a prompt, and the lines up to the next prompt as what it prints."""
    lines = block.text.splitlines(keepends=True)
    starts = [at for at, line in enumerate(lines) if line.startswith(PROMPT)]
    for at, end in zip(starts, [*starts[1:], len(lines)], strict=True):
        text = lines[at].removeprefix(PROMPT).rstrip("\n")
        yield Command(block.page, block.line + at, text, "".join(lines[at + 1 : end]))
