"""How the local stack reports what it is doing; drawing it is the command line's job."""

from typing import Protocol


class Progress(Protocol):
    """Called at every step."""

    def __call__(self, step: str, done: int, total: int) -> None:
        """Report one step.

        Args:
            step: what is being done, such as "Fetching Kafka".
            done: parts done so far.
            total: parts in all; a step that cannot be divided goes from 0 of 1 to 1 of 1.
        """


def silent(step: str, done: int, total: int) -> None:
    """A progress that nobody watches."""
    del step, done, total
