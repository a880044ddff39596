"""What can be wrong with an estimate of shares; every message says where and what to do."""


class PrevalenceError(Exception):
    """Shares cannot be estimated."""


class EmptyWindowError(PrevalenceError):
    """There are no posts to estimate shares of, or to fit on."""


class ShapeError(PrevalenceError):
    """An array has not the shape that the labels ask for, or holds what cannot be."""


class MissingClassError(PrevalenceError):
    """The validation posts lack a class, so that nothing is known of how it is confused."""


class IndistinguishableError(PrevalenceError):
    """The classifier answers so alike for some classes that their shares cannot be told apart."""


class QuantifierFileError(PrevalenceError):
    """A file holds no quantifier, or one of another model or other labels."""
