from __future__ import annotations

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from mahavishnu_tui.engines.langgraph.recorder import PathRecorder, TaskStart, branch_of, error_text
from mahavishnu_tui.models import NodeVisit


def task(name: str, at: float = 1.0, step: int = 1, scope: str = "") -> TaskStart:
    namespace = "/".join(part.split(":")[0] for part in scope.split("|") if part)
    return TaskStart(f"id-{scope}-{name}-{step}", name, namespace, scope, step, at)


class Record:
    def __init__(self, **options: object) -> None:
        self.changes: list[NodeVisit] = []
        self.recorder = PathRecorder("r", 4, 7, self.changes.append, **options)  # type: ignore[arg-type]

    def now(self) -> list[str]:
        return [f"{visit.number}:{visit.path}:{visit.outcome}" for visit in self.recorder.visits]


def test_numbers_go_on_and_the_lease_is_kept() -> None:
    record = Record()
    record.recorder.attempt(task("a"))
    record.recorder.result(task("a", at=2.0), None, interrupted=False)
    assert [(v.number, v.outcome, v.lease) for v in record.changes] == [(7, "running", 4), (7, "success", 4)]
    assert record.changes[-1].ended_at == 2.0


def test_a_nested_attempt_may_come_before_its_schedule() -> None:
    record = Record()
    inner = task("inner", scope="sub:1")
    record.recorder.attempt(inner)
    record.recorder.scheduled(inner)
    record.recorder.step_done("sub:1", 1, 3.0)
    assert record.now() == ["7:sub/inner:success"]


def test_a_step_of_one_subgraph_leaves_its_twin_alone() -> None:
    record = Record()
    record.recorder.attempt(task("inner", scope="sub:1"))
    record.recorder.attempt(task("inner", scope="sub:2"))
    record.recorder.step_done("sub:1", 1, 3.0)
    assert record.now() == ["7:sub/inner:success", "8:sub/inner:running"]


def test_scheduled_but_never_begun_came_from_the_cache_or_was_stored() -> None:
    record = Record(known_tasks=frozenset({task("stored").task_id}))
    for name in ("stored", "cached"):
        record.recorder.scheduled(task(name))
    record.recorder.step_done("", 1, 3.0)
    assert record.now() == ["7:cached:cached"]
    (visit,) = record.recorder.visits
    assert visit.ended_at == visit.started_at  # it took nothing, however long its step was


def test_a_failure_blames_the_innermost_node_and_cancels_siblings() -> None:
    record = Record()
    error = ValueError("no")
    for name, scope in (("sub", ""), ("inner", "sub:1"), ("sibling", "")):
        record.recorder.attempt(task(name, scope=scope))
    record.recorder.attempt_failed(task("inner", scope="sub:1").task_id, error, 2.0)
    record.recorder.attempt_failed(task("sub").task_id, error, 2.0)
    record.recorder.fail(error, 3.0)
    assert record.recorder.culprit(error) == "sub/inner"
    assert record.now() == ["7:sub:error", "8:sub/inner:error", "9:sibling:cancelled"]


def test_an_error_raised_from_a_nodes_error_is_that_nodes() -> None:
    record = Record()
    cause = ValueError("no")
    record.recorder.attempt(task("a"))
    record.recorder.attempt_failed(task("a").task_id, cause, 2.0)
    wrapped = RuntimeError("wrapped")
    wrapped.__cause__ = cause
    assert record.recorder.culprit(wrapped) == "a"
    assert record.recorder.culprit(OSError("another")) == ""


def test_a_result_without_a_start_is_a_visit() -> None:
    record = Record()
    record.recorder.result(task("handler"), None, interrupted=False)
    assert record.now() == ["7:handler:success"]


def test_interrupted_visits_carry_no_error() -> None:
    record = Record()
    record.recorder.attempt(task("a"))
    record.recorder.result(task("a"), None, interrupted=True)
    assert record.recorder.visits[0].outcome == "interrupted"
    assert record.recorder.visits[0].error is None


def test_branches_and_texts() -> None:
    assert branch_of(("__pregel_push", 2, False)) == "send:2"
    assert branch_of(("__pregel_pull", "a")) == ""
    assert branch_of(("__pregel_push", ("x",), 1, "id", True)) == ""
    assert error_text(ValueError()) == "ValueError"
    assert error_text(ValueError("a\nb\x1b")) == "ValueError: a⏎b\N{REPLACEMENT CHARACTER}"
    assert error_text("CancelledError()") == "CancelledError()"


class Paths(RuleBasedStateMachine):
    """Whatever the order of events, the visits stay a record: numbered without gaps, ended once, monotone."""

    def __init__(self) -> None:
        super().__init__()
        self.record = Record()
        self.clock = 0.0
        self.closed = False

    def at(self) -> float:
        self.clock += 1
        return self.clock

    names = st.sampled_from(["a", "b", "c"])
    steps = st.integers(min_value=0, max_value=3)
    scopes = st.sampled_from(["", "a:1", "a:2"])

    @precondition(lambda self: not self.closed)
    @rule(name=names, step=steps, scope=scopes)
    def schedule(self, name: str, step: int, scope: str) -> None:
        self.record.recorder.scheduled(task(name, self.at(), step, scope))

    @precondition(lambda self: not self.closed)
    @rule(name=names, step=steps, scope=scopes)
    def attempt(self, name: str, step: int, scope: str) -> None:
        self.record.recorder.attempt(task(name, self.at(), step, scope))

    @precondition(lambda self: not self.closed)
    @rule(name=names, step=steps, scope=scopes)
    def fail_attempt(self, name: str, step: int, scope: str) -> None:
        self.record.recorder.attempt_failed(task(name, 0, step, scope).task_id, ValueError("x"), self.at())

    @precondition(lambda self: not self.closed)
    @rule(name=names, step=steps, scope=scopes, failed=st.booleans(), asked=st.booleans())
    def finish(self, name: str, step: int, scope: str, failed: bool, asked: bool) -> None:
        error = ValueError("x") if failed else None
        self.record.recorder.result(task(name, self.at(), step, scope), error, asked)

    @precondition(lambda self: not self.closed)
    @rule(step=steps, scope=scopes)
    def boundary(self, step: int, scope: str) -> None:
        self.record.recorder.step_done(scope, step, self.at())

    @rule()
    def close(self) -> None:
        self.record.recorder.close("cancelled", self.at())
        self.closed = True
        assert self.record.recorder.at_work == []

    @invariant()
    def numbered_and_consistent(self) -> None:
        visits = self.record.recorder.visits
        assert [visit.number for visit in visits] == list(range(7, 7 + len(visits)))
        latest = {change.number: change for change in self.record.changes}
        for visit in visits:
            assert visit.number in latest
            if visit.outcome != "running":
                assert visit.ended_at is not None
                assert visit.ended_at >= visit.started_at
                assert latest[visit.number] == visit
        assert [v.number for v in self.record.recorder.at_work] == [
            v.number for v in visits if v.outcome == "running"
        ]


Paths.TestCase.settings = settings(max_examples=40, stateful_step_count=30, deadline=None)
TestPaths = Paths.TestCase
