import json
import re
import time

import pytest

from tests.integration.cli.conftest import Shell


def test_a_run_to_its_end(shell: Shell) -> None:
    done = shell.execute("plain", "--wait")
    assert done["status"] == "success"
    assert done["execution_path"] == ["first", "second"]
    assert done["values"]["said"] == ["first", "second"]
    assert done["interrupts"] == []
    assert done["error"] is None
    assert done["workflow"] == "plain"
    assert {"run_id", "run_name", "thread_id"} <= set(done)


def test_a_run_that_asks_ends_with_3(shell: Shell) -> None:
    done = shell.execute("asking", "--wait", code=3)
    assert done["status"] == "interrupted"
    (question,) = done["interrupts"]
    assert question["value"]["risk"] == "high"
    assert question["node"] == "ask"
    assert question["approval_id"] == f"{done['run_id']}.{question['id']}"
    assert len(question["hash"]) == 64


def test_a_run_that_fails_ends_with_1(shell: Shell) -> None:
    done = shell.execute("failing", "--wait", code=1)
    assert done["status"] == "error"
    assert done["error"]["code"] == "MHV-426"
    assert "fail" in done["error"]["message"]
    told = shell("langgraph", "resume", done["run_name"], "--wait", code=1)
    assert "MHV-426" in told.out


def test_without_waiting_it_says_what_was_started(shell: Shell) -> None:
    done = shell.execute("plain")
    assert done["status"] in ("queued", "running", "success")
    assert any(run["id"] == done["run_id"] for run in shell("langgraph", "list", "--json").json)


def test_for_people_it_is_text(shell: Shell) -> None:
    spec = str(shell.project / "flows.py") + ":asking"
    done = shell("langgraph", "execute", "--workflow-file", spec, "--wait", "--trust", code=3)
    assert "status    interrupted" in done.out
    assert "path      first" in done.out
    assert "mahavishnu langgraph approve" in done.out


def test_of_several_questions_each_is_told_by_the_command_that_answers_it(shell: Shell) -> None:
    spec = str(shell.project / "flows.py") + ":both"
    told = shell("langgraph", "execute", "--workflow-file", spec, "--wait", "--trust", code=3).out
    questions = re.findall(r"mahavishnu langgraph approve (\S+)\)", told)
    assert len(set(questions)) == 2
    for question in questions:
        assert "answered (ledger #" in shell("langgraph", "approve", question, "--respond", "yes").out


def test_a_thread_goes_on_with_its_state(shell: Shell) -> None:
    one = shell.execute("plain", "--wait", "--thread-id", "mine")
    two = shell.execute("plain", "--wait", "--thread-id", "mine")
    assert one["thread_id"] == two["thread_id"] == "mine"
    assert two["values"]["said"] == ["first", "second", "first", "second"]


def test_a_busy_thread_is_refused(shell: Shell) -> None:
    shell.execute("asking", "--wait", "--thread-id", "busy", code=3)
    done = shell.execute("asking", "--thread-id", "busy", code=1)
    assert done["error"]["code"] == "MHV-102"


def test_a_wait_has_an_end_and_the_run_goes_on(shell: Shell) -> None:
    done = shell.execute("plain", "--wait", "--timeout", "0.2", state={"pace": 1.5}, code=1)
    assert done["error"]["code"] == "MHV-109"
    assert done["status"] == "running"
    assert done["run_id"] in [run["id"] for run in shell("langgraph", "list", "--json").json]


def test_a_graph_of_langgraph_json(shell: Shell) -> None:
    path = str(shell.project / "langgraph.json")
    words = ["langgraph", "execute", "--wait", "--json", "--trust", "--workflow-file"]
    assert ".env does not exist" in shell(*words, f"{path}:simple", code=2).err
    (shell.project / ".env").write_text("A=1\n")
    done = shell(*words, f"{path}:simple").json
    assert (done["status"], done["workflow"]) == ("success", "simple")
    assert shell(*words, f"{path}:careful", code=3).json["workflow"] == "careful"


@pytest.mark.parametrize(
    ("state", "said"),
    [
        ('{"a": }', "--state is not JSON: line 1, column 7"),
        ("@missing.json", "missing.json cannot be read"),
        ("@bad.json", "bad.json is not JSON: line 2, column 1"),
        ("-", "standard input is not JSON: line 1, column 2"),
        ('{"a": NaN}', "NaN is no JSON number"),
    ],
)
def test_a_state_that_is_not_json(shell: Shell, state: str, said: str) -> None:
    (shell.home / "bad.json").write_text("[\n")
    spec = str(shell.project / "flows.py")
    words = ["langgraph", "execute", "--workflow-file", spec, "--state", state, "--json"]
    done = shell(*words, code=2, typed="[}")
    assert done.error == "MHV-010"
    assert said in done.err


def test_a_state_from_a_file_and_from_standard_input(shell: Shell) -> None:
    (shell.home / "state.json").write_text('{"said": ["file"]}')
    spec = f"{shell.project / 'flows.py'}:plain"
    words = ["langgraph", "execute", "--workflow-file", spec, "--wait", "--json", "--trust", "--state"]
    assert shell(*words, "@state.json").json["values"]["said"][0] == "file"
    assert shell(*words, "-", typed='{"said": ["typed"]}').json["values"]["said"][0] == "typed"


@pytest.mark.parametrize(
    ("file", "content", "codes"),
    [
        ("nothing.py", None, {"MHV-010"}),
        (".", None, {"MHV-010"}),
        ("broken.py", "import no_such_module\n", {"MHV-420"}),
        ("syntax.py", "def f(:\n", {"MHV-420"}),
        ("empty.py", "x = 1\n", {"MHV-420", "MHV-421", "MHV-422"}),
        ("wrong.json", '{"graphs": {}}', {"MHV-010"}),
        ("wrong.json", "{", {"MHV-010"}),
        ("wrong.json", "[]", {"MHV-010"}),
        ("wrong.json", '{"graphs": {"a": "./a.py:g", "b": "./b.py:g"}}', {"MHV-010"}),
        ("wrong.json", '{"graphs": {"a": "./a.py:g"}}', {"MHV-010"}),
        ("wrong.json:b", '{"graphs": {"a": "./a.py:g"}}', {"MHV-010"}),
    ],
)
def test_a_file_that_cannot_be_run(shell: Shell, file: str, content: str | None, codes: set[str]) -> None:
    path = shell.project / file
    if content is not None:
        (shell.project / file.partition(":")[0]).write_text(content)
    done = shell("langgraph", "execute", "--workflow-file", str(path), "--trust", "--json", code=None)
    assert done.error in codes
    assert done.code == (2 if done.error == "MHV-010" else 1)
    assert done.json["error"]["hint"]


def test_an_interpreter_that_is_none(shell: Shell) -> None:
    done = shell.execute("plain", "--interpreter", "no/such/python", code=2)
    assert done["error"]["code"] == "MHV-010"


def test_code_that_nobody_trusts_is_not_run(shell: Shell) -> None:
    file = shell.project / "strange one.py"
    file.write_text((shell.project / "flows.py").read_text())
    words = ["langgraph", "execute", "--workflow-file", f"{file}:plain", "--wait", "--json"]
    done = shell(*words, code=2)
    assert done.error == "MHV-008"
    assert f"mahavishnu trust '{file}'" in done.err
    shell("trust", str(file))
    assert shell(*words).json["status"] == "success"
    with file.open("a") as changed:
        changed.write("\n# changed\n")
    assert "has changed since you trusted it" in shell(*words, code=2).err


def test_settings_that_nobody_trusts_stop_a_script(fresh: Shell) -> None:
    (fresh.home / "mahavishnu.yaml").write_text("ui:\n  theme: loud\n")
    done = fresh("langgraph", "list", "--json", code=2)
    assert done.error == "MHV-008"
    assert "mahavishnu trust" in done.err
    # What helps to find out still works.
    assert json.loads(fresh("info", "--json").out)["notes"]
    fresh("config", "validate")
    fresh("trust", "mahavishnu.yaml")
    assert fresh("info", "--json").json["notes"] == []


def test_a_run_outlives_the_server(fresh: Shell) -> None:
    """The command waits on; the server that it starts again finishes the run."""
    spec = f"{fresh.project / 'flows.py'}:plain"
    words = ["langgraph", "execute", "--workflow-file", spec, "--state", '{"pace": 2.0}', "--trust", "--json"]
    waiting = fresh.spawn(*words, "--wait", "--timeout", "60")
    end = time.monotonic() + 30
    while not any(run["status"] == "running" for run in fresh("langgraph", "list", "--json").json):
        assert time.monotonic() < end
    fresh.kill_server()
    out, _ = waiting.communicate(timeout=60)
    assert waiting.returncode == 0
    assert json.loads(out)["status"] == "success"


def test_on_a_terminal_one_is_asked(shell: Shell) -> None:
    file = shell.project / "asked.py"
    file.write_text((shell.project / "flows.py").read_text())
    words = ["langgraph", "execute", "--workflow-file", f"{file}:asking", "--wait"]
    code, said = shell.at_terminal(*words, answers={"[y/N]": "n\n"})
    assert code == 2
    assert "MHV-008" in said
    code, said = shell.at_terminal(*words, answers={"[y/N]": "y\n"})
    assert code == 3
    name = said.rpartition("mahavishnu langgraph approve ")[2].partition(")")[0]
    code, said = shell.at_terminal("langgraph", "approve", name, answers={"leaves it open]": "no\n"})
    assert code == 0
    assert "answered (ledger" in said
