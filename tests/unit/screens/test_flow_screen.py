"""A flow run, opened: task graph, task runs, states, artifacts, metrics, log, error."""

from __future__ import annotations

from mahavishnu_tui.models import ErrorCode, MahavishnuError
from mahavishnu_tui.models.graph import GraphEdge, GraphNode, GraphShape
from mahavishnu_tui.models.prefect import Artifact
from mahavishnu_tui.models.said import SaidLine
from mahavishnu_tui.screens.run import FlowRunScreen
from mahavishnu_tui.screens.run.artifacts import artifact_text
from mahavishnu_tui.widgets.form import SchemaForm
from tests.snapshots.flow_scenes import TASKS, flows
from tests.snapshots.flows import flow_run
from tests.snapshots.scenes import HOSTILE, NOW, visit
from tests.unit.screens.driving import Drive, drive

RUN = flow_run(1, "", "running", 0).id


async def opened(driven: Drive, name: str = "calm-cobra") -> FlowRunScreen:
    await driven.cursor_on(name)
    await driven.press("enter")
    await driven.until(lambda: isinstance(driven.app.screen, FlowRunScreen))
    screen = driven.app.screen
    assert isinstance(screen, FlowRunScreen)
    await driven.until(lambda: screen.following.now.loaded or screen.following.now.error)
    return screen


async def test_the_tabs_are_those_that_a_flow_run_has() -> None:
    async with drive(world=flows()) as driven:
        await opened(driven)
        strip = driven.text.splitlines()[2]
        for word in ("1 Path", "2 Time", "3 Tasks", "4 Log", "5 I/O", "6 State", "7 Art", "8 Met", "0 Err"):
            assert word in strip
        assert "Chkpts" not in strip
        assert "checkpoints" not in [call[0] for call in driven.calls if call[1:2] == (RUN,)]
        for key, words in {
            "3": ("load-2", "40/200", "6 task runs: 4 done, 1 cached, 1 running"),
            "4": ("load-2 refused; retrying", "4 lines"),
            "5": ("parameters", "2026-09-20", "as Prefect has it"),
            "6": ("◌ pending", "taken by evil"),
            "7": ("table", "# Summary", "the board"),
            "8": ("average task", "16s", "not measured", "its process runs elsewhere"),
            "9": ("Nothing was done",),
            "0": ("No node of this run has failed",),
            "1": ("extract", "transform"),
        }.items():
            await driven.press(key)
            await driven.sees(*words)
        assert "\x1b" not in driven.text


async def test_the_graph_grows_as_tasks_begin() -> None:
    async with drive(world=flows()) as driven:
        await opened(driven)
        await driven.sees("▶ 40/200")
        more = GraphShape([*TASKS.nodes, GraphNode("audit")], [*TASKS.edges, GraphEdge("notify", "audit")])
        driven.connection.world.flows.graphs[RUN] = more
        path = driven.connection.world.visits[RUN]
        path[5] = path[5].replace(outcome="success", ended_at=NOW - 2, progress="")
        path.append(visit(RUN, 7, "notify", 2, None, label="notify-0"))
        driven.connection.path(RUN)
        await driven.sees("audit", "✔ 28s")
        await driven.press("3")
        await driven.sees("notify-0", "7 task runs")
        path[6] = path[6].replace(outcome="error", ended_at=NOW, error="refused")
        driven.connection.path(RUN)
        await driven.sees("refused")
        path[6] = path[6].replace(outcome="running", ended_at=None, error=None, attempt=2)
        driven.connection.path(RUN)
        await driven.until(lambda: "refused" not in driven.text)


async def test_before_its_first_task_it_says_so() -> None:
    async with drive(world=flows()) as driven:
        await opened(driven, "damp-dodo")
        await driven.sees("⚠ late", "No task of this flow has begun")
        await driven.press("3")
        await driven.sees("No task of this flow has begun.")


async def test_a_pane_that_was_hidden_still_knows_the_run() -> None:
    late = next(run.name for run in flows().runs if run.state == "Late")
    async with drive(world=flows()) as driven:
        await driven.cursor_on(late)
        await driven.pilot.resize_terminal(120, 40)
        await driven.sees("No task of this flow has begun.")
        assert "No run is selected" not in driven.text


async def test_from_a_task_to_what_it_said() -> None:
    async with drive(world=flows()) as driven:
        screen = await opened(driven)
        await driven.press("3", "j", "j", "j", "l")
        await driven.sees("load-2 refused", "of load#4")
        await driven.press("3", "enter")
        await driven.sees("1 line · of load#4")
        await driven.press("1")
        screen.enter_node("transform")
        await driven.until(lambda: screen.tab == "tasks")
        assert screen.tabs["tasks"].copied_text() == "task-6"
        await driven.press("6", "G", "enter")
        await driven.sees("Running · 2026-09-21", "taken by evil")
        await driven.press("escape", "7", "enter")
        await driven.sees("rows · table", "a.csv  900")


async def test_a_long_traceback_is_folded_to_its_ends() -> None:
    async with drive((120, 60), world=flows()) as driven:
        await opened(driven, "eager-eel")
        await driven.press("0")
        await driven.sees("MHV-410", "34 lines are folded: o shows them", "MemoryError", "step_39")
        assert "step_20" not in driven.text
        await driven.press("o")
        await driven.sees("step_20")
        await driven.press("o")
        await driven.until(lambda: "step_20" not in driven.text)


async def test_the_traceback_is_that_of_the_log_where_the_run_has_none() -> None:
    given = flows()
    run = next(item for item in given.runs if item.name == "eager-eel")
    given.runs[given.runs.index(run)] = run.replace(error={"code": "MHV-403", "message": "It failed."})
    traceback = "Encountered exception\nTraceback (most recent call last):\n  File etl.py\nKeyError: 'price'"
    given.said[run.id] = [
        SaidLine(1, NOW, "no error", 0, "log", "info", "prefect"),
        SaidLine(2, NOW, traceback, 0, "log", "error", "prefect.flow_runs"),
        SaidLine(3, NOW, "Traceback (most recent call last):\nof a task", 6, "log", "error", "prefect"),
    ]
    async with drive(world=given) as driven:
        await opened(driven, "eager-eel")
        await driven.press("0")
        await driven.sees("MHV-403", "It failed.", "KeyError: 'price'")
        assert "of a task" not in driven.text


async def test_what_cannot_be_had_is_said_in_its_tab() -> None:
    async with drive(world=flows()) as driven:
        for name in ("states", "artifacts", "metrics", "visits"):
            driven.connection.client.fail[name] = MahavishnuError(ErrorCode.TIMEOUT, "Prefect is slow.")
        await opened(driven)
        for key in ("1", "3", "6", "7", "8"):
            await driven.press(key)
            await driven.sees("MHV-109 Prefect is slow.", ":errors has all of it")
        driven.connection.client.fail.clear()
        driven.connection.live()
        await driven.sees("average task")


async def test_the_checkpoints_pane_says_that_flow_runs_have_none() -> None:
    async with drive(world=flows()) as driven:
        await driven.cursor_on("calm-cobra")
        await driven.press("3")
        await driven.sees("Flow runs have no checkpoints")
        assert "D diff" not in driven.text


def test_artifacts_are_text() -> None:
    by_column = Artifact("a", "k", "table", "", '{"n": [1, 2], "who": ["ana", null]}')
    assert artifact_text(by_column).splitlines() == ["n  who", "1  ana", "2"]
    assert artifact_text(Artifact("a", "k", "table", "", "{broken")) == "{broken"
    assert artifact_text(Artifact("a", "k", "progress", "loading", 40.0)) == "loading\n\n40.0 %"
    assert "\x1b" not in artifact_text(Artifact("a", "k", "markdown", HOSTILE, HOSTILE))
    assert artifact_text(Artifact("a", "k", "table", "", [])) == ""


async def test_an_answer_to_a_flow_says_how_prefect_takes_it() -> None:
    async with drive(world=flows()) as driven:
        await driven.cursor_on("fluffy-fox")
        await driven.press("a")
        await driven.sees("of two operators at once Prefect takes one", "Fill in…")
        await driven.press("tab", "tab", "enter")
        await driven.sees("load the rows")
        await driven.press("tab", "tab", "tab", "tab")
        await driven.sees("✘")


async def test_what_the_server_finds_wrong_with_an_answer_is_said_at_its_field() -> None:
    async with drive((120, 40), world=flows()) as driven:
        await driven.cursor_on("fluffy-fox")
        await driven.press("a", "tab", "tab", "enter")
        await driven.sees("load the rows")
        form = driven.app.screen.query_one(SchemaForm)
        await form.load(form.schema, {"go": True, "limit": 5})
        problems = [{"path": ["limit"], "message": "is more than there are rows"}]
        refused = MahavishnuError(ErrorCode.ANSWER_INVALID, "It was rejected: limit.", problems=problems)
        driven.connection.client.fail["answer"] = refused
        driven.app.screen.query_one("#send").press()  # type: ignore[attr-defined]
        await driven.sees(
            "MHV-106 It was rejected", "✘ is more than there are rows", "what you typed is still"
        )
        del driven.connection.client.fail["answer"]
        driven.app.screen.query_one("#send").press()  # type: ignore[attr-defined]
        await driven.sees("answered (ledger")
