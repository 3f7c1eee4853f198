"""A nightly batch: many items, a few at a time; it fails only when too many of them do.

mahavishnu prefect deployment create --flow-file examples/prefect/nightly_batch.py --name nightly
"""

import hashlib
import random

from prefect import flow, task
from prefect.artifacts import create_markdown_artifact
from prefect.task_runners import ThreadPoolTaskRunner


class FlakyStoreError(Exception):
    """The store did not answer; asking again helps."""


@task(retries=3, retry_delay_seconds=[0.1, 0.2, 0.4], task_run_name="item-{number}")
def process(number: int, bad_every: int) -> str:
    """One item: it fails now and then, and for some items always."""
    if bad_every and number % bad_every == bad_every - 1:
        raise ValueError(f"item {number} is malformed")
    if random.random() < 0.1:
        raise FlakyStoreError(f"no answer for item {number}")
    return hashlib.sha256(str(number).encode()).hexdigest()[:12]


@flow(name="nightly-batch", task_runner=ThreadPoolTaskRunner(max_workers=4), log_prints=True)
def nightly_batch(items: int = 40, bad_every: int = 20, tolerated: float = 0.1) -> dict[str, int]:
    """Process items in parallel and report.

    Args:
        items: how many there are.
        bad_every: each so-manieth item is malformed; 0 for none.
        tolerated: the share of failures up to which the night was a good one.
    """
    futures = [process.submit(number, bad_every) for number in range(items)]
    failed = []
    for number, future in enumerate(futures):
        future.wait()
        if not future.state.is_completed():
            failed.append(f"- item {number}: {future.state.message}")
    create_markdown_artifact(
        key="nightly-batch",
        markdown=f"# Nightly batch\n\n{items - len(failed)} of {items} items done.\n\n" + "\n".join(failed),
    )
    print(f"{len(failed)} of {items} items failed")
    if len(failed) > tolerated * items:
        raise RuntimeError(f"{len(failed)} of {items} items failed; {tolerated:.0%} are tolerated.")
    return {"done": items - len(failed), "failed": len(failed)}


if __name__ == "__main__":
    nightly_batch()
