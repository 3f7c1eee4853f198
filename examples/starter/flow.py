"""Counts words with a few tasks: a Prefect flow.

    mahavishnu prefect execute flow.py --wait

Without a Prefect server of yours, one is started for it. To have it run every night:

    mahavishnu prefect deployment create flow.py
    mahavishnu schedule create --deployment count-words --cron '0 2 * * *'
"""

from prefect import flow, task

TEXTS = ["The otter sleeps.", "Two otters hold hands so that they do not drift apart."]


@task(retries=2, retry_delay_seconds=1)
def count(text: str) -> int:
    """One text; a failure is tried again twice."""
    return len(text.split())


@task
def add_up(counts: list[int]) -> int:
    """The sum."""
    return sum(counts)


@flow(name="count-words", log_prints=True)
def count_words(texts: list[str] = TEXTS) -> int:
    """Count the words of some texts, side by side.

    Args:
        texts: what is counted.
    """
    total = add_up(count.map(texts).result())
    print(f"{len(texts)} texts, {total} words")
    return total


if __name__ == "__main__":
    count_words()
