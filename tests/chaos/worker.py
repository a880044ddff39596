"""The worker that a chaos run starts: `faust -A tests.chaos.worker worker`.

The product's own app, rigged so that it can be struck at any point of a batch.
"""

from tests.chaos.rigging import rig

rig()

from stream_app.app import app  # noqa: E402 - it builds the worker when it is imported

__all__ = ["app"]
