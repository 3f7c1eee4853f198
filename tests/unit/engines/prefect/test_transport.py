"""What a real server cannot be made to say: odd answers, dates, sizes, tokens."""

from __future__ import annotations

import ssl
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import httpx
import pytest

from mahavishnu_tui.engines.prefect.api import PrefectApi, Select, transport
from mahavishnu_tui.engines.prefect.api.wire import retry_after
from mahavishnu_tui.engines.prefect.config import PrefectConnection
from mahavishnu_tui.engines.prefect.drawing import draw
from mahavishnu_tui.engines.prefect.errors import PrefectError
from mahavishnu_tui.engines.prefect.tls import tls_context

URL = "http://127.0.0.1:4200/api"
Answer = Callable[[httpx.Request], httpx.Response]


def api(answer: Answer, **more: object) -> PrefectApi:
    connection = PrefectConnection(URL, retries=1, retry_delay=0.001, **more)  # type: ignore[arg-type]
    return PrefectApi(connection, httpx.MockTransport(answer))


def always(status: int, body: object = None, **headers: str) -> Answer:
    return lambda request: httpx.Response(status, json=body, headers=headers)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("3", 3.0), ("-1", 0.0), ("1e9", 3600.0), ("nan", 1.0), ("", 1.0), ("soon", 1.0)],
)
def test_retry_after(text: str, seconds: float) -> None:
    assert retry_after({"retry-after": text}) == seconds


def test_retry_after_a_date() -> None:
    then = format_datetime(datetime(2026, 3, 31, 14, 0, 30, tzinfo=UTC), usegmt=True)
    now = datetime(2026, 3, 31, 14, 0, 0, tzinfo=UTC).timestamp()
    assert retry_after({"retry-after": then}, lambda: now) == 30.0


async def test_an_answer_may_not_be_endless(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transport, "LARGEST", 10)
    async with api(always(200, "x" * 100)) as client:
        with pytest.raises(PrefectError, match="larger than"):
            await client.system.version()


async def test_long_whole_numbers_stay_whole() -> None:
    async with api(
        lambda _: httpx.Response(200, content=b'{"id": "1", "n": 12345678901234567890123}')
    ) as client:
        assert (await client.flow_runs.get("1"))["n"] == 12345678901234567890123
    async with api(lambda _: httpx.Response(200, content=b"[" * 100_000 + b"1" * 20)) as client:
        with pytest.raises(PrefectError, match="is not JSON"):
            await client.flow_runs.get("1")


async def test_cloud_does_not_tell_its_version() -> None:
    async with api(always(404, {"detail": "Not Found"})) as client:
        assert await client.system.version() == ""
        assert await client.system.csrf_protected() is False
    async with api(always(500, {})) as client:
        with pytest.raises(PrefectError):
            await client.system.version()
        with pytest.raises(PrefectError):
            await client.system.csrf_protected()


async def test_versions_are_read_where_they_are_kept() -> None:
    async with api(always(200, {"results": [{"id": "v2"}, {"id": "v1"}]})) as client:
        assert [version["id"] for version in await client.deployments.versions("1")] == ["v2", "v1"]
    async with api(always(500, {})) as client:
        with pytest.raises(PrefectError):
            await client.deployments.versions("1")


@pytest.mark.parametrize("token", [None, 3, "a\nb", "ü"])
async def test_a_token_that_cannot_be_one(token: object) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("csrf-token"):
            return httpx.Response(200, json={"token": token})
        return httpx.Response(403, json={"detail": "Missing CSRF token."})

    async with api(answer) as client:
        with pytest.raises(PrefectError, match="holds no token"):
            await client.flow_runs.count()


@pytest.mark.parametrize("body", [None, 3, [], {"results": 3}, {"results": [3]}, {"results": [{"id": None}]}])
async def test_answers_of_another_shape(body: object) -> None:
    async with api(always(200, body)) as client:
        with pytest.raises(PrefectError, match="is not what Prefect's API gives"):
            await client.flow_runs.paginate()
        if body != []:
            with pytest.raises(PrefectError, match="is not"):
                await client.flow_runs.filter()


async def test_the_servers_clock_is_learnt() -> None:
    then = format_datetime(datetime.now(UTC) + timedelta(hours=2), usegmt=True)
    async with api(always(200, 3, date=then)) as client:
        await client.flow_runs.count()
        assert 7100 < client.clock() - time.time() < 7300
    async with api(always(200, 3, date="yesterday")) as client:
        await client.flow_runs.count()
        assert abs(client.clock() - time.time()) < 60


async def test_credentials_and_headers_are_sent() -> None:
    seen: list[httpx.Headers] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request.headers)
        return httpx.Response(200, json=0)

    for more in ({"api_key": "k", "headers": {"X-Team": "a"}}, {"auth_string": "a:b", "api_key": "k"}):
        async with api(answer, **more) as client:
            await client.flow_runs.count(Select(flows={"name": {"any_": ["f"]}}))
    assert (seen[0]["authorization"], seen[0]["x-team"]) == ("Bearer k", "a")
    assert seen[1]["authorization"] == "Basic YTpi"
    assert seen[0]["user-agent"].startswith("mahavishnu/")


def test_certificates(tmp_path: Path) -> None:
    assert tls_context(PrefectConnection("https://x/api")).verify_mode is ssl.CERT_REQUIRED
    assert tls_context(PrefectConnection("https://x/api", verify=False)).verify_mode is ssl.CERT_NONE
    broken = tmp_path / "ca.pem"
    broken.write_text("nonsense")
    for path in (broken, tmp_path / "none"):
        with pytest.raises(PrefectError, match="MHV-001"):
            PrefectApi(PrefectConnection("https://x/api", ssl_cert_file=str(path)))


def test_pictures_of_odd_graphs() -> None:
    nodes = [["1", {"label": "a\x1b[31m", "parents": [{"id": "9"}]}], ["2", {}], 3, ["x"]]
    picture = draw("run", nodes, {}, most=1)
    assert "\x1b" not in picture
    assert picture.endswith("└─ and 1 more")
