"""How examples stand below a command's help. Not for the examples: each is beside its command."""

HEADING = "Examples:"
FENCE = "```"  # help is Markdown


def examples(*lines: str) -> str:
    """What follows the options in a command's help.

    Args:
        lines: whole commands, `voxpop` and all; what follows a `#` is for people. They are tested
            to parse, with files of these names in the folder.
    """
    return "\n".join([HEADING, FENCE, *lines, FENCE])
