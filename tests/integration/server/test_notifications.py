"""Notifications leave the machine: over real sockets, from servers that fail, are slow and are killed."""

from __future__ import annotations

import asyncio
import contextlib
import json
from pathlib import Path

import pytest

from mahavishnu_tui.models import ErrorCode, MahavishnuError
from mahavishnu_tui.models.notifying import Rule
from mahavishnu_tui.server.notify import post
from mahavishnu_tui.server.notify.sender import Sender
from mahavishnu_tui.server.notify.words import Letter
from mahavishnu_tui.server.options import NotifyOptions, NotifyTarget
from tests.integration.server.conftest import Place, eventually
from tests.integration.server.sinks import mail_server, webhook
from tests.integration.server.test_inbox import asked
from tests.integration.server.test_process import ended, process, ready

SECRETS = ("hunter2", "t0ken")


def told(about: tuple[str, ...] = ("approval",), **urls: str) -> NotifyOptions:
    targets = {name: NotifyTarget(url) for name, url in urls.items()}
    return NotifyOptions(targets=targets, rules=(Rule(about),), context="staging", dashboard="ssh bastion")  # type: ignore[arg-type]


async def test_a_question_goes_out_to_a_webhook_and_by_mail_and_no_secret_is_said(place: Place) -> None:
    place.script(ask="The password is sesame\x1b[31m")
    async with webhook() as hook, mail_server() as mail:
        options = told(chat=hook.url, ops=mail.url, bad="json://hunter2:hunter2@")
        async with place.server(scripted=True, notify=options) as client:
            (question,) = await asked(place)
            await eventually(lambda: hook.posts and mail.mails)
            (posted,) = hook.posts
            assert posted["title"] == f"[mahavishnu staging] {question.run_name} (ask) waits for an answer"
            for line in (
                f"run: {question.run_name}",
                "node: ask",
                f"command: mahavishnu langgraph approve {question.id} --context staging",
                "dashboard: ssh bastion",
            ):
                assert line in posted["message"].splitlines()
            assert "sesame" not in posted["message"]
            (letter,) = mail.mails
            assert letter["subject"] == posted["title"]
            assert letter["to"] == "ops@example.org"
            assert f"run: {question.run_name}" in letter.get_content()

            result = await client.test_notification("chat", "ana@h")
            assert (result.ok, len(hook.posts)) == (True, 2)
            wrong = await client.test_notification("bad", "ana@h")
            assert (wrong.ok, wrong.error) == (False, "its url is none that apprise understands")
            with pytest.raises(MahavishnuError) as unknown:
                await client.test_notification("nobody", "ana@h")
            assert unknown.value.code is ErrorCode.NOTIFY_TARGET
            server = await client.server()
            assert server.note.startswith("MHV-461 Notifications to bad fail")

            said = json.dumps(
                [
                    [item.to_json() for item in await client.notifications()],
                    await client.notification_setup(),
                    server.to_json(),
                ]
            )
            states = {item.target: item.state for item in await client.notifications()}
            assert states.pop("bad") in ("waiting", "sending")  # it is tried again after 5 s
            assert states == {"chat": "sent", "ops": "sent"}
            await place.answer(question, "yes")
            await eventually(lambda: _cancelled(place))
    written = "".join(path.read_text(errors="replace") for path in place.folder.rglob("*") if path.is_file())
    for secret in SECRETS:
        assert secret not in said + written


async def _cancelled(place: Place) -> bool:
    return "cancelled" in {item.state for item in await place.client.notifications()}


async def test_a_server_killed_while_it_sends_loses_nothing(place: Place) -> None:
    place.script(ask="Go on?")
    async with webhook() as hook:
        hook.let.clear()
        settings = {"notify": {"url": hook.url, "about": ["approval"]}}
        with process(place, **settings) as first:
            await ready(place, first)
            await asked(place)
            await eventually(lambda: hook.posts)
            first.kill()
            await ended(first)
        hook.let.set()
        with process(place, **settings) as second:
            await ready(place, second)
            await eventually(lambda: _sent(place))
        assert len(hook.posts) == 2  # once more, since nobody can know; and it says so
        assert "may have been sent before" not in hook.posts[0]["message"]
        assert "may have been sent before" in hook.posts[1]["message"]


async def _sent(place: Place) -> bool:
    return [item.state for item in await place.client.notifications()] == ["sent"]


async def test_a_target_that_fails_is_said_and_gets_everything_once_it_answers(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(post, "WAITS", (0.05,))
    place.script(ask="Go on?")
    async with webhook() as hook:
        hook.status = 503
        async with place.server(scripted=True, notify=told(ops=hook.url)) as client:
            (question,) = await asked(place)
            note = await eventually(lambda: _note(place))
            assert note.startswith("MHV-461 Notifications to ops fail: ")
            assert "503" in note
            hook.status = 200
            await eventually(lambda: _sent(place))
            assert await _note(place) == ""
            (item,) = await client.notifications()
            assert item.attempts == len(hook.posts) >= post.FAILING_AFTER
            assert item.run_id == question.run_id


async def _note(place: Place) -> str:
    return (await place.client.server()).note


async def test_one_that_hangs_is_ended_holds_up_no_other_and_shows_no_secret() -> None:
    async with webhook() as slow, webhook() as quick:
        slow.let.clear()
        sender = Sender(timeout=3)
        hangs = asyncio.create_task(sender.send(slow.url, Letter("t", "b")))
        await eventually(lambda: slow.posts)
        seen = processes()
        assert seen
        assert not any(b"t0ken" in text for text in seen)
        assert await Sender(timeout=30).send(quick.url, Letter("<b>t</b> *x*", "a\n\n<i>b</i>")) == ""
        assert quick.posts[0]["title"] == "<b>t</b> *x*"
        assert quick.posts[0]["message"] == "a\n\n<i>b</i>"
        assert await hangs == "no answer within 3 s"


async def test_a_mail_is_plain_text_and_a_password_that_is_refused_is_not_said() -> None:
    async with mail_server() as mail:
        assert await Sender(timeout=30).send(mail.url, Letter("<b>t</b>", "a\n\n<i>b</i>")) == ""
        (letter,) = mail.mails
        assert letter.get_content_type() == "text/plain"
        assert letter.get_content() == "a\r\n\r\n<i>b</i>\r\n"
        known = mail.url.replace("://", "://ana:hunter2hunter2@")
        why = await Sender(timeout=30).send(known, Letter("t", "b"))
        assert why == 'Connection error while submitting email to "…": 535 5.7.8 ana is not known with …'
        assert len(mail.mails) == 1


def processes() -> list[bytes]:
    """Arguments and environment of each process that sends."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            line = path.read_bytes()
            if b"mahavishnu_tui.server.notify.send" in line:
                found.append(line + path.with_name("environ").read_bytes())
    return found
