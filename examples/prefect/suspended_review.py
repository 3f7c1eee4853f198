"""A review that may take days: the flow suspends, its process ends, a worker takes it up with the answer.

    mahavishnu prefect deployment create --flow-file examples/prefect/suspended_review.py --name desk

Only runs of a deployment can be suspended. What tasks have done is kept (`persist_result`), not done again.
"""

import time

from prefect import flow, suspend_flow_run, task
from prefect.input import RunInput
from pydantic import Field


class Review(RunInput):
    """What the editor says."""

    accepted: bool = False
    title: str = Field(default="", max_length=80)
    remarks: str = ""


@task(persist_result=True)
def draft(topic: str) -> dict[str, str]:
    """Written once, however often the flow is taken up."""
    return {"title": f"On {topic}", "text": f"All about {topic}.", "written": f"{time.time():.0f}"}


@task
def publish(title: str, text: str) -> str:
    """Where it can be read."""
    return f"published: {title} ({len(text)} characters)"


@flow(name="suspended-review", persist_result=True, log_prints=True)
def review(topic: str = "otters", wait_seconds: int = 86400) -> str:
    """Draft a text, have it reviewed, publish it.

    Args:
        topic: what to write about.
        wait_seconds: how long the review may take.
    """
    text = draft(topic)
    said = suspend_flow_run(
        wait_for_input=Review.with_initial_data(
            description=f"## {text['title']}\n\n{text['text']}", title=text["title"]
        ),
        timeout=wait_seconds,
        key="review",
    )
    if not said.accepted:
        print(f"sent back: {said.remarks}")
        return f"sent back: {text['title']}"
    return publish(said.title or text["title"], text["text"])


if __name__ == "__main__":
    raise SystemExit("Only runs of a deployment can be suspended: deploy this flow first.")
