"""What can go wrong with the local stack, in words that say what to do."""


class StackError(Exception):
    """The local stack cannot be fetched, started or stopped; the message holds the remedy."""


class PortTakenError(StackError):
    """Another program took the port between choosing and using it; other ports may work."""


class StackNotInstalledError(StackError):
    """A package of the local stack is not there: images leave them out.

    Args:
        module: that could not be imported.
        setting: what names a server instead.
    """

    def __init__(self, module: str | None, setting: str) -> None:
        super().__init__(
            f"this installation has no local stack ({module} is missing): set {setting} to a "
            "server that runs already"
        )
