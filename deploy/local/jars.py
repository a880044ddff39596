"""Kafka's jars: fetched by jgo from the Maven coordinates of the lock, each verified by SHA-256.

Not for choosing versions: `python -m deploy.local.relock` does that, and its result is committed.
"""

import fcntl
import hashlib
import tomllib
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from platformdirs import user_cache_path

from deploy.local.errors import StackError, StackNotInstalledError
from deploy.local.progress import Progress

LOCK_FILE = Path(__file__).with_name("kafka.lock.toml")
STEP = "Fetching Kafka"
DOWNLOADS_AT_ONCE = 8
TIMEOUT_S = 60


@dataclass(frozen=True, slots=True)
class LockedJar:
    """One jar of the lock.

    Attributes:
        group, artifact, version: its Maven coordinate.
        sha256: of the jar, hexadecimal.
    """

    group: str
    artifact: str
    version: str
    sha256: str

    @property
    def coordinate(self) -> str:
        """`group:artifact:version`."""
        return f"{self.group}:{self.artifact}:{self.version}"

    def path_in(self, cache: Path) -> Path:
        """Where the jar lies in a Maven repository folder."""
        folder = cache.joinpath(*self.group.split("."), self.artifact, self.version)
        return folder / f"{self.artifact}-{self.version}.jar"


def jar_cache() -> Path:
    """Folder of the fetched jars, shared by every checkout of this user."""
    return user_cache_path("voxpop") / "maven"


def read_lock(path: Path = LOCK_FILE) -> list[LockedJar]:
    """The jars of the lock, in class path order."""
    return [LockedJar(**entry) for entry in tomllib.loads(path.read_text())["jar"]]


def missing_jars(jars: Sequence[LockedJar], cache: Path) -> list[LockedJar]:
    """Those of the jars that are not in the cache, or differ from the lock."""
    return [jar for jar in jars if _sha256(jar.path_in(cache)) != jar.sha256]


def fetch_jars(progress: Progress, cache: Path | None = None) -> list[Path]:
    """Make every jar of the lock lie in the cache, verified.

    Args:
        progress: told of every jar that has arrived.
        cache: Maven repository folder; the user's cache by default.

    Returns:
        The class path.

    Raises:
        StackError: a jar cannot be fetched, or is not the one of the lock.
    """
    folder = cache or jar_cache()
    jars = read_lock()
    with _one_fetch_at_a_time(folder):
        missing = missing_jars(jars, folder)
        if missing:
            _fetch(missing, folder, len(jars), progress)
    return [jar.path_in(folder) for jar in jars]


def _fetch(missing: Sequence[LockedJar], cache: Path, total: int, progress: Progress) -> None:
    done = total - len(missing)
    progress(STEP, done, total)
    context = _maven_context(cache)
    with ThreadPoolExecutor(DOWNLOADS_AT_ONCE) as pool:
        fetches = [pool.submit(_fetch_one, context, jar, cache) for jar in missing]
        try:
            for fetch in as_completed(fetches):
                fetch.result()
                done += 1
                progress(STEP, done, total)
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def _fetch_one(context: Any, jar: LockedJar, cache: Path) -> None:
    path = jar.path_in(cache)
    path.unlink(missing_ok=True)  # a download that was cut off, or another file
    try:
        context.project(jar.group, jar.artifact).at_version(jar.version).artifact().resolve()
    except (OSError, RuntimeError) as error:  # requests' errors are OSErrors
        raise StackError(
            f"cannot fetch {jar.coordinate}: {error}. Check the network, or set VOXPOP_KAFKA "
            "to a Kafka that runs already."
        ) from error
    found = _sha256(path)
    if found != jar.sha256:
        path.unlink(missing_ok=True)
        raise StackError(
            f"{jar.coordinate} has SHA-256 {found}, the lock {LOCK_FILE.name} says {jar.sha256}: "
            "fetch again; if it stays so, the repository serves another file."
        )


def _maven_context(cache: Path) -> Any:
    """Maven Central and the repositories of the user's jgo configuration, if there is one."""
    try:
        from jgo.config import GlobalSettings  # noqa: PLC0415 - half a second, only when jars miss
        from jgo.maven import MavenContext  # noqa: PLC0415
    except ModuleNotFoundError as error:
        raise StackNotInstalledError(error.name, "VOXPOP_KAFKA") from error

    central: dict[str, str] = MavenContext().remote_repos
    repositories = {**GlobalSettings.load().repositories, **central}
    return MavenContext(repo_cache=cache, remote_repos=repositories, timeout=TIMEOUT_S)


def _sha256(path: Path) -> str | None:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except FileNotFoundError:
        return None


@contextmanager
def _one_fetch_at_a_time(cache: Path) -> Iterator[None]:
    cache.mkdir(parents=True, exist_ok=True)
    with (cache / "fetch.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
