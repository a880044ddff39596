"""How an ingest stands, in one line. Not for what it does: that is `connectors.sources.ingest`."""

import asyncio
import time
from collections import deque
from typing import Final

from rich.console import Console
from rich.status import Status

from connectors.sources.figures import Figures

DRAWN_EVERY_S: Final = 1.0
TOLD_EVERY_S: Final = 30.0  # where there is no terminal
RATE_OVER_S: Final = 10.0


class IngestView:
    """Shows a line that changes on a terminal, and a line now and then elsewhere.

    Args:
        name: of the source.
        figures: that somebody else counts.
        console: where it is shown.
    """

    def __init__(self, name: str, figures: Figures, console: Console) -> None:
        self._name = name
        self._figures = figures
        self._console = console
        self._history: deque[tuple[float, int]] = deque([(time.monotonic(), 0)])

    async def show(self) -> None:
        """Show it until it is cancelled."""
        if self._console.is_terminal:
            with Status(self.line(), console=self._console) as status:
                while True:
                    await asyncio.sleep(DRAWN_EVERY_S)
                    status.update(self.line())
        while True:
            await asyncio.sleep(TOLD_EVERY_S)
            self.tell()

    def tell(self) -> None:
        """Print the line once."""
        self._console.print(self.line(), highlight=False, markup=False, soft_wrap=True)

    def line(self) -> str:
        """What was done, how fast it goes on, and how far it is behind now."""
        figures = self._figures
        parts = [f"{figures.sent:,} posts", f"{self._rate():,.1f}/s"]
        if figures.at is not None:
            parts.append(f"{_span(max(0.0, time.time() - figures.at))} behind")
        counts = {
            "passed over": figures.passed_over,
            "duplicates": figures.duplicates,
            "withdrawn": figures.withdrawn,
            "examples removed": figures.forgotten,
            "unusable": figures.unusable,
        }
        parts += [f"{count:,} {what}" for what, count in counts.items() if count]
        if figures.last_reason:
            parts.append(f"last: {figures.last_reason}")
        return f"{self._name}: {', '.join(parts)}"

    def _rate(self) -> float:
        """Posts a second over the last moments."""
        now = time.monotonic()
        self._history.append((now, self._figures.sent))
        while len(self._history) > 2 and now - self._history[1][0] > RATE_OVER_S:
            self._history.popleft()
        began, sent = self._history[0]
        return (self._figures.sent - sent) / max(now - began, 1e-3)


def _span(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.1f} s"
    if seconds < 5400:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h"
