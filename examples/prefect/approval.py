"""A release that waits for a person: the flow pauses, keeps its process, and goes on with the answer.

    mahavishnu prefect execute --flow-file examples/prefect/approval.py

The question is in the inbox, with a form made from the fields below.
"""

from typing import Literal

from prefect import flow, pause_flow_run, task
from prefect.input import RunInput
from pydantic import Field


class Decision(RunInput):
    """What the release manager says."""

    verdict: Literal["ship", "hold"] = "hold"
    share: int = Field(default=25, ge=1, le=100, description="per cent of users who get it first")
    reason: str = Field(default="", max_length=200)


@task
def measure(version: str) -> dict[str, float]:
    """What the decision rests on."""
    return {"tests": 412, "coverage": 91.3, "size_mb": 18.4 if version else 0.0}


@task
def roll_out(version: str, share: int) -> str:
    """Ship it to some."""
    return f"{version} is out for {share} %"


@flow(name="release-approval", log_prints=True)
def release(version: str = "1.4.0", wait_seconds: int = 3600) -> str:
    """Measure a version, ask whether it goes out, and to how many.

    Args:
        version: what is to be released.
        wait_seconds: how long the question stays open.
    """
    facts = measure(version)
    listed = "\n".join(f"- {name}: {value:g}" for name, value in facts.items())
    # A value given to `with_initial_data` would take the bounds of its field away.
    decision = pause_flow_run(
        wait_for_input=Decision.with_initial_data(description=f"# Release {version}?\n\n{listed}"),
        timeout=wait_seconds,
        poll_interval=2,
    )
    if decision.verdict == "hold":
        print(f"held back: {decision.reason or 'no reason given'}")
        return f"{version} is held back"
    return roll_out(version, decision.share)


if __name__ == "__main__":
    release()
