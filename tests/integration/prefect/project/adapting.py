"""Flows that the adapter's tests deploy and run."""

import os
import time
from pathlib import Path

from prefect import flow, get_run_logger, pause_flow_run, task
from prefect.cache_policies import INPUTS

ATTEMPTS = []


@task(retries=2, retry_delay_seconds=0)
def shaky(number: int) -> int:
    ATTEMPTS.append(number)
    if len(ATTEMPTS) == 1:
        raise ValueError("not yet")
    return number


@task(cache_policy=INPUTS, persist_result=True)
def kept(number: int) -> int:
    return number * 2


@flow
def inner(number: int) -> int:
    return kept(number)


@flow
def add(count: int, repos: list[str] | None = None) -> int:
    get_run_logger().info("repos %s, env %s", repos, os.environ.get("COLOUR"))
    first = shaky.submit(count)
    second = kept.submit(first)
    return second.result() + kept(count) + inner(count)


@task
def step(number: int) -> int:
    time.sleep(0.5)
    return number


@flow
def held(gate: str) -> int:
    """Goes on until there is such a file; not for ever, should a test be killed that has started it."""
    number, end = 0, time.monotonic() + 600
    while not Path(gate).exists():
        if time.monotonic() > end:
            raise TimeoutError(gate)
        number = step(number + 1)
    return step(number)


@flow
def asks() -> str:
    return pause_flow_run(wait_for_input=str, timeout=600, poll_interval=1)


@flow
def fails() -> None:
    raise ValueError("no bread")
