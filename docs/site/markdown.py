"""Tables and headings in the Markdown that both the site and a plain Git host show."""

from collections.abc import Iterable, Sequence


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table, a line a row; signs that would end a cell are escaped.

    Args:
        header: names of the columns.
        rows: as many cells each.
    """
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(map(_cell, line)) + " |" for line in lines)


def page(*parts: str) -> str:
    """Parts of a page, parted by empty lines."""
    return "\n\n".join(part.strip("\n") for part in parts if part.strip()) + "\n"


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")
