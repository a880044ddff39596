"""The deployment that the pages' commands work on, with one worker for all of them."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.local import Endpoints
from tests.docs.blocks import Command
from tests.integration.docs.platforms import running_platforms
from tests.integration.docs.shell import ENDED, Going, PageShell
from tests.integration.docs.world import World, show_project

WORKER = Command("tests", 0, "faust -A stream_app.app worker -l info")


@pytest.fixture(scope="session")
def shared() -> Iterator[dict[str, Going]]:
    """Commands that go on for all pages."""
    going: dict[str, Going] = {}
    yield going
    codes = [each.stop() for each in going.values()]
    assert ENDED.issuperset(codes)


@pytest.fixture(scope="session")
def world(
    stack: Endpoints,
    stack_folder: Path,
    shared: dict[str, Going],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[World]:
    """A deployment with posts that a worker has counted."""
    folder = tmp_path_factory.mktemp("world")
    with running_platforms() as platforms:
        world = World(stack, stack_folder, platforms, folder)
        asyncio.run(world.prepare())
        show_project(folder)
        with PageShell(world, "docs/README.md", folder, shared) as shell:
            shell.run(WORKER)
        asyncio.run(world.find_dead_letter())
        yield world
