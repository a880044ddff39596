"""docs/reference/commands.md: every command of `voxpop` with its arguments and options."""

from collections.abc import Iterator

import typer
from typer.core import TyperArgument, TyperCommand, TyperGroup, TyperOption

from docs.site.markdown import page, table
from stream_app.cli.main import app

INTRODUCTION = """# Commands

`python -m docs.site` writes this page from the command line itself. Exit codes: 0 it is done, 1
it failed or what was compared differs, 2 the command or a setting makes no sense. `voxpop COMMAND
--help` says the same in the terminal. What commands share, such as the servers, are
[settings](../settings.md). The worker is no command of `voxpop`: it is `faust -A stream_app.app
worker -l info` ([workers](../workers.md)).
"""

Parameter = TyperArgument | TyperOption


def commands_page() -> str:
    """The page as Markdown."""
    root = typer.main.get_command(app)
    return page(INTRODUCTION, *_sections("voxpop", root))


def _sections(name: str, command: object) -> Iterator[str]:
    if isinstance(command, TyperGroup):
        for own, each in command.commands.items():
            yield from _sections(f"{name} {own}", each)
    elif isinstance(command, TyperCommand):
        yield f"## {name}"
        yield _usage(name, command)
        yield _prose(command.help or "")
        yield _parameters(command)


def _usage(name: str, command: TyperCommand) -> str:
    words = [name]
    for each in command.params:
        if isinstance(each, TyperArgument):
            word = each.name.upper()
            words.append(word if each.required else f"[{word}]")
    options = [each for each in command.params if isinstance(each, TyperOption)]
    words += [f"{each.opts[0]} {_kind(each)}" for each in options if each.required]
    if not all(each.required for each in options):
        words.append("[OPTIONS]")
    return f"```text\n{' '.join(words)}\n```"


def _parameters(command: TyperCommand) -> str:
    rows = [_row(each) for each in command.params if isinstance(each, TyperArgument | TyperOption)]
    return table(["", "default", ""], rows) if rows else ""


def _row(parameter: Parameter) -> list[str]:
    if isinstance(parameter, TyperArgument):
        name = f"`{parameter.name.upper()}`"
    else:
        value = "" if parameter.is_flag else f" {_kind(parameter)}"
        name = ", ".join(f"`{each}{value}`" for each in parameter.opts + parameter.secondary_opts)
    return [name, _default(parameter), parameter.help or ""]


def _default(parameter: Parameter) -> str:
    if parameter.required:
        return "required"
    value = parameter.default
    if value is None or value is False or callable(value) or value in ([], ()):
        return ""
    return f"`{getattr(value, 'value', value)}`"


def _kind(option: TyperOption) -> str:
    """What stands behind an option, in capitals: `INT`, `PATH`, `json|csv`."""
    kind = option.display_type(typer.Context(TyperCommand("voxpop"))).strip("<>")
    if "|" in kind:
        return kind
    return kind.removesuffix(" range").removeprefix("list[").removesuffix("]").upper()


def _prose(text: str) -> str:
    return "\n".join(line.strip() for line in text.splitlines())
