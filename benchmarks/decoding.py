"""A page of 200 flow runs, decoded in every way that is to be had; and 20,000 of them in memory."""

from __future__ import annotations

import gc
import json
import time
import tracemalloc
from collections.abc import Callable

import msgspec
import orjson
from figures import Figure, beside
from prefect.client.schemas.objects import FlowRun
from pydantic import TypeAdapter

from mahavishnu_tui.engines.prefect.api.wire import decode
from mahavishnu_tui.models import Run
from mahavishnu_tui.server.prefect.mapping import Names, Seen, seen

_TURNS = 60
_PAGES = 10
"""How many pages are held: 2,000 runs, from which 20,000 are reckoned."""
_NO_NAMES = Names({}, {})
_MODELS = TypeAdapter(list[FlowRun])


class Nine(msgspec.Struct):
    """The fields that a list shows, and no others."""

    id: str
    name: str
    flow_id: str
    state_type: str | None = None
    state_name: str | None = None
    start_time: str | None = None
    end_time: str | None = None
    total_run_time: float = 0.0
    tags: list[str] = []


_NINE = msgspec.json.Decoder(list[Nine])


def milliseconds(*works: Callable[[], object]) -> list[float]:
    """CPU of one call of each: the least of many, taken in turns.

    What else the machine does makes a call dearer, and never cheaper; in turns it does so to all of them.
    """
    least = [float("inf")] * len(works)
    for _ in range(_TURNS):
        for number, work in enumerate(works):
            work()  # the page is in the processor's cache for all of them
            begun = time.process_time()
            work()
            least[number] = min(least[number], 1000 * (time.process_time() - begun))
    return least


def decoded(page: bytes) -> list[Figure]:
    """From the bytes of a page to values, and to the records that we keep."""
    ours, fast, plain, nine = milliseconds(
        lambda: decode(page), lambda: orjson.loads(page), lambda: json.loads(page), lambda: _NINE.decode(page)
    )
    records, models = milliseconds(lambda: ours_of(page), lambda: _MODELS.validate_python(json.loads(page)))
    what = f"200 runs, {len(page) / 1024:,.0f} KB"
    return [
        beside(f"decode {what}", ours, fast, "ms", "orjson", most=1.3),
        beside(f"decode {what}", ours, plain, "ms", "json", most=1),
        beside(f"decode {what}", ours, nine, "ms", "msgspec, 9 fields"),
        beside("and make our records of them", records, models, "ms", "PrefectClient's models", most=1),
    ]


def ours_of(page: bytes) -> list[Seen]:
    return [seen(told, _NO_NAMES, time.time()) for told in decode(page)]


def held(page: bytes) -> list[Figure]:
    """MiB that 20,000 runs take, each way."""
    ours = mebibytes(lambda: [run.run for run in ours_of(page)])
    row = mebibytes(lambda: [_tuple(run.run) for run in ours_of(page)])
    models = mebibytes(lambda: _MODELS.validate_python(json.loads(page)))
    what = "20,000 runs in memory, as the dashboard holds them"
    return [
        beside(what, ours, models, "MiB", "PrefectClient's models", most=1),
        beside(what, ours, mebibytes(lambda: decode(page)), "MiB", "dicts"),
        beside(what, ours, row, "MiB", "tuples of 9"),
    ]


def _tuple(run: Run) -> tuple[object, ...]:
    return (
        run.id,
        run.name,
        run.workflow,
        run.status,
        run.state,
        run.created_at,
        run.ended_at,
        run.pool,
        tuple(run.tags),
    )


def mebibytes(make: Callable[[], object]) -> float:
    """What is kept of `_PAGES` pages, for 20,000 runs."""
    make()
    gc.collect()
    tracemalloc.start()
    try:
        kept = [make() for _ in range(_PAGES)]
        gc.collect()
        size = tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()
    del kept
    return size * (100 / _PAGES) / 2**20
