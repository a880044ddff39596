"""Generated parts of a page: between two marks that name them and the command that writes them.

Not for what stands in them.
"""

import re
from pathlib import Path


class BlockMissingError(ValueError):
    """A page has no place for a generated part."""


def fill(page: Path, name: str, content: str) -> None:
    """Put content between the marks of a part, and leave all else as it is.

    Raises:
        BlockMissingError: the page lacks the marks; says which.
    """
    page.write_text(filled(page.read_text(encoding="utf-8"), name, content), encoding="utf-8")


def filled(text: str, name: str, content: str) -> str:
    """A page's text with another content of a part.

    Raises:
        BlockMissingError: the text lacks the marks; says which.
    """
    mark = _mark(name)
    if not mark.search(text):
        raise BlockMissingError(f"no `<!-- {name}: … -->` with `<!-- end of {name} -->` after it")
    return mark.sub(lambda found: f"{found[1]}\n{content.strip()}\n{found[3]}", text)


def block(text: str, name: str) -> str:
    """What stands between the marks of a part.

    Raises:
        BlockMissingError: the text lacks the marks.
    """
    found = _mark(name).search(text)
    if found is None:
        raise BlockMissingError(f"no part {name!r}")
    return found[2].strip()


def table(header: list[str], rows: list[list[str]], left: int = 1) -> str:
    """A Markdown table; columns after the first `left` are figures."""
    rules = ["---"] * left + ["---:"] * (len(header) - left)
    lines = [header, rules, *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines).replace("| --- |", "|---|")


def _mark(name: str) -> re.Pattern[str]:
    own = re.escape(name)
    return re.compile(rf"(<!-- {own}: [^>]*-->)\n(.*?)(<!-- end of {own} -->)", re.DOTALL)
