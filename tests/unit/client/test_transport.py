import itertools
import json
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mahavishnu_tui.client import transport
from mahavishnu_tui.client.api import ServerClient
from mahavishnu_tui.client.transport import Transport
from mahavishnu_tui.models.errors import ErrorCode, MahavishnuError
from mahavishnu_tui.models.workflow import Project
from tests.unit.client.wire import Answer, listening, response, stream


@pytest.fixture
def socket() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="mhv-") as folder:
        yield Path(folder) / "s"


async def failure(socket: Path, answer: Answer, timeout: float = 5.0) -> MahavishnuError:
    async with listening(socket, answer), ServerClient(str(socket), timeout=timeout) as client:
        with pytest.raises(MahavishnuError) as caught:
            await client.server()
    return caught.value


async def test_nobody_there(socket: Path) -> None:
    async with ServerClient(str(socket)) as client:
        with pytest.raises(MahavishnuError) as caught:
            await client.server()
    assert caught.value.code is ErrorCode.SERVER_UNREACHABLE
    assert "mahavishnu server start" in caught.value.hint


async def test_a_socket_that_a_dead_server_left(socket: Path) -> None:
    async with listening(socket, response(b"")):
        pass
    assert socket.exists()
    async with ServerClient(str(socket)) as client:
        with pytest.raises(MahavishnuError) as caught:
            await client.server()
    assert caught.value.code is ErrorCode.SERVER_UNREACHABLE


async def test_the_servers_own_words_are_kept(socket: Path) -> None:
    told = MahavishnuError(ErrorCode.QUESTION_CHANGED, "It changed.", "Look again.", node="approve")
    error = await failure(socket, response(json.dumps({"error": told.to_json()}).encode(), "409 Conflict"))
    assert error.to_json() == told.to_json()


@pytest.mark.parametrize("body", [b"", b"<html>", b'{"error": 3}', b"[]", b'{"detail": "no"}'])
async def test_an_answer_that_says_nothing(socket: Path, body: bytes) -> None:
    error = await failure(socket, response(body, "502 Bad Gateway"))
    assert error.code is ErrorCode.INTERNAL
    assert "502" in error.message


async def test_another_program_behind_the_socket(socket: Path) -> None:
    assert (await failure(socket, response(b"hello"))).code is ErrorCode.INTERNAL


async def test_a_server_that_dies_over_the_answer(socket: Path) -> None:
    async def answer(_: bytes, writer: Any) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{")
        await writer.drain()

    error = await failure(socket, answer)
    assert error.code is ErrorCode.SERVER_UNREACHABLE
    assert "before you repeat it" in error.hint


async def test_a_server_that_does_not_answer(socket: Path) -> None:
    error = await failure(socket, stream(end=False), timeout=0.1)
    assert error.code is ErrorCode.TIMEOUT
    assert "busy or stuck" in error.hint
    async with listening(socket, stream(end=False)), ServerClient(str(socket), timeout=0.1) as client:
        with pytest.raises(MahavishnuError, match="did not answer within") as caught:
            await client.see(["failure:r"], "ana")
    assert "Look whether it was done before you repeat it" in caught.value.hint


async def test_an_input_that_is_not_json(socket: Path) -> None:
    async with ServerClient(str(socket)) as client:
        with pytest.raises(MahavishnuError) as caught:
            await client.start_run(workflow_id="w", input={"a": object()}, by="me")
    assert caught.value.code is ErrorCode.BAD_INPUT


async def test_large_numbers_travel(socket: Path) -> None:
    seen: list[bytes] = []

    async def answer(request: bytes, writer: Any) -> None:
        seen.append(request)
        await response(b'{"error": {"code": "MHV-010", "message": "m"}}', "422 Unprocessable")(
            request, writer
        )

    async with listening(socket, answer), ServerClient(str(socket)) as client:
        with pytest.raises(MahavishnuError, match="m"):
            await client.start_run(workflow_id="w", input=2**100, by="me")
        with pytest.raises(MahavishnuError, match="m"):
            await client.register("f.py", Project("/", "python"), "name")
    assert b"POST /v1/runs" in seen[0]


async def test_names_cannot_leave_their_place_in_the_path(socket: Path) -> None:
    seen: list[bytes] = []

    async def answer(request: bytes, writer: Any) -> None:
        seen.append(request.split(b"\r\n")[0])
        await response(b"[]")(request, writer)

    async with listening(socket, answer), ServerClient(str(socket)) as client:
        assert await client.visits("../server/stop?x#y", after=3) == []
        assert await client.runs(status=("error", "queued"), before=1.5) == []
    assert seen == [
        b"GET /v1/runs/..%2Fserver%2Fstop%3Fx%23y/visits?after=3 HTTP/1.1",
        b"GET /v1/runs?status=error%2Cqueued&limit=200&before=1.5 HTTP/1.1",
    ]


LINES = st.lists(st.dictionaries(st.text(max_size=4), st.text(max_size=8), max_size=3), max_size=8)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40, deadline=None)
@given(lines=LINES, cuts=st.lists(st.integers(0, 400), max_size=8))
async def test_lines_arrive_whole_however_they_are_cut(
    socket: Path, lines: list[dict[str, str]], cuts: list[int]
) -> None:
    text = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines).encode(errors="replace")
    expected = [json.loads(line) for line in text.split(b"\n") if line]
    edges = [0, *sorted(min(cut, len(text)) for cut in cuts), len(text)]
    pieces = [text[begin:end] for begin, end in itertools.pairwise(edges)]
    async with listening(socket, stream(*pieces)), ServerClient(str(socket)) as client:
        assert [line async for line in client.stream(0, "")] == expected


async def test_a_line_separator_inside_a_string_cuts_nothing(socket: Path) -> None:
    line = {"text": "a\u2028b\u0085c"}
    text = json.dumps(line, ensure_ascii=False).encode() + b"\n"
    async with listening(socket, stream(text)), ServerClient(str(socket)) as client:
        assert [item async for item in client.stream(0, "")] == [line]


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (stream(b"nonsense\n"), ErrorCode.INTERNAL),
        (response(b'{"error": {"code": "MHV-010", "message": "m"}}', "422 No"), ErrorCode.BAD_INPUT),
        (stream(b'{"type": "beat"}\n', end=False), ErrorCode.TIMEOUT),
    ],
)
async def test_a_stream_that_fails(
    socket: Path, answer: Answer, code: ErrorCode, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transport, "SILENCE", 0.2)
    wire = Transport(str(socket), 5.0)
    async with listening(socket, answer):
        with pytest.raises(MahavishnuError) as caught:
            _ = [lines async for lines in wire.chunks("/v1/stream", {})]
    await wire.aclose()
    assert caught.value.code is code
