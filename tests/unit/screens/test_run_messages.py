"""The tab of a run's messages."""

from __future__ import annotations

from mahavishnu_tui.models import ErrorCode, MahavishnuError
from mahavishnu_tui.screens.session import Taste
from tests.unit.screens.driving import drive


async def test_a_conversation_with_calls_results_and_what_they_cost() -> None:
    def priced(connection: object) -> None:
        connection.taste = Taste(prices={"gpt-x": {"input": 2.5, "output": 10.0}})  # type: ignore[attr-defined]

    async with drive((120, 60), prepare=priced) as driven:
        await driven.cursor_on("amber-otter")
        await driven.press("enter", "5")
        await driven.sees("… 12 older messages", "● human ana", "◆ ai · gpt-x 1,840 in 96 out $0.0056")
        await driven.sees(
            '→ run_tests(suite="all", fail_fast=true)  call_1', "↳ tool run_tests answers call_1"
        )
        await driven.sees("[image image/png 24 KB]", "FAILED", "tokens not reported")
        await driven.sees("7 messages · 1,936 tokens", "1 of 2 report none", "$0.0056 for those with a price")
        await driven.sees("… 28 more lines (z unfolds)")
        assert "\x1b" not in driven.text
        await driven.press("z")
        await driven.until(lambda: "z unfolds" not in driven.text)


async def test_a_state_without_messages_and_one_that_cannot_be_read() -> None:
    async with drive() as driven:
        client = driven.connection.client
        client.fail["state"] = MahavishnuError(ErrorCode.DATABASE_LOCKED, "Locked by another program.")
        await driven.cursor_on("amber-otter")
        await driven.press("enter", "5")
        await driven.sees("Locked by another program")
        del client.fail["state"]
        driven.connection.live()
        await driven.sees("◆ ai")
