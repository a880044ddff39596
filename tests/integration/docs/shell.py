"""Runs the commands of a page one after another, as one shell would. Not for what they are."""

import os
import signal
import subprocess
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import psutil

from tests.docs.blocks import Command
from tests.docs.manifest import Stays, manifest
from tests.integration.docs.world import World, effect_of, wait_for

COMMAND_S: Final = 120
STOP_S: Final = 30
ENDED: Final = {0, -signal.SIGTERM, 128 + signal.SIGTERM}  # uvicorn passes the signal on
# what a command sets stays set for the next, as in one shell
BEGIN: Final = "[ -f .state ] && . ./.state\n"
RUN: Final = BEGIN + "set -a -o pipefail\n{text}\ncode=$?\nset +a\nexport -p > .state\nexit $code"


class Going:
    """A command that does not end by itself.

    Args:
        text: that is run.
        folder: where.
        environment: of the first of its page.
    """

    def __init__(self, text: str, folder: Path, environment: Mapping[str, str]) -> None:
        self._log = folder / f"going-{len(list(folder.glob('going-*')))}.log"
        with self._log.open("wb") as output:
            self._child = psutil.Popen(
                ["bash", "-c", BEGIN + text],
                cwd=folder,
                env=dict(environment),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def goes_on(self) -> bool:
        """Whether it has not ended."""
        return self._child.poll() is None

    def said(self) -> str:
        """All that it said so far."""
        return self._log.read_text(encoding="utf-8", errors="replace")

    def stop(self) -> int:
        """End it by SIGTERM, and answer its exit code."""
        if self.goes_on():
            # a shell's last command takes its place, and may have processes of its own
            shell = self._child.name() == "bash"
            for each in self._child.children() if shell else [self._child]:
                each.terminate()
        try:
            return int(self._child.wait(STOP_S))
        except psutil.TimeoutExpired:
            os.killpg(self._child.pid, signal.SIGKILL)
            raise


class PageShell:
    """The shell of one page.

    Args:
        world: where commands work.
        page: whose they are.
        folder: where they run.
        shared: commands that go on for all pages, by what is run; the caller's to end.
    """

    def __init__(self, world: World, page: str, folder: Path, shared: dict[str, Going]) -> None:
        self._world, self._page, self._folder, self._shared = world, page, folder, shared
        self._environment = world.environment(page)
        self._staying: list[Going] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, _: BaseException | None, __: TracebackType | None
    ) -> None:
        codes = [each.stop() for each in self._staying]
        assert kind is not None or ENDED.issuperset(codes), f"commands ended with {codes}"

    def run(self, command: Command) -> None:
        """Run a command as the manifest says, and see that it works."""
        replaced = manifest().with_replacements(self._page, command.text)
        text = self._world.filled(replaced).partition("  #")[0].rstrip()
        stay = manifest().stay_of(self._page, command.text)
        if stay is not None:
            self._go(stay, text, str(command))
            return
        words = manifest().words_of(self._page, command.text)
        if words:
            wait_for(lambda: words in self._outcome(text)[1], lambda: True, f"{command}: {words}")
            return
        self._end(text, manifest().code_of(self._page, command.text), str(command))

    def python(self, text: str, named: str) -> None:
        """Run a program."""
        (self._folder / "example.py").write_text(text, encoding="utf-8")
        self._end("python example.py", 0, named)

    def _end(self, text: str, code: int, named: str) -> None:
        found, said = self._outcome(text)
        assert found == code, f"{named}\nran as: {text}\n{said[-5000:]}"

    def _outcome(self, text: str) -> tuple[int, str]:
        """Exit code of a command, and all that it said."""
        done = subprocess.run(
            ["bash", "-c", RUN.format(text=text)],
            cwd=self._folder,
            env=self._environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=COMMAND_S,
            check=False,
        )
        return done.returncode, done.stdout + done.stderr

    def _go(self, stay: Stays, text: str, named: str) -> None:
        going = self._shared.get(text)
        if going is None:
            going = Going(text, self._folder, self._environment)
            if stay.then == "share":
                self._shared[text] = going
            elif stay.then == "stay":
                self._staying.append(going)
        effect = effect_of(stay.until, self._world, going.said)
        try:
            wait_for(effect, going.goes_on, named)
        except AssertionError as error:
            going.stop()
            raise AssertionError(f"{error}\nran as: {text}\n{going.said()[-3000:]}") from error
        if stay.then == "stop":
            assert going.stop() in ENDED, f"{named}\n{going.said()[-3000:]}"
