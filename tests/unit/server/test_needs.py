"""What needs an operator: written where it comes to be, gone where it is cured, seen or made up for."""

from __future__ import annotations

import dataclasses
import logging
import time
from pathlib import Path
from typing import Any

import pytest

from mahavishnu_tui.models import (
    ErrorCode,
    Host,
    LangGraphServer,
    MahavishnuError,
    Need,
    Pool,
    PrefectInfo,
    Schedule,
)
from mahavishnu_tui.models.need import KINDS, order_needs
from mahavishnu_tui.models.pool import Worker
from mahavishnu_tui.models.prefect import Trouble
from mahavishnu_tui.server import codec
from mahavishnu_tui.server import needs as watching
from mahavishnu_tui.server.feed import Feed
from mahavishnu_tui.server.needs import Needs
from mahavishnu_tui.server.prefect.silent import Silent
from mahavishnu_tui.server.store import Store, acts, needs
from mahavishnu_tui.server.transitions import claims, needing, questions
from mahavishnu_tui.server.transitions.acts import resume
from tests.unit.server.conftest import Desk, finished, opened
from tests.unit.server.prefect.test_taking import flow_run, take

ERROR = {"code": "MHV-426", "message": "ValueError: no money", "node": "pay"}


async def open_needs(desk: Desk) -> dict[str, Need]:
    return await desk.store.read(lambda conn: needs.of_kinds(conn, KINDS))


async def failed(desk: Desk, **how: Any) -> str:
    run = await desk.running(**how)
    await desk.tell(run, finished("error", error=ERROR))
    return run.id


def told(desk: Desk) -> list[tuple[str, str]]:
    lines = [codec.loads(line.data) for line in desk.published if line.kind == "need"]
    return [(line["key"], line["data"]["gone"]) for line in lines]


async def test_a_question_is_needed_until_it_is_answered(desk: Desk) -> None:
    run = await desk.interrupted()
    need = (await open_needs(desk))[f"approval:{run.id}.q1"]
    assert (need.kind, need.what, need.where, need.run_id) == ("approval", "Ship?", run.name, run.id)
    await desk.act(claims.claim, f"{run.id}.q1", seen="h1-q1", by="ana", holder="")
    assert (await open_needs(desk))[need.key].claimed_by == "ana"
    await desk.act(questions.answer, f"{run.id}.q1", seen="h1-q1", value="yes", by="bob", comment="")
    assert await open_needs(desk) == {}
    assert told(desk)[-1] == (need.key, "answered by bob")


async def test_a_failure_is_needed_until_somebody_has_seen_it(desk: Desk) -> None:
    run_id = await failed(desk)
    need = (await open_needs(desk))[f"failure:{run_id}"]
    assert need.what == "pay: ValueError: no money"
    await desk.act(needing.see, need.key, by="ana")
    assert await open_needs(desk) == {}
    assert told(desk)[-1] == (need.key, "seen by ana")
    run = await desk.run(run_id)
    await desk.act(lambda tx: needs.note_run(tx, run))  # it is written again, and has not failed again
    assert await open_needs(desk) == {}
    whole = await desk.store.read(lambda conn: acts.of_run(conn, run_id, 0, 10))
    assert ("see", "ana") in [(act.what, act.by) for act in whole]
    with pytest.raises(MahavishnuError) as nothing:
        await desk.act(needing.see, need.key, by="bob")
    assert nothing.value.code is ErrorCode.NEED_UNKNOWN


async def test_a_retry_ends_the_need_and_another_failure_is_a_new_one(desk: Desk) -> None:
    run_id = await failed(desk)
    await desk.act(needing.claim, f"failure:{run_id}", by="ana", holder="")
    await desk.act(resume, run_id, by="ana", checkpoint_id="")
    assert told(desk)[-1] == (f"failure:{run_id}", "taken up again")
    again = (await desk.claim(await desk.run(run_id))).run
    await desk.tell(again, finished("error", error=ERROR))
    need = (await open_needs(desk))[f"failure:{run_id}"]
    assert need.holder(time.time()) == "ana", "who is on it is still on it"


async def test_a_later_success_of_the_workflow_makes_up_for_a_failure(desk: Desk) -> None:
    older = await desk.running()
    run_id = await failed(desk)
    await desk.tell(older, finished("success"))
    assert list(await open_needs(desk)) == [f"failure:{run_id}"], "that one began before"
    later = await desk.running()
    await desk.tell(later, finished("success"))
    assert await open_needs(desk) == {}
    assert told(desk)[-1] == (f"failure:{run_id}", f"{later.name} succeeded")


async def test_flow_runs_fail_too_and_what_is_read_late_is_no_news(desk: Desk) -> None:
    now = time.time() + 60
    bad: dict[str, Any] = {"status": "error", "error": {"message": "boom"}}
    await take(desk, flow_run("a", **bad, started_at=now, ended_at=now + 1, deployment_id="d"))
    await take(desk, flow_run("old", **bad, started_at=1.0, ended_at=2.0))
    assert list(await open_needs(desk)) == ["failure:a"]
    # Pages come newest first: the success is known before the failure that it made up for.
    await take(desk, flow_run("b", "success", started_at=now + 5, ended_at=now + 6, deployment_id="e"))
    await take(desk, flow_run("c", **bad, started_at=now + 2, ended_at=now + 3, deployment_id="e"))
    assert list(await open_needs(desk)) == ["failure:a"], "another deployment does not make up for it"


async def test_a_flow_that_paused_itself_waits_for_somebody_and_one_that_was_suspended_does_not(
    desk: Desk,
) -> None:
    await take(desk, flow_run("a", "paused", state="Paused"), flow_run("b", "paused", state="Suspended"))
    (need,) = (await open_needs(desk)).values()
    assert (need.key, need.kind, need.where) == ("paused:a", "paused", "name-a")
    await take(desk, flow_run("a", "paused", state="Paused", tags=["x"], updated=2.0))
    assert (await open_needs(desk))["paused:a"].since == need.since
    await take(desk, flow_run("a", "running", "s2", updated=3.0))
    assert await open_needs(desk) == {}
    assert told(desk)[-1] == ("paused:a", "it goes on")


async def test_somebody_is_on_a_failure_until_it_lapses(desk: Desk) -> None:
    key = f"failure:{await failed(desk)}"
    claimed = await desk.act(needing.claim, key, by="ana", holder="")
    assert claimed.holder(time.time()) == "ana"
    with pytest.raises(MahavishnuError) as refused:
        await desk.act(needing.claim, key, by="bob", holder="")
    assert refused.value.code is ErrorCode.CLAIMED
    assert "ana is on the failure of" in refused.value.message
    assert (await desk.act(needing.claim, key, by="bob", holder="ana")).claimed_by == "bob"
    until = await desk.store.read(needs.next_lapse)
    assert until is not None

    def later(tx: Any) -> None:
        tx.now = until + 1
        needs.lapse(tx)

    await desk.act(later)
    assert (await open_needs(desk))[key].claimed_by == ""
    await desk.act(needing.claim, key, by="ana", holder="")
    assert (await desk.act(needing.release, key, by="ana", holder="")).claimed_by == ""
    assert await desk.store.read(needs.next_lapse) is None


async def test_a_question_is_claimed_through_its_need(desk: Desk) -> None:
    run = await desk.interrupted()
    key = f"approval:{run.id}.q1"
    assert (await desk.act(needing.claim, key, by="ana", holder="")).claimed_by == "ana"
    assert (await desk.approval(f"{run.id}.q1")).claimed_by == "ana"
    assert (await desk.act(needing.release, key, by="ana", holder="")).claimed_by == ""
    with pytest.raises(MahavishnuError, match="does not make it go"):
        await desk.act(needing.see, key, by="ana")


def test_questions_come_by_urgency_and_the_rest_after_them() -> None:
    def need(kind: Any, key: str, since: float, **more: Any) -> Need:
        return Need(key=key, kind=kind, what="", where="", since=since, **more)

    found = order_needs(
        [
            need("pool", "pool", 1),
            need("failure", "older failure", 1),
            need("failure", "failure", 2),
            need("approval", "old", 1),
            need("approval", "new", 2),
            need("approval", "soon", 3, due=10.0),
            need("approval", "escalated", 4, escalated=1, due=99.0),
        ]
    )
    assert [item.key for item in found] == [
        "escalated",
        "soon",
        "old",
        "new",
        "failure",
        "older failure",
        "pool",
    ]


async def test_what_failed_before_somebody_watched_is_history(tmp_path: Path) -> None:
    async with opened(tmp_path / "engine.db") as desk:
        run_id = await failed(desk)
        await desk.act(lambda tx: tx.conn.execute("DELETE FROM needs"))
        await desk.act(
            lambda tx: tx.conn.execute("UPDATE meta SET value = ? WHERE key = 'needs_since'", (tx.now,))
        )
        run = await desk.run(run_id)
        await desk.act(lambda tx: needs.note_run(tx, run))
        assert await open_needs(desk) == {}


# -- what is looked at


@dataclasses.dataclass
class World:
    """What the parts of a server say, as far as needs ask them."""

    hosts: list[Host] = dataclasses.field(default_factory=list)
    servers: list[LangGraphServer] = dataclasses.field(default_factory=list)
    found: list[Pool] = dataclasses.field(default_factory=list)
    stuck: list[Trouble] = dataclasses.field(default_factory=list)
    info: PrefectInfo = dataclasses.field(default_factory=lambda: PrefectInfo("auto", "ready", since=1.0))
    watched: bool = True

    def pools(self, conn: Any) -> list[Pool]:
        return self.found

    quiet: list[Silent] | None = dataclasses.field(default_factory=list)

    def troubles(self) -> list[Trouble]:
        return self.stuck

    def silent(self) -> list[Silent] | None:
        return self.quiet


class Records:
    """A part that has records."""

    def __init__(self, listed: list[Any]) -> None:
        self.records = lambda: listed


async def watch(store: Store, world: World, feed: Feed | None = None) -> Needs:
    found = Needs(
        store, Feed() if feed is None else feed, Records(world.hosts), Records(world.servers), world
    )  # type: ignore[arg-type]
    await found.start()
    return found


def look_at_all(found: Needs) -> Any:
    found._looked_at = -100.0
    return found.look()


async def test_hosts_servers_and_prefect_need_somebody_while_they_are_away(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watching, "GRACE_SECONDS", 0.0)
    world = World()
    found = await watch(desk.store, world)
    await look_at_all(found)
    assert await open_needs(desk) == {}
    world.hosts.append(
        Host("h1", "p", "/srv/flows", "python", "failed", error={"message": "No module named langgraph."})
    )
    world.servers.append(LangGraphServer("staging", "http://x", "lost", error={"code": "MHV-450"}))
    error = {"message": "Prefect at http://p does not answer."}
    world.info = PrefectInfo("auto", "lost", url="http://p", since=5.0, error=error)
    await look_at_all(found)
    whole = await open_needs(desk)
    assert {need.kind: (need.where, need.what) for need in whole.values()} == {
        "host": ("flows", "No module named langgraph."),
        "server": ("staging", "staging does not answer: what is shown of it is old"),
        "prefect": ("http://p", "Prefect at http://p does not answer: what is shown of it is old"),
    }
    before = len(desk.published)
    await look_at_all(found)
    assert len(desk.published) == before, "what stays as it is is not told again"
    await desk.act(needing.see, "host:h1", by="ana")
    await look_at_all(found)
    assert "host:h1" not in await open_needs(desk), "seen, and still the same"
    world.hosts.clear()
    world.servers.clear()
    world.info = PrefectInfo("auto", "ready")
    await look_at_all(found)
    assert await open_needs(desk) == {}


async def test_late_runs_and_a_pool_without_workers_are_needed_once_each(desk: Desk) -> None:
    now = time.time()
    late: dict[str, Any] = {"status": "queued", "state": "Late", "deployment_id": "d", "pool": "local"}
    late |= {"deployment": "nightly", "workflow_id": "f"}
    await take(desk, flow_run("a", **late, due_at=now - 600), flow_run("b", **late, due_at=now - 300))
    soon = {**late, "due_at": now - 20}
    await take(desk, flow_run("soon", **soon), flow_run("other", **{**soon, "deployment_id": "e"}))
    world = World()
    gone = Worker("w1", online=False, seen_at=now - 700)
    world.found = [
        Pool("local", "process", "unhealthy", 0, 0, 3, "every worker is gone; 3 late", workers=[gone])
    ]
    found = await watch(desk.store, world)
    await look_at_all(found)
    whole = await open_needs(desk)
    assert {key: (need.where, need.what, need.count) for key, need in whole.items()} == {
        "late:d": ("etl/nightly", "3 late; pool local: every worker is gone", 3),
        "pool:local": ("local", "worker w1 is gone; 3 runs wait: prefect worker start --pool local", 3),
    }
    assert whole["late:d"].since == now - 600
    # While Prefect is away nobody knows better: what was so is taken to be so.
    world.info = PrefectInfo("auto", "lost", since=time.time())
    world.found = []
    await look_at_all(found)
    assert set(await open_needs(desk)) == {"late:d", "pool:local"}
    # The next server takes them up, and they go once they are cured.
    world.info = PrefectInfo("auto", "ready")
    await take(desk, *(flow_run(key, "running", "s2", updated=2.0) for key in ("a", "b", "soon", "other")))
    await look_at_all(await watch(desk.store, world))
    assert await open_needs(desk) == {}


async def test_a_stuck_run_is_needed_for_as_long_as_it_is_the_same(desk: Desk) -> None:
    await take(desk, flow_run("a", started_at=time.time()))
    world = World()
    world.stuck = [
        Trouble("zombie", "a", "name-a", "etl", 5.0, "Nobody has heard of it.", "crash", version=1)
    ]
    found = await watch(desk.store, world)
    await look_at_all(found)
    assert (await open_needs(desk))["stuck:a"].what == "Nobody has heard of it."
    await take(desk, flow_run("a", "success", "s2", ended_at=time.time(), updated=2.0))
    await look_at_all(found)
    assert await open_needs(desk) == {}


async def test_a_schedule_that_makes_no_runs_is_needed_until_it_does(desk: Desk) -> None:
    hourly = Schedule("d.s", "etl/nightly", "0 * * * *", deployment_id="d")
    world = World(quiet=[Silent(hourly, 50.0)])
    await look_at_all(await watch(desk.store, world))
    need = (await open_needs(desk))["schedule:d.s"]
    assert (need.where, need.workflow, need.since, need.count) == ("etl/nightly", "etl", 50.0, 0)
    world.quiet = None
    again = await watch(desk.store, world)
    await look_at_all(again)
    assert await open_needs(desk), "a server that has just begun cannot tell yet"
    world.quiet = []
    await look_at_all(again)
    assert await open_needs(desk) == {}


async def test_other_parts_hear_of_what_appears_and_goes(tmp_path: Path) -> None:
    feed = Feed()
    store = await Store.open(tmp_path / "engine.db", feed.publish)
    try:
        desk = Desk(store, [])
        heard: list[tuple[str, bool, str]] = []
        found = await watch(store, World(), feed)
        found.listen(lambda need, appeared: heard.append((need.kind, appeared, need.gone)))
        key = f"failure:{await failed(desk)}"
        await desk.act(needing.claim, key, by="ana", holder="")
        await desk.act(needing.see, key, by="ana")
    finally:
        await store.close()
    assert heard == [("failure", True, ""), ("failure", False, ""), ("failure", False, "seen by ana")]


async def test_what_goes_wrong_at_a_look_or_in_a_listener_stops_nothing(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A server that another test has run here in-process keeps its log to itself.
    monkeypatch.setattr(logging.getLogger("mahavishnu_tui"), "propagate", True)
    feed = Feed()
    store = await Store.open(tmp_path / "engine.db", feed.publish)
    try:
        world = World(hosts=[None])  # type: ignore[list-item]
        found = await watch(store, world, feed)
        found.listen(lambda need, appeared: 1 / 0)
        for _ in range(2):
            await look_at_all(found)
        assert len([line for line in caplog.messages if "could not be looked at" in line]) == 1
        desk = Desk(store, [])
        assert await failed(desk), "whoever waits for the commit hears of it"
        assert "a part of the server failed" in caplog.text
    finally:
        await store.close()
