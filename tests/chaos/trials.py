"""Shows what each guard is for: the same run with it and without it.

Not for the guards themselves (`guards`) nor for which trials there are (`plan`).
"""

from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from tests.chaos.run import Outcome, Setup, run


@dataclass(frozen=True, slots=True)
class GuardTrial:
    """A run that a guard decides.

    Attributes:
        guard: as in `guards.GUARDS`.
        setup: holds with the guard. Where several guards stand behind each other, it does without
            the others, so that this one alone decides.
        damage: field of the verdict that is not 0 without the guard.
    """

    guard: str
    setup: Setup
    damage: str

    @property
    def broken(self) -> Setup:
        """The same without the guard."""
        return replace(
            self.setup,
            name=f"{self.setup.name}, without it",
            without=(*self.setup.without, self.guard),
        )


@dataclass(frozen=True, slots=True)
class TrialOutcome:
    """Both runs of the trial of a guard of that name."""

    name: str
    damage: str
    kept: Outcome
    broken: Outcome

    @property
    def shows(self) -> bool:
        """Whether all is well with the guard, and not without it."""
        return self.kept.verdict.holds and getattr(self.broken.verdict, self.damage) > 0

    def document(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self)


async def try_guard(trial: GuardTrial, seed: int, folder: Path) -> TrialOutcome:
    """Do both runs.

    Args:
        trial: which guard.
        seed: of both runs.
        folder: for them; must not exist.
    """
    return TrialOutcome(
        name=trial.guard,
        damage=trial.damage,
        kept=await run(trial.setup, seed, folder / "kept"),
        broken=await run(trial.broken, seed, folder / "broken"),
    )
