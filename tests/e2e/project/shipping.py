"""Flows for an operator to launch, answer and cancel."""

import time
from typing import Literal

from prefect import flow, pause_flow_run, task
from prefect.input import RunInput
from pydantic import Field


class Decision(RunInput):
    """What is asked for."""

    verdict: Literal["hold", "ship"] = "hold"
    share: int = Field(default=25, ge=1, le=100)


@task
def weigh(number: int) -> int:
    """One of several parts."""
    return number * 2


@task
def deliver(version: str, share: int) -> str:
    """What the answer leads to."""
    return f"{version} to {share} %"


@flow(name="shipping", log_prints=True)
def shipping(version: str = "1.0") -> str:
    """Weigh, ask, deliver."""
    total = sum(weigh.map([1, 2, 3]).result())
    print(f"weighed {total} tons")
    decision = pause_flow_run(wait_for_input=Decision, timeout=600, poll_interval=1)
    if decision.verdict == "hold":
        return "held"
    done = deliver(version, decision.share)
    print(f"delivered {done}")
    return done


@flow(name="sailing")
def sailing() -> None:
    """Go on until somebody ends it, or for two minutes: a test that fails leaves nothing behind."""
    for _ in range(240):
        time.sleep(0.5)
        weigh(1)
