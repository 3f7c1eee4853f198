"""The Prefect server and its worker that many tests use: one of each in a process of pytest-xdist.

A plugin of the whole suite (`pytest_plugins` in tests/conftest.py), so that tests in other folders use them.
Both rest as soon as the tests of their group have run: idle, they take a fifth of a core from what follows.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Protocol, TypeVar

import pytest

from tests.integration.prefect.serving import PrefectServer
from tests.integration.prefect.working import PrefectWorker


class Service(Protocol):
    """What runs beside the tests."""

    def start(self) -> None:
        """Does nothing when it runs."""

    def kill(self) -> None:
        """Does nothing when it rests."""


S = TypeVar("S", bound=Service)
_services = pytest.StashKey[list[Service]]()
"""In the order in which they are started."""


def pytest_configure(config: pytest.Config) -> None:
    config.stash[_services] = []


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    if "prefect_server" in getattr(item, "fixturenames", ()):
        for service in item.config.stash[_services]:
            service.start()


@pytest.hookimpl(trylast=True)
def pytest_runtest_teardown(item: pytest.Item, nextitem: pytest.Item | None) -> None:
    if nextitem is not None and _group(item) != _group(nextitem):
        for service in reversed(item.config.stash[_services]):
            service.kill()


def _group(item: pytest.Item) -> Any:
    marker = item.get_closest_marker("xdist_group")
    return marker and marker.args


@pytest.fixture(scope="session")
def prefect_templates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One folder for all processes of pytest-xdist, and of this session alone."""
    base = tmp_path_factory.getbasetemp()
    return (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "prefect-templates"


@pytest.fixture(scope="session")
def prefect_server(
    request: pytest.FixtureRequest, prefect_templates: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[PrefectServer]:
    """A Prefect server that runs all session long: leave nothing in it that others would trip over."""
    yield from _running(request, PrefectServer(tmp_path_factory.mktemp("prefect-server"), prefect_templates))


@pytest.fixture(scope="session")
def prefect_worker(
    request: pytest.FixtureRequest, prefect_server: PrefectServer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """A process worker, started with the first test that wants it; its pool."""
    worker = PrefectWorker(prefect_server, tmp_path_factory.mktemp("prefect-worker"))
    for running in _running(request, worker):
        yield running.pool


def _running(request: pytest.FixtureRequest, service: S) -> Iterator[S]:
    services = request.config.stash[_services]
    try:
        service.start()
        services.append(service)
        yield service
    finally:
        service.kill()
