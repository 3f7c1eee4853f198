"""Questions and answers through a real host: by id and hash, several at once, at breakpoints."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from .hosttalk import HostTalk, Notice
from .test_host_runs import ran

pytestmark = pytest.mark.asyncio(loop_scope="package")


def answer(question: dict[str, Any], value: Any) -> dict[str, Any]:
    return {"interrupt_id": question["interrupt_id"], "hash": question["hash"], "value": value}


class Thread:
    """A run that is continued again and again."""

    def __init__(self, talk: HostTalk, name: str) -> None:
        self.talk = talk
        self.spec = f"graphs.py:{name}"
        self.lease = 0

    async def go(self, *answers: dict[str, Any], **fields: Any) -> Notice:
        self.lease += 1
        fields.setdefault("mode", "continue" if self.lease > 1 else "start")
        await self.talk.run(
            self.spec,
            lease=self.lease,
            answers=list(answers),
            next_visit=len(self.talk.visits()) + 1,
            **fields,
        )
        return await self.talk.finished(lease=self.lease)

    def answers(self) -> list[Notice]:
        return [n for n in self.talk.notices if n["ev"] == "answers" and n["lease"] == self.lease]

    def applied(self) -> list[str]:
        return [key for notice in self.answers() for key in notice["applied"]]

    def stale(self) -> list[str]:
        return [key for notice in self.answers() for key in notice["stale"]]


async def test_a_question_is_answered_and_reported_as_applied(talk: HostTalk, project: Path) -> None:
    thread = Thread(talk, "asking")
    asked = await thread.go(input={"n": 7})
    assert asked["status"] == "interrupted"
    (question,) = asked["questions"]
    assert question["value"] == {"question": "go on with 7?"}
    assert question["node"] == "ask"
    assert question["kind"] == "value"
    assert len(question["hash"]) == 64
    assert talk.path() == ["first:success", "ask:interrupted"]
    stored = await talk.ask("questions", thread_id="t1", spec=thread.spec)
    assert stored["questions"] == [question]
    assert (stored["next"], stored["finished"]) == (["ask"], False)

    done = await thread.go(answer(question, {"ok": True}))
    assert done["status"] == "success"
    assert done["values"]["answer"] == {"ok": True}
    assert thread.applied() == [question["interrupt_id"]]
    assert ran(project) == ["first", "ask", "ask", "last"]
    stored = await talk.ask("questions", thread_id="t1", spec=thread.spec)
    assert (stored["questions"], stored["finished"]) == ([], True)


async def test_a_continue_without_answer_runs_nothing(talk: HostTalk, project: Path) -> None:
    thread = Thread(talk, "asking")
    asked = await thread.go()
    again = await thread.go()
    assert again["status"] == "interrupted"
    assert again["questions"] == asked["questions"]
    assert ran(project) == ["first", "ask"]


async def test_an_answer_to_another_question_is_stale(talk: HostTalk, project: Path) -> None:
    thread = Thread(talk, "asking")
    asked = await thread.go()
    question = asked["questions"][0]
    refused = await thread.go({**answer(question, 1), "hash": "0" * 64})
    assert refused["status"] == "interrupted"
    assert thread.stale() == [question["interrupt_id"]]
    assert thread.applied() == []
    assert ran(project) == ["first", "ask"]


async def test_an_answer_that_was_applied_before_is_reported_so(talk: HostTalk, project: Path) -> None:
    thread = Thread(talk, "asking")
    question = (await thread.go())["questions"][0]
    await thread.go(answer(question, "yes"))
    again = await thread.go(answer(question, "yes"))
    assert again["status"] == "success"
    assert thread.applied() == [question["interrupt_id"]]
    assert ran(project) == ["first", "ask", "ask", "last"]


async def test_false_and_none_are_answers(talk: HostTalk) -> None:
    for number, value in enumerate((None, False, "", 0)):
        talk.fresh(f"{talk.scope}{number}", talk.folder)
        thread = Thread(talk, "asking")
        question = (await thread.go())["questions"][0]
        done = await thread.go(answer(question, value))
        assert done["status"] == "success", value
        assert done["values"].get("answer") == value


async def test_two_questions_of_one_node_come_one_after_the_other(talk: HostTalk) -> None:
    thread = Thread(talk, "twice")
    one = (await thread.go())["questions"][0]
    asked = await thread.go(answer(one, 1))
    assert asked["status"] == "interrupted"
    assert thread.applied() == [one["interrupt_id"]]
    (two,) = asked["questions"]
    assert two["interrupt_id"] != one["interrupt_id"]
    assert two["value"] == "two?"
    done = await thread.go(answer(two, 2))
    assert done["values"]["answer"] == [1, 2]


async def test_several_pending_questions_can_be_answered_one_by_one(talk: HostTalk, project: Path) -> None:
    thread = Thread(talk, "fork_join")
    asked = await thread.go()
    by_node = {question["node"]: question for question in asked["questions"]}
    assert sorted(by_node) == ["left", "right"]
    partly = await thread.go(answer(by_node["right"], "R"))
    assert partly["status"] == "interrupted"
    assert [q["interrupt_id"] for q in partly["questions"]] == [by_node["left"]["interrupt_id"]]
    assert thread.applied() == [by_node["right"]["interrupt_id"]]
    done = await thread.go(answer(by_node["left"], "L"))
    assert done["status"] == "success"
    assert sorted(done["values"]["log"]) == ["free", "join", "left L", "right R"]
    assert ran(project) == ["free", "join"]
    assert [p for p in talk.path() if p.startswith("right")] == ["right:interrupted", "right:success"]


async def test_a_question_from_a_subgraph_is_asked_once(talk: HostTalk, project: Path) -> None:
    thread = Thread(talk, "nested")
    asked = await thread.go()
    (question,) = asked["questions"]
    assert (question["namespace"], question["node"]) == ("sub", "inner")
    done = await thread.go(answer(question, "yes"))
    assert done["status"] == "success"
    assert done["path"] == ["sub", "sub/inner", "sub/after_inner", "done"]
    assert thread.applied() == [question["interrupt_id"]]
    assert ran(project).count("after_inner") == 1


async def test_a_node_that_fails_after_its_answer_keeps_it(talk: HostTalk, project: Path) -> None:
    thread = Thread(talk, "fragile")
    question = (await thread.go())["questions"][0]
    failed = await thread.go(answer(question, "kept"))
    assert failed["status"] == "error"
    assert thread.applied() == [question["interrupt_id"]]
    assert (await talk.ask("questions", thread_id="t1", spec=thread.spec))["questions"] == []
    (project / "repaired").touch()
    done = await thread.go()
    assert done["status"] == "success"
    assert done["values"]["answer"] == "kept"


@pytest.mark.parametrize(
    ("name", "when", "before", "namespace"),
    [
        ("stop_before", "before", ["a"], ""),
        ("stop_after", "after", ["a"], ""),
        ("stop_inside", "before", ["outer", "x"], "sub"),
        ("stop_after_inside", "after", ["outer", "x"], "sub"),
    ],
)
async def test_a_breakpoint_is_a_question_too(
    talk: HostTalk, project: Path, name: str, when: str, before: list[str], namespace: str
) -> None:
    thread = Thread(talk, name)
    stopped = await thread.go()
    assert stopped["status"] == "interrupted"
    (question,) = stopped["questions"]
    assert (question["kind"], question["value"]["breakpoint"]) == ("breakpoint", when)
    assert question["namespace"] == namespace
    again = await thread.go()
    assert again["questions"] == [question]
    assert ran(project) == before
    done = await thread.go(answer(question, True))
    assert done["status"] == "success"
    assert thread.applied() == [question["interrupt_id"]]
    assert ran(project)[: len(before)] == before
    assert len(ran(project)) == 3


async def test_a_node_after_a_breakpoint_may_ask_and_fail(talk: HostTalk, project: Path) -> None:
    thread = Thread(talk, "stop_then_ask")
    (stop,) = (await thread.go())["questions"]
    (question,) = (await thread.go(answer(stop, True)))["questions"]
    assert (question["kind"], question["value"]) == ("value", "fragile?")
    assert thread.applied() == [stop["interrupt_id"]]
    assert (await thread.go(answer(question, "yes")))["status"] == "error"
    (project / "repaired").touch()
    done = await thread.go()
    assert (done["status"], done["values"]["answer"]) == ("success", "yes")


async def test_an_answer_that_does_not_fit_its_schema_leaves_the_question_open(talk: HostTalk) -> None:
    thread = Thread(talk, "typed")
    question = (await thread.go())["questions"][0]
    assert question["schema"]["properties"]["count"]["type"] == "integer"
    refused = await thread.go(answer(question, {"count": "many"}))
    assert refused["status"] == "interrupted"
    assert refused["error"]["code"] == "MHV-106"
    assert refused["questions"] == [question]
    assert thread.stale() == [question["interrupt_id"]]
    done = await thread.go(answer(question, {"count": 3}))
    assert done["values"]["n"] == 3


async def test_a_fork_asks_again_and_the_old_branch_stays(talk: HostTalk, project: Path) -> None:
    thread = Thread(talk, "asking")
    question = (await thread.go())["questions"][0]
    await thread.go(answer(question, "first time"))
    listed = await talk.ask("checkpoints", thread_id="t1", spec=thread.spec, limit=100)
    at = next(c for c in listed if c["next"] == ["ask"])
    assert at["interrupts"] == 1
    assert at["changed"] == ["log"]
    forked = await thread.go(mode="fork", checkpoint_id=at["id"])
    assert forked["status"] == "interrupted"
    done = await thread.go(answer(forked["questions"][0], "second time"))
    assert done["values"]["answer"] == "second time"
    after = await talk.ask("checkpoints", thread_id="t1", spec=thread.spec, limit=100)
    assert {c["id"] for c in listed} < {c["id"] for c in after}
    assert [c["source"] for c in after].count("fork") == 1
    assert [c["latest"] for c in after] == [True] + [False] * (len(after) - 1)
    unknown = await thread.go(mode="fork", checkpoint_id="no-such")
    assert unknown["error"]["code"] == "MHV-107"


async def test_new_input_on_a_finished_thread_goes_on_with_its_state(talk: HostTalk) -> None:
    await talk.run("graphs.py:line", input={"n": 1})
    await talk.finished()
    await talk.run("graphs.py:line", run_id="r2", lease=2, input={"n": 2})
    second = await talk.finished("r2", 2)
    assert second["values"] == {"log": ["a", "b", "c"] * 2, "n": 2}


async def test_a_start_that_is_repeated_is_carried_out_once(talk: HostTalk, project: Path) -> None:
    for lease, intent in ((1, "first"), (2, "first"), (3, "second")):
        await talk.run("graphs.py:line", lease=lease, intent=intent, input={"n": lease})
        await talk.finished(lease=lease)
    assert ran(project) == ["a", "b", "c"] * 2
    assert (await talk.ask("state", thread_id="t1", spec="graphs.py:line"))["values"]["n"] == 3


async def test_a_fork_that_is_repeated_is_carried_out_once(talk: HostTalk, project: Path) -> None:
    await talk.run("graphs.py:line", intent="start")
    await talk.finished()
    listed = await talk.ask("checkpoints", thread_id="t1", spec="graphs.py:line")
    at = next(c["id"] for c in listed if c["next"] == ["c"])
    for lease in (2, 3):
        await talk.run("graphs.py:line", mode="fork", lease=lease, intent="fork", checkpoint_id=at)
        assert (await talk.finished(lease=lease))["values"]["log"] == ["a", "b", "c"]
    assert ran(project) == ["a", "b", "c", "c"]


async def test_a_continue_of_which_nothing_is_stored_is_a_start(talk: HostTalk) -> None:
    await talk.run("graphs.py:line", mode="continue", input={"n": 2})
    assert (await talk.finished())["values"] == {"log": ["a", "b", "c"], "n": 2}


async def test_a_renamed_node_is_said_and_not_taken_for_the_end(talk: HostTalk, project: Path) -> None:
    thread = Thread(talk, "asking")
    await thread.go()
    file = project / "graphs.py"
    file.write_text(
        file.read_text().replace('"first", "ask", "last", ask=ask', '"first", "quiz", "last", quiz=ask')
    )
    stuck = await thread.go()
    assert stuck["status"] == "error"
    assert stuck["error"]["code"] == "MHV-421"
    assert "'ask'" in stuck["error"]["message"]
    stored = await talk.ask("questions", thread_id="t1", spec=thread.spec)
    assert stored["finished"] is False


async def test_the_state_of_any_checkpoint_can_be_seen(talk: HostTalk) -> None:
    thread = Thread(talk, "asking")
    await thread.go(input={"n": 3})
    live = await talk.ask("state", thread_id="t1", spec=thread.spec)
    assert live["values"] == {"log": ["first"], "n": 3}
    assert live["checkpoint"]["latest"]
    assert live["tasks"][0]["interrupts"][0]["value"] == {"question": "go on with 3?"}
    listed = await talk.ask("checkpoints", thread_id="t1", spec=thread.spec, limit=2)
    assert len(listed) == 2
    older = await talk.ask("checkpoints", thread_id="t1", spec=thread.spec, limit=9, before=listed[1]["id"])
    assert listed[1]["id"] not in {c["id"] for c in older}
    first = await talk.ask("state", thread_id="t1", spec=thread.spec, checkpoint_id=older[-1]["id"])
    assert first["values"] == {"log": []}
    assert first["checkpoint"]["id"] == older[-1]["id"]
