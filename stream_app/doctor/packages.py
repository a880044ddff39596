"""Checks of installed packages: their versions, and which parts an installation leaves out.

Images leave parts out on purpose (`deploy/images/requirements.py`); a part is left out where all of
its packages are missing, and broken where some are.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, requires, version
from typing import Final

from packaging.requirements import Requirement

from deploy.images.requirements import EXTRACTION, SCORING, STACK, TRAINING
from stream_app.doctor.finding import Finding

INSTALL: Final = "run `make install` in a checkout; elsewhere install the wheel again"
LOCAL_STACK: Final = "the local stack"
MODEL: Final = "the model"
PARTS: Final[Mapping[str, Collection[str]]] = {
    LOCAL_STACK: STACK,
    MODEL: SCORING,
    "extraction": EXTRACTION,
    "training": TRAINING,
}


@dataclass(frozen=True, slots=True)
class Installed:
    """How the packages that are there compare with those that Voxpop asks for.

    Attributes:
        fitting: how many have a version that it may have.
        wrong: those that are missing or have another, and what was wanted.
        left_out: parts none of whose packages is there.
    """

    fitting: int
    wrong: tuple[str, ...]
    left_out: tuple[str, ...]


def installed_packages() -> Installed:
    """What is installed here.

    Raises:
        PackageNotFoundError: Voxpop itself is not.
    """
    requirements = requires("voxpop") or []
    return compared(requirements, dict(_versions(Requirement(each).name for each in requirements)))


def compared(requirements: Sequence[str], versions: Mapping[str, str]) -> Installed:
    """Packages that everybody needs, set beside those that are there; extras are nobody's need.

    Args:
        requirements: as a package's metadata tell them, `name~=1.0; marker`.
        versions: of what is there, by the names in `requirements`.
    """
    wanted = [Requirement(each) for each in requirements]
    needed = [each for each in wanted if not each.marker or each.marker.evaluate({"extra": ""})]
    missing = {each.name for each in needed if each.name not in versions}
    left_out = {
        part: own
        for part, packages in PARTS.items()
        if (own := {each.name for each in needed if each.name in packages}) and own <= missing
    }
    meant = set().union(*left_out.values())
    wrong = tuple(
        f"{each.name} is {versions.get(each.name, 'missing')}, not {each.specifier}"
        for each in needed
        if each.name not in meant and not _fits(each, versions.get(each.name))
    )
    fitting = len(needed) - len(wrong) - len(meant)
    return Installed(fitting, wrong, tuple(left_out))


def packages(installed: Installed | None) -> Finding:
    """Whether each package that is needed has a version that it may have.

    Args:
        installed: what is there; None where Voxpop itself is not.
    """
    if installed is None:
        return Finding("packages", "fail", "voxpop itself is not installed", INSTALL)
    if installed.wrong:
        return Finding("packages", "fail", "; ".join(installed.wrong), INSTALL)
    without = f"; without {' and '.join(installed.left_out)}" if installed.left_out else ""
    return Finding("packages", "ok", f"{installed.fitting} as they should be{without}")


def _fits(wanted: Requirement, found: str | None) -> bool:
    return found is not None and wanted.specifier.contains(found, prereleases=True)


def _versions(names: Iterator[str]) -> Iterator[tuple[str, str]]:
    for name in names:
        try:
            yield name, version(name)
        except PackageNotFoundError:
            continue
