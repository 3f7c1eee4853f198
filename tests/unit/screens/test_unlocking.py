"""A production context only looks until its name is typed; then its lock falls by itself."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from typing import Any

import pytest

from mahavishnu_tui.models import ErrorCode, MahavishnuError
from mahavishnu_tui.models.context import Context
from mahavishnu_tui.screens.hints import live_hints
from tests.snapshots.scenes import NOW, WorldConnection
from tests.unit.screens.driving import Drive, drive

PROD = Context("prod", "where it counts", production=True, listed=True)


class Refusing:
    """A client that sends nothing."""

    def __getattr__(self, name: str) -> Any:
        raise MahavishnuError(ErrorCode.READ_ONLY, f"{name} is refused.")


@contextlib.asynccontextmanager
async def at(context: Context, **options: Any) -> AsyncIterator[Drive]:
    def prepare(connection: WorldConnection) -> None:
        connection.context = context

    async with drive(prepare=prepare, **options) as driven:
        yield driven


def hints(driven: Drive) -> list[str]:
    return [word for _, word in live_hints(driven.app.screen)]


async def command(driven: Drive, text: str) -> None:
    await driven.press("colon")
    await driven.type(text)
    await driven.press("enter")


async def unlock(driven: Drive) -> None:
    await command(driven, "unlock")
    await driven.sees("Unlock the production context prod?", "PROD prod", "15 minutes without a key")
    await driven.type("prod")
    await driven.press("enter")
    await driven.until(lambda: not driven.app.session.readonly)


async def test_production_only_looks_until_it_is_unlocked() -> None:
    async with at(PROD) as driven:
        await driven.sees("PROD prod", "locked")
        await driven.cursor_on("brisk-heron")
        assert "answer" not in hints(driven)
        await driven.press("a")
        assert len(driven.app.screen_stack) == 1
        await driven.press("4", "enter")
        await driven.sees("Questions are shown, not answered: locked (:unlock).")
        await driven.press("escape")
        await unlock(driven)
        await driven.sees("PROD prod", "UNLOCKED", "prod is unlocked")
        await driven.until(lambda: "answer" in hints(driven))
        await driven.sees("a answer")
        await driven.press("a")
        await driven.sees("Deploy 1.4.2", "PROD prod")
        await driven.press("escape")
        await command(driven, "lock")
        await driven.sees("prod is locked.", "locked")
        await driven.until(lambda: "answer" not in hints(driven))
        assert "a answer" not in driven.text


async def test_another_word_unlocks_nothing() -> None:
    async with at(PROD) as driven:
        await command(driven, "unlock")
        await driven.sees("Type prod to unlock it")
        await driven.type("yes")
        await driven.press("enter")
        await driven.sees("esc goes back")
        await driven.press("escape")
        assert driven.app.session.readonly


@pytest.mark.parametrize("by", ["timer", "key"])
async def test_it_locks_itself(by: str) -> None:
    """By the timer; or, after a sleep in which no timer ran, before the next key acts."""
    async with at(PROD) as driven:
        clock = [NOW]
        driven.app.session.guard._now = lambda: clock[0]
        await driven.cursor_on("brisk-heron")
        await unlock(driven)
        clock[0] += 14 * 60
        await driven.press("j", "k")
        driven.app._look_at_lock()
        assert not driven.app.session.readonly, "a key began the time anew"
        clock[0] += 15 * 60
        if by == "timer":
            driven.app._look_at_lock()
        else:
            await driven.press("a")
            assert len(driven.app.screen_stack) == 1
        assert driven.app.session.readonly
        said = "prod is locked:" if by == "timer" else "Keys that act are off: locked after"
        await driven.sees(f"{said} 15 minutes without a key")


async def test_a_dialog_that_was_open_when_the_lock_fell_changes_nothing() -> None:
    async with at(PROD) as driven:
        driven.connection.reader = Refusing()  # type: ignore[assignment]
        await driven.cursor_on("amber-otter")
        await unlock(driven)
        await driven.press("x", "G", "enter")
        await driven.sees("Cancel amber-otter?")
        driven.app.session.guard.lock()
        await driven.press("right", "enter")
        await driven.sees("MHV-012")
        assert not [call for call in driven.calls if call[0] == "cancel"]


@pytest.mark.parametrize(
    ("context", "options", "said"),
    [
        (PROD, {"readonly": True}, "opened with --readonly"),
        (Context("prod", production=True, readonly=True, listed=True), {}, "the settings call prod readonly"),
        (Context("lab", listed=True), {}, "lab is no production context"),
    ],
)
async def test_what_cannot_be_unlocked_says_why(context: Context, options: dict[str, Any], said: str) -> None:
    async with at(context, **options) as driven:
        await command(driven, "unlock")
        await driven.sees(said)
        assert len(driven.app.screen_stack) == 1
        await command(driven, "lock")
        assert driven.app.session.readonly is (context.name == "prod")
        await command(driven, "info")
        await driven.sees("read-only")


async def test_a_lock_that_never_falls_by_itself() -> None:
    async with at(Context("prod", production=True, unlock_minutes=0)) as driven:
        await command(driven, "unlock")
        await driven.sees("until :lock")
        await driven.type("prod")
        await driven.press("enter")
        await driven.until(lambda: not driven.app.session.readonly)
        assert driven.app.session.guard.locks_in() is None
        assert driven.app._lock_timer is None
        await command(driven, "unlock")
        await driven.sees("prod is unlocked; :lock locks it.")


async def test_the_header_says_which_prefect_it_is() -> None:
    from tests.snapshots.flow_scenes import flows

    own = Context("lab", listed=True, own_prefect=True, colour="blue")
    async with drive((120, 40), world=flows(), prepare=lambda it: setattr(it, "context", own)) as driven:
        url = driven.app.session.mirror.prefect.url  # type: ignore[union-attr]
        await driven.sees(f"prefect {url.partition('//')[2].partition('/')[0]}")
