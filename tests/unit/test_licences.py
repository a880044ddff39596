"""Every installed package is under a licence that was looked at."""

import re
import tomllib
from importlib.metadata import Distribution, distributions
from pathlib import Path

REVIEWED = tomllib.loads((Path(__file__).with_name("licences.toml")).read_text(encoding="utf-8"))
PERMISSIVE = re.compile(
    r"\b(MIT|BSD|0BSD|Apache|ISC|PSF|Python Software Foundation|MPL|Mozilla|Unlicense|Zlib|CC0"
    r"|Repoze|HPND|MIT-CMU|DFSG)\b",
    re.IGNORECASE,
)
RESTRICTIVE = re.compile(
    r"\b(A?GPL\w*|GNU (Affero )?General|Proprietary|SSPL|BUSL)\b", re.IGNORECASE
)


def licence(package: Distribution) -> str:
    """What a package says of itself, from the most to the least exact place."""
    about = package.metadata
    classified = [
        each.rpartition("::")[2].strip()
        for each in about.get_all("Classifier") or []
        if each.startswith("License ::")
    ]
    told = {name: about[name] for name in ("License-Expression", "License") if name in about}
    said = told.get("License-Expression") or "; ".join(classified) or told.get("License", "")
    return said.splitlines()[0][:200] if said.strip() else "nothing"


def test_every_package_has_a_permissive_licence_or_was_looked_at() -> None:
    unseen = {}
    for package in distributions():
        name, said = package.metadata["Name"].lower(), licence(package)
        free = PERMISSIVE.search(said) and not RESTRICTIVE.search(said)
        if not free and not any(re.fullmatch(known, name) for known in REVIEWED):
            unseen[name] = said
    assert unseen == {}, "look at these licences, then name them in licences.toml"


def test_each_reviewed_package_gives_its_reason() -> None:
    assert all(reason.strip() for reason in REVIEWED.values())
