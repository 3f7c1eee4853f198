"""A grid search over many cores: each model is fitted by a task on Dask (`pip install mahavishnu-tui[dask]`).

    mahavishnu prefect execute --flow-file examples/prefect/parallel_training.py

Tasks must be handed to the task runner with `.submit()` or `.map()`. Called plainly, they run one after the
other in the flow's own process, and Dask has nothing to do.
"""

import random

from prefect import flow, task
from prefect_dask import DaskTaskRunner

Point = tuple[float, float]


def readings(count: int, seed: int) -> list[Point]:
    """Points around y = 3x + 1."""
    noise = random.Random(seed)
    return [(x := noise.uniform(-1, 1), 3 * x + 1 + noise.gauss(0, 0.1)) for _ in range(count)]


@task(task_run_name="fit-{rate}")
def fit(points: list[Point], rate: float, rounds: int) -> dict[str, float]:
    """A straight line by gradient descent: work for a processor."""
    slope = offset = 0.0
    for _ in range(rounds):
        errors = [(x, slope * x + offset - y) for x, y in points]
        slope -= rate * 2 * sum(x * error for x, error in errors) / len(points)
        offset -= rate * 2 * sum(error for _, error in errors) / len(points)
    loss = sum((slope * x + offset - y) ** 2 for x, y in points) / len(points)
    return {"rate": rate, "slope": round(slope, 3), "offset": round(offset, 3), "loss": round(loss, 5)}


@flow(
    name="parallel-training",
    log_prints=True,
    task_runner=DaskTaskRunner(
        cluster_kwargs={
            "n_workers": 2,
            "threads_per_worker": 1,
            "memory_limit": "1GB",
            "dashboard_address": "127.0.0.1:0",
        }
    ),
)
def train(
    rates: list[float] = [0.01, 0.05, 0.1, 0.5], points: int = 500, rounds: int = 200
) -> dict[str, float]:
    """Fit one model per learning rate, all at the same time, and take the best.

    Args:
        rates: learning rates to try.
        points: how many points to fit.
        rounds: steps of the descent.
    """
    data = readings(points, seed=7)
    fitted = [fit.submit(data, rate, rounds) for rate in rates]
    models = [future.result() for future in fitted]
    best = min(models, key=lambda model: model["loss"])
    print(f"best of {len(models)}: {best}")
    return best


if __name__ == "__main__":
    train()
