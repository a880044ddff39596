"""The one error that a command raises on purpose; `main` prints it and exits."""


class CliError(Exception):
    """A command cannot go on, for a reason its user can mend.

    Args:
        message: what was wrong, where, and what to do; one line.
        exit_code: 1 it failed or differs, 2 wrong usage.
    """

    def __init__(self, message: str, exit_code: int = 1) -> None:
        super().__init__(message)
        self.exit_code = exit_code
