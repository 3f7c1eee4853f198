"""Orders from a CSV file into SQLite: extract, transform, load, each a task of its own.

mahavishnu prefect execute --flow-file examples/prefect/etl.py
"""

import csv
import io
import sqlite3
import tempfile
from pathlib import Path

from prefect import flow, get_run_logger, task

ORDERS = """\
id,customer,amount,currency,day
1,Ada,120.50,EUR,2026-11-02
2,Grace,80.00,USD,2026-11-02
3,Ada,n/a,EUR,2026-11-03
4,Edsger,310.25,EUR,2026-11-03
5,Grace,42.00,USD,2026-11-04
"""
RATES = {"EUR": 1.0, "USD": 0.92}


@task(retries=2, retry_delay_seconds=1)
def extract(source: Path | None) -> list[dict[str, str]]:
    """Read the rows of a file; without one, of the sample above."""
    text = source.read_text() if source else ORDERS
    return list(csv.DictReader(io.StringIO(text)))


@task
def transform(rows: list[dict[str, str]]) -> list[tuple[int, str, float, str]]:
    """Amounts in euros; rows without an amount are left out, and that is said."""
    clean = []
    for row in rows:
        try:
            euros = round(float(row["amount"]) * RATES[row["currency"]], 2)
        except (ValueError, KeyError) as error:
            get_run_logger().warning("order %s is left out: %s", row.get("id"), error)
            continue
        clean.append((int(row["id"]), row["customer"], euros, row["day"]))
    return clean


@task
def load(rows: list[tuple[int, str, float, str]], target: Path) -> dict[str, float]:
    """Write the rows; loading them again changes nothing."""
    with sqlite3.connect(target) as database:
        database.execute("CREATE TABLE IF NOT EXISTS orders (id INTEGER PRIMARY KEY, customer, euros, day)")
        database.executemany("INSERT OR REPLACE INTO orders VALUES (?, ?, ?, ?)", rows)
        return dict(database.execute("SELECT customer, round(sum(euros), 2) FROM orders GROUP BY customer"))


@flow(name="etl", log_prints=True)
def etl(source: Path | None = None, target: Path | None = None) -> dict[str, float]:
    """Load orders into a database and say what each customer spent.

    Args:
        source: a CSV file with id, customer, amount, currency and day.
        target: the database; by default one in a new folder.
    """
    target = target or Path(tempfile.mkdtemp(prefix="etl-")) / "orders.db"
    spent = load(transform(extract(source)), target)
    print(f"{target}: {spent}")
    return spent


if __name__ == "__main__":
    etl()
