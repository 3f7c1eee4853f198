from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from .hosttalk import HostTalk, host


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A folder with the test graphs, as an operator's project."""
    shutil.copy(Path(__file__).parent / "graphs.py", tmp_path / "graphs.py")
    return tmp_path


@pytest_asyncio.fixture(scope="package", loop_scope="package")
async def one_host(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[HostTalk]:
    """One host for all tests that do not end theirs: starting one takes a second or more."""
    async with host(tmp_path_factory.mktemp("host")) as talking:
        yield talking


@pytest.fixture
def talk(one_host: HostTalk, project: Path, request: pytest.FixtureRequest) -> HostTalk:
    """That host, with the runs, graphs and notices of this test alone."""
    one_host.fresh(request.node.name, project)
    return one_host
