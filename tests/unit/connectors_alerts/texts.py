"""Texts of some people."""

from connectors.alerts.words import Spoken, Wording


def spoken(*texts: str) -> list[Spoken]:
    """Each by somebody else."""
    return [Spoken(text, at) for at, text in enumerate(texts)]


def wording(labelled: list[str], others: list[str]) -> Wording:
    """Words of posts with the label that moved and of others."""
    own = Wording.of(spoken(*labelled))
    for each in spoken(*others):
        own.add(each, labelled=False)
    return own
