"""The local stack: a real Kafka broker and a real Valkey server as two plain processes.

For demonstrations, tests and benchmarks on one machine. Not for production: one broker, no
replication, no authentication.
"""

from deploy.local.errors import StackError
from deploy.local.progress import Progress
from deploy.local.stack import Endpoints, LocalStack, ServerStatus

__all__ = ["Endpoints", "LocalStack", "Progress", "ServerStatus", "StackError"]
