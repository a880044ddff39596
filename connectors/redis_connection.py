"""How to reach Redis or Valkey, and the clients that the connectors share.

Not for what is stored there: `trends` and `conversations` own their keys.
"""

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, urlsplit

import redis
import redis.asyncio
from redis.asyncio.connection import AbstractConnection
from redis.asyncio.retry import Retry as AsyncRetry
from redis.backoff import ExponentialBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

from connectors.tls import TlsFiles, TlsFilesError

SCHEMES = ("redis", "rediss")
REMEDY = (
    "write it as redis://[user:password@]host:port/database, rediss:// for TLS, "
    "with reserved characters of the password percent-encoded and nothing after the database"
)
RETRIES = 3
FIRST_RETRY_S = 0.05
LONGEST_RETRY_S = 0.5
MOST_CONNECTIONS = 100


class RedisSettingsError(ValueError):
    """The settings of a connection do not fit together, or name files that cannot be used."""


class ServerChangedError(RedisError):
    """Redis was started again, or another server answers: its last writes may be lost."""


@dataclass(frozen=True, slots=True)
class RedisConnection:
    """Where Redis is and how long to wait for it; its text never shows the password.

    A call that met a broken connection is tried again up to three times: every script of the
    connectors may run twice without another effect.

    Args:
        url: `redis://` or, for TLS, `rediss://`; user and password for an ACL user.
        ssl_cafile: PEM file of the server's authority; the system's authorities when None.
        ssl_certfile: PEM file of the client's certificate, for mutual TLS.
        ssl_keyfile: PEM file of that certificate's key, where it is a file of its own.
        socket_timeout_s: longest wait for an answer, seconds.
        connect_timeout_s: longest wait for a connection, seconds.

    Raises:
        RedisSettingsError: the URL is no Redis URL, or a TLS file comes without TLS.
    """

    url: str = field(repr=False)
    ssl_cafile: Path | None = None
    ssl_certfile: Path | None = None
    ssl_keyfile: Path | None = None
    socket_timeout_s: float = 5.0
    connect_timeout_s: float = 3.0

    def __post_init__(self) -> None:
        parts = _parse(self.url)
        if self._tls_files and parts.scheme != "rediss":
            raise RedisSettingsError(
                f"VOXPOP_REDIS_SSL_… files are set but {self.address} is without TLS: "
                "use rediss:// or drop the files"
            )

    @property
    def address(self) -> str:
        """The URL without user and password, for people to read."""
        parts = _parse(self.url)
        host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
        return f"{parts.scheme}://{host}:{parts.port or 6379}{parts.path}"

    def open(
        self,
        *,
        one_run: bool = False,
        on_error: Callable[[Exception], None] | None = None,
        most_connections: int = MOST_CONNECTIONS,
    ) -> redis.asyncio.Redis:
        """A client with its own pool, answering bytes; connects at the first call.

        Args:
            one_run: every call after the server was started again ends with `ServerChangedError`,
                for who must not build on what the server may have lost.
            on_error: told of every attempt that failed, also of those tried again.
            most_connections: at a time; who finds none free waits, as long as for an answer.

        Raises:
            RedisSettingsError: a TLS file cannot be used.
        """
        pool = redis.asyncio.BlockingConnectionPool.from_url(
            self.url,
            max_connections=most_connections,
            timeout=self.socket_timeout_s,
            retry=_TellingRetry(on_error),
            redis_connect_func=_OneRun(self.address).connected if one_run else None,
            **self._options(),
        )
        return redis.asyncio.Redis.from_pool(pool)

    def open_sync(self) -> redis.Redis:
        """The same for code without an event loop."""
        return redis.Redis.from_url(
            self.url,
            retry=Retry(ExponentialBackoff(LONGEST_RETRY_S, FIRST_RETRY_S), RETRIES),
            **self._options(),
        )

    @property
    def _tls_files(self) -> TlsFiles:
        return TlsFiles(self.ssl_cafile, self.ssl_certfile, self.ssl_keyfile)

    def _options(self) -> dict[str, Any]:
        options: dict[str, Any] = {
            "socket_timeout": self.socket_timeout_s,
            "socket_connect_timeout": self.connect_timeout_s,
            "decode_responses": False,
            "driver_info": None,  # telling its name takes a right that Redis 7.0 does not know
        }
        files = self._tls_files
        try:
            if files:  # redis-py makes a context of its own, and tells less of what is wrong
                files.context("VOXPOP_REDIS")
        except TlsFilesError as error:
            raise RedisSettingsError(str(error)) from error
        named = {
            "ssl_ca_certs": files.cafile,
            "ssl_certfile": files.certfile,
            "ssl_keyfile": files.keyfile or files.certfile,
        }
        return options | {name: str(path) for name, path in named.items() if path is not None}

    def __repr__(self) -> str:
        return f"RedisConnection({self.address})"


class _TellingRetry(AsyncRetry):
    """Tries again, and tells of each failure."""

    def __init__(self, tell: Callable[[Exception], None] | None) -> None:
        super().__init__(ExponentialBackoff(LONGEST_RETRY_S, FIRST_RETRY_S), RETRIES)
        self._tell = tell

    def __deepcopy__(self, _: object) -> "_TellingRetry":
        return _TellingRetry(self._tell)  # each connection takes one of its own

    async def call_with_retry(
        self,
        do: Callable[[], Awaitable[Any]],
        fail: Callable[..., Any],
        *more: Any,
        **named: Any,
    ) -> Any:
        """As its base does."""

        async def failed(error: Exception, *count: int) -> Any:
            if self._tell is not None:
                self._tell(error)
            return await fail(error, *count)

        return await super().call_with_retry(do, failed, *more, **named)


class _OneRun:
    """Lets the connections of a client in as long as they lead to the same run of a server."""

    def __init__(self, address: str) -> None:
        self._address = address
        self._run_id: bytes | None = None

    async def connected(self, connection: AbstractConnection) -> None:
        """Greet the server as usual and ask which run it is.

        Raises:
            ServerChangedError: another one than at first.
        """
        await connection.on_connect()
        await connection.send_command("INFO", "server")
        found = re.search(rb"run_id:(\w+)", await connection.read_response())
        run_id = found[1] if found else b""
        if self._run_id is None:
            self._run_id = run_id
        if run_id != self._run_id:
            raise ServerChangedError(
                f"Redis at {self._address} was started again, perhaps without its last writes"
            )


def _parse(url: str) -> SplitResult:
    """Parts of a Redis URL.

    Raises:
        RedisSettingsError: it is none; the message holds nothing of the URL, since a slip in its
            punctuation may put a part of the password anywhere. Options after a `?` are refused:
            redis-py would obey them, and stop checking certificates where they say so.
    """
    try:
        parts = urlsplit(url)
        valid = parts.scheme in SCHEMES and bool(parts.hostname) and parts.port != 0
        database = parts.path.removeprefix("/")
        valid = valid and (database == "" or database.isdecimal())
        valid = valid and not parts.query and not parts.fragment
    except ValueError:
        valid = False
    if not valid:
        raise RedisSettingsError(f"the Redis URL is not valid: {REMEDY}")
    return parts
