"""Flows that an operator starts from a shell."""

import time

from prefect import flow, get_run_logger, pause_flow_run, task
from prefect.artifacts import create_markdown_artifact


@task(retries=1, retry_delay_seconds=0.1)
def peel(number: int, failing: set[int]) -> int:
    if number in failing:
        failing.discard(number)
        raise ValueError("the knife slips")
    return number


@task
def cook(peeled: list[int]) -> int:
    get_run_logger().warning("the water \x1b[2Jboils")
    create_markdown_artifact("# Soup", key="soup")
    return sum(peeled)


@flow(name="soup", log_prints=True)
def soup(count: int = 3, spice: str = "salt") -> int:
    print(f"cooking {count} with {spice}")
    return cook([peel(number, {1}) for number in range(count)])


@flow(name="slow-soup", log_prints=True)
def slow_soup(seconds: float = 600) -> None:
    print("stirring")
    time.sleep(seconds)


@flow(name="burnt-soup")
def burnt_soup() -> None:
    raise ValueError("burnt")


@flow(name="asked-soup")
def asked_soup() -> str:
    return pause_flow_run(wait_for_input=str, timeout=600, poll_interval=0.5)
