"""What can go wrong with the local stack, in words that say what to do."""


class StackError(Exception):
    """The local stack cannot be fetched, started or stopped; the message holds the remedy."""


class PortTakenError(StackError):
    """Another program took the port between choosing and using it; other ports may work."""
