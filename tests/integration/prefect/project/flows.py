"""Flows of a project that knows nothing of us."""

import os
import time

from helpers import doubled
from prefect import flow, get_run_logger, task
from prefect.task_runners import ProcessPoolTaskRunner


@task
def double(number: int) -> int:
    return doubled(number)


@flow(name="adding-up", log_prints=True, retries=1, retry_delay_seconds=2, version="7")
def add_up(count: int = 3, note="") -> int:
    """Adds up doubled numbers."""
    print(f"adding {count} numbers {note}")
    return sum(double(number) for number in range(count))


@flow
def needs(count: int, word: str = "x") -> str:
    return word * count


@flow
def fails() -> None:
    get_run_logger().warning("about to fail")
    raise ValueError("no bread")


@flow
def waits(seconds: float = 600) -> None:
    time.sleep(seconds)


@flow
async def waits_async(seconds: float = 600) -> None:
    import asyncio

    await asyncio.sleep(seconds)


@flow
def dies() -> None:
    os.kill(os.getpid(), 9)


@flow
def mapped(count: int = 4) -> list[int]:
    return [future.result() for future in double.map(list(range(count)))]


@flow(task_runner=ProcessPoolTaskRunner(max_workers=2))
def bypasses() -> int:
    return double(1)


@flow
def odd() -> object:
    return object()


class Shop:
    @staticmethod
    @flow(name="shop-opens")
    def opens() -> str:
        return "open"
