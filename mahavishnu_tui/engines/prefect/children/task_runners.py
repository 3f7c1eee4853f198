"""Task runners by name, for flows that do not bring the right one."""

from __future__ import annotations

import os
from typing import Any

from .reply import INPUT, SDK, Refusal

PROFILES: dict[str, dict[str, Any]] = {
    "dask-cpu": {"n_workers": 10, "threads_per_worker": 1, "processes": True, "memory_limit": "4GB"},
    "dask-io": {"n_workers": 4, "threads_per_worker": 10, "processes": False, "memory_limit": "2GB"},
}
"""Work that computes gets processes, work that waits gets threads."""
_HIDDEN = {"dashboard_address": "127.0.0.1:0", "worker_dashboard_address": "127.0.0.1:0"}
"""With None, Dask opens the port 8787 all the same, and without processes on every interface."""
RUNNERS = ("threads", "processes", *PROFILES)
OPTIONS = ("n_workers", "threads_per_worker", "processes", "memory_limit")


def runner_of(name: str, options: dict[str, Any]) -> Any:
    """A task runner.

    Args:
        name: one of `RUNNERS`.
        options: `n_workers`, and for Dask also `threads_per_worker`, `processes` and `memory_limit`.

    Raises:
        Refusal: MHV-010 there is no such runner or option, MHV-411 Dask is not installed.
    """
    if name not in RUNNERS:
        raise Refusal(INPUT, f"{name!r} is no task runner.", f"Use one of {', '.join(RUNNERS)}.")
    for option in options:
        if option not in OPTIONS or (name not in PROFILES and option != "n_workers"):
            takes = ", ".join(OPTIONS) if name in PROFILES else "n_workers"
            raise Refusal(INPUT, f"The task runner {name} has no option {option!r}.", f"It takes: {takes}.")
    _check_sizes(options)
    if name in PROFILES:
        return _dask(name, options)
    from prefect.task_runners import ProcessPoolTaskRunner, ThreadPoolTaskRunner

    made = ThreadPoolTaskRunner if name == "threads" else ProcessPoolTaskRunner
    return made(max_workers=options.get("n_workers"))


def _check_sizes(options: dict[str, Any]) -> None:
    for option in ("n_workers", "threads_per_worker"):
        size = options.get(option, 1)
        if not isinstance(size, int) or isinstance(size, bool) or not 1 <= size <= 1000:
            raise Refusal(INPUT, f"`{option}` is {size!r}.", "Give a whole number from 1 to 1000.")
    if not isinstance(options.get("processes", True), bool):
        raise Refusal(INPUT, f"`processes` is {options['processes']!r}.", "Give true or false.")


def cluster_of(name: str, options: dict[str, Any], cpus: int) -> dict[str, Any]:
    """What Dask's cluster is started with: the profile, cut down to this machine, and the options over it.

    More processes than processors compute nothing sooner, and each takes 100 MB and seconds to start.
    """
    profile = dict(PROFILES[name])
    if profile["processes"]:
        profile["n_workers"] = max(1, min(profile["n_workers"], cpus))
    return {**profile, **options, **_HIDDEN}


def _dask(name: str, options: dict[str, Any]) -> Any:
    try:
        from prefect_dask.task_runners import DaskTaskRunner
    except ModuleNotFoundError as error:
        raise Refusal(
            SDK,
            f"The task runner {name} needs prefect-dask, which this interpreter does not have.",
            "Install it there: `pip install 'mahavishnu-tui[dask]'`, or `pip install prefect-dask`.",
        ) from error
    return DaskTaskRunner(cluster_kwargs=cluster_of(name, options, len(os.sched_getaffinity(0))))
