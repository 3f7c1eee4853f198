"""A flow of 100 trivial tasks."""

from __future__ import annotations

from prefect import flow, task


@task
def add(number: int) -> int:
    return number + 1


@flow(log_prints=False)
def hundred() -> int:
    return sum(future.result() for future in [add.submit(number) for number in range(100)])


if __name__ == "__main__":
    hundred()
