"""What is wrong with a file of features, and where."""

from pathlib import Path


class FeatureFileError(ValueError):
    """A file that cannot be used; the message says which, in what line, and what it should have.

    Args:
        path: the file.
        line: counted from 1; None where it is the whole file.
        what: is wrong.
    """

    def __init__(self, path: Path, line: int | None, what: str) -> None:
        place = str(path) if line is None else f"{path}, line {line:,}"
        super().__init__(f"{place}: {what}")
