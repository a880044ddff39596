"""Writes what each role may do into docs/security.md: `python -m connectors.rights_page`.

Not for what it is: `connectors.kafka.rights` and `connectors.redis_rights` know that.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from connectors.kafka import rights as kafka
from connectors.redis_rights import WORK, Role, acl_rule

PAGE: Final = Path(__file__).resolve().parents[1] / "docs" / "security.md"
BLOCK: Final = "<!-- {name}: written by `python -m connectors.rights_page` -->"
END: Final = "<!-- end -->"


def blocks() -> dict[str, str]:
    """The generated parts of the page, by name."""
    return {
        "kafka": "\n".join(_kafka_rows()),
        "redis": "```text\n" + "\n".join(map(_redis_line, WORK)) + "\n```",
    }


def with_blocks(page: str) -> str:
    """The page with its generated parts as they must be.

    Raises:
        ValueError: a part has no place in the page.
    """
    for name, content in blocks().items():
        begin = BLOCK.format(name=name)
        if begin not in page:
            raise ValueError(f"{PAGE} has no place for {name}: {begin} … {END}")
        before, rest = page.split(begin)
        _, after = rest.split(END, maxsplit=1)
        page = f"{before}{begin}\n\n{content}\n\n{END}{after}"
    return page


def _kafka_rows() -> Iterator[str]:
    yield "| role | on | operations |"
    yield "|---|---|---|"
    for role, rights in kafka.RIGHTS.items():
        by_resource: dict[str, list[str]] = {}
        for right in rights:
            where = _where(right)
            name = right.operation.name.replace("_", " ").title().replace(" ", "")
            by_resource.setdefault(where, []).append(name)
        for where, operations in by_resource.items():
            yield f"| {role} | {where} | {', '.join(operations)} |"


def _where(right: kafka.Right) -> str:
    if right.resource == "topic":
        return f"topic `{right.name}`"
    group = f"`VOXPOP_GROUP`{right.name and f' and `{right.name}`'}"
    return f"{kafka.SPOKEN[right.resource]} {group}"


def _redis_line(role: Role) -> str:
    return f"ACL SETUSER {role} on >PASSWORD {acl_rule(role)}"


if __name__ == "__main__":
    PAGE.write_text(with_blocks(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
