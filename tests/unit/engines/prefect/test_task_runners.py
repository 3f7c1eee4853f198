"""Task runners by name: what a profile comes to on a machine, and what is refused."""

from __future__ import annotations

import sys
from typing import Any

import pytest

from mahavishnu_tui.engines.prefect.children import task_runners
from mahavishnu_tui.engines.prefect.children.reply import Refusal


@pytest.mark.parametrize(("cpus", "workers"), [(1, 1), (4, 4), (64, 10)])
def test_work_that_computes_gets_a_process_per_processor(cpus: int, workers: int) -> None:
    cluster = task_runners.cluster_of("dask-cpu", {}, cpus)
    assert (cluster["n_workers"], cluster["threads_per_worker"], cluster["processes"]) == (workers, 1, True)
    assert cluster["memory_limit"] == "4GB"


def test_work_that_waits_gets_threads_on_any_machine() -> None:
    cluster = task_runners.cluster_of("dask-io", {}, 1)
    assert (cluster["n_workers"], cluster["threads_per_worker"], cluster["processes"]) == (4, 10, False)
    assert cluster["memory_limit"] == "2GB"


def test_what_is_given_wins_and_nothing_listens_on_the_network() -> None:
    cluster = task_runners.cluster_of("dask-cpu", {"n_workers": 3, "memory_limit": "1GB"}, 1)
    assert (cluster["n_workers"], cluster["memory_limit"]) == (3, "1GB")
    assert cluster["dashboard_address"] == cluster["worker_dashboard_address"] == "127.0.0.1:0"


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("ray", {}, "'ray' is no task runner."),
        ("threads", {"memory_limit": "1GB"}, "The task runner threads has no option 'memory_limit'."),
        ("dask-io", {"workers": 1}, "The task runner dask-io has no option 'workers'."),
        ("dask-io", {"n_workers": 0}, "`n_workers` is 0."),
        ("dask-io", {"n_workers": True}, "`n_workers` is True."),
        ("dask-io", {"processes": "no"}, "`processes` is 'no'."),
    ],
)
def test_what_makes_no_sense_is_refused(name: str, options: dict[str, Any], message: str) -> None:
    with pytest.raises(Refusal) as caught:
        task_runners.runner_of(name, options)
    assert (caught.value.code, caught.value.message) == ("MHV-010", message)


def test_dask_that_is_not_installed_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "prefect_dask", None)
    monkeypatch.setitem(sys.modules, "prefect_dask.task_runners", None)
    with pytest.raises(Refusal) as caught:
        task_runners.runner_of("dask-cpu", {})
    assert caught.value.code == "MHV-411"
    assert "mahavishnu-tui[dask]" in caught.value.hint
