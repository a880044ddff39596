"""What ends a source, each with what to do about it."""


class SourceError(Exception):
    """Base of this package's errors; the message says what, where and what to do."""


class SourceRefusedError(SourceError):
    """The platform does not let this client in, or does not know what was asked for."""


class SourceSettingsError(SourceError):
    """What the source was given cannot be used."""


class CursorError(SourceError):
    """A cursor file that cannot be read, written or shared."""
