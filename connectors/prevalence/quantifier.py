"""A fitted quantifier as a file, and the one call that a reader of trends needs."""

from pathlib import Path
from typing import Final

from pydantic import BaseModel, ConfigDict, ValidationError, model_validator

from connectors.prevalence.errors import QuantifierFileError
from connectors.prevalence.estimators import Method
from connectors.prevalence.fit import QuantifierFit
from connectors.prevalence.interval import Estimate, corrected, interval
from connectors.prevalence.posts import Array, Window
from connectors.prevalence.tracks import Correction

SHIPPED: Final = Path(__file__).with_name("shipped.json")  # of the shipped model


class Quantifier(BaseModel):
    """A fit, what validation tracks say of the methods, and which method to use.

    Attributes:
        fit: the classifier's confusion, stamped with its version.
        corrections: of every method that validation tracks could judge.
        known: method for a track with labelled posts.
        new: method for any other.
        notes: what a reader has to know, as the data that it was fitted on.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    fit: QuantifierFit
    corrections: dict[Method, Correction]
    known: Method
    new: Method
    notes: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _has_what_it_names(self) -> "Quantifier":
        for method in (self.known, self.new):
            if method not in self.corrections:
                raise ValueError(f"no correction of {method}, which is to be used")
        return self

    def knows(self, track: str | None) -> bool:
        """Whether labelled posts of the track are part of the fit."""
        return track is not None and track in self.corrections[self.known].tracks

    def method_of(self, track: str | None) -> Method:
        """The method for a track."""
        return self.known if self.knows(track) else self.new

    def shares(self, window: Window, track: str | None = None) -> Array:
        """Corrected shares of a window, [C]; raises as `interval`."""
        method = self.method_of(track)
        return corrected(self.fit, window, method, self.corrections[method], track)

    def estimate(
        self,
        window: Window,
        track: str | None = None,
        *,
        level: float = 0.9,
        draws: int = 200,
        seed: int = 0,
    ) -> Estimate:
        """Corrected shares with bounds; arguments and errors as `interval`."""
        method = self.method_of(track)
        return interval(
            self.fit,
            window,
            method,
            correction=self.corrections[method],
            track=track,
            level=level,
            draws=draws,
            seed=seed,
        )


def write_quantifier(quantifier: Quantifier, path: Path) -> None:
    """Write a quantifier as JSON."""
    path.write_text(quantifier.model_dump_json(indent=1) + "\n", encoding="utf-8")


def read_quantifier(
    path: Path, labels: tuple[str, ...], model_version: str | None = None
) -> Quantifier:
    """Read a quantifier.

    Args:
        path: from `write_quantifier`.
        labels: classes that it must be of.
        model_version: model that it must be of; None: of any, which whoever uses it looks at.

    Raises:
        QuantifierFileError: no such file, none of a quantifier, or one of others.
    """
    try:
        found = Quantifier.model_validate_json(path.read_bytes())
    except OSError as error:
        raise QuantifierFileError(f"{path} cannot be read: {error.strerror}") from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise QuantifierFileError(f"{path} holds no quantifier: {where}: {first['msg']}") from error
    if found.fit.labels != labels:
        raise QuantifierFileError(f"{path} is of the classes {found.fit.labels}, not {labels}")
    if model_version not in {None, found.fit.model_version}:
        raise QuantifierFileError(
            f"{path} was fitted for model {found.fit.model_version}, not {model_version}: fit it "
            "again with `voxpop prevalence fit`"
        )
    return found
