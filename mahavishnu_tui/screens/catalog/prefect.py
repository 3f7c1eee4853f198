"""`PrefectScreen`: the Prefect server behind the mirror: how it is, what is wrong with it, start and stop."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final

from textual.binding import Binding, BindingType

from mahavishnu_tui.client.mirror import EVERYTHING, Change
from mahavishnu_tui.models import Finding
from mahavishnu_tui.models.prefect import PrefectInfo
from mahavishnu_tui.models.text import clean_line
from mahavishnu_tui.screens.actions import Action, MenuScreen
from mahavishnu_tui.screens.background import in_background
from mahavishnu_tui.screens.document import DocumentScreen
from mahavishnu_tui.screens.launch.findings import in_full
from mahavishnu_tui.screens.session import Session
from mahavishnu_tui.screens.times import Times
from mahavishnu_tui.widgets.status import age, health_mark

if TYPE_CHECKING:
    from mahavishnu_tui.client.api import ServerClient

DEEDS: Final = ("start", "stop", "check", "log")
"""What may follow `:prefect`."""
_STARTABLE: Final = ("off", "failed", "lost")


class PrefectScreen(DocumentScreen):
    """Redrawn as its state changes.

    Args:
        session: the session.
        deed: one of `DEEDS`, done at once; empty for none.
    """

    CSS_PATH = "../document.tcss"
    WRITES: ClassVar[frozenset[str]] = frozenset({"start", "stop"})
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("L", "log", "Log", id="prefect.log"),
        Binding("s", "check", "Self-test", id="prefect.check"),
        Binding("x", "actions", "Actions", id="prefect.actions"),
    ]

    def __init__(self, session: Session, deed: str = "") -> None:
        super().__init__(session, "prefect", text="")
        self._deed = deed
        self._findings: list[Finding] | None = None
        self._checking = False

    @property
    def info(self) -> PrefectInfo | None:
        """What is known of it."""
        return self.session.mirror.prefect

    def on_mount(self) -> None:
        """Show it, ask how it is now, and do what was asked for."""
        super().on_mount()
        self._show()
        in_background(self, self._renew, "prefect")
        if self._deed:
            self.call_later(self.run_action, self._deed)

    def note_changes(self, changes: frozenset[Change]) -> None:
        """Its state has changed."""
        if EVERYTHING in changes or any(kind == "prefect" for kind, _ in changes):
            self._show()
            self.refresh_bindings()

    async def _renew(self) -> None:
        """Asking has a lost one tried again."""
        try:
            self.session.mirror.prefect = await self.session.client.prefect()
        except Exception as error:  # said in the row, kept in :errors; what was known stays
            self.flash_error(error)
        else:
            self.show_header()
            self._show()

    def _show(self) -> None:
        lines = info_lines(self.info, self.session.times.still, self.session.ascii)
        if self._checking:
            lines += ["", "SELF-TEST", "", "  at it …"]
        elif self._findings is not None:
            lines += ["", "SELF-TEST", "", *_indented(in_full(self._findings) or "nothing is wrong with it")]
        self.show_text("\n".join(lines))

    # -- acts

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """What is off has no log, and nothing to be tested."""
        info = self.info
        if action in ("check", "log") and (info is None or info.mode == "off"):
            return False
        return super().check_action(action, parameters)

    def action_actions(self) -> None:
        """What can be done with it."""
        self.app.push_screen(MenuScreen("prefect", menu(self.info, self.session.readonly)), self._do)

    async def _do(self, action: str | None) -> None:
        if action:
            await self.run_action(action)

    def action_start(self) -> None:
        """Start the embedded one."""
        self.act(self._start)

    async def _start(self, client: ServerClient) -> str:
        self.session.mirror.prefect = await client.start_prefect(self.session.who)
        self._show()
        return "Prefect starts: that takes some 15 seconds"

    def action_stop(self) -> None:
        """Stop the embedded one, after asking."""
        facts = [
            "Flow runs that are at work in its process worker are ended with it.",
            "Its database stays: what was known is known again when it is started.",
        ]
        self.ask_first("Stop the embedded Prefect?", facts, "Stop it", self._stop)

    async def _stop(self, client: ServerClient) -> str:
        self.session.mirror.prefect = await client.stop_prefect(self.session.who)
        self._show()
        return "Prefect is stopped"

    def action_check(self) -> None:
        """The self-test: it may take half a minute."""
        if not self._checking:
            self._checking = True
            self._show()
            in_background(self, self._check, "check")

    async def _check(self) -> None:
        try:
            self._findings = await self.session.client.check_prefect()
        except Exception as error:  # said in the row, kept in :errors
            self.flash_error(error)
        finally:
            self._checking = False
        self._show()

    def action_log(self) -> None:
        """What the embedded server writes."""
        self._open_log("prefect")

    def action_worker_log(self) -> None:
        """What its worker writes."""
        self._open_log("prefect-worker")

    def _open_log(self, source: str) -> None:
        from mahavishnu_tui.screens.logs import LogsScreen

        self.app.push_screen(LogsScreen(self.session, source))


def menu(info: PrefectInfo | None, readonly: bool) -> list[Action]:
    """What can be done with Prefect as it is; what cannot is absent."""
    if info is None or info.mode == "off":
        return []
    found: list[Action] = []
    if not readonly and info.mode != "remote" and info.state in _STARTABLE:
        found.append(Action("start", "start an embedded one"))
    found.append(Action("check", "self-test", "s"))
    found += [Action("app.deployments", "deployments"), Action("app.problems", "problems")]
    if info.embedded:
        found += [Action("log", "its log", "L"), Action("worker_log", "the log of its worker")]
        if not readonly and info.state not in ("off", "failed"):
            found.append(Action("stop", "stop it …", destructive=True))
    return found


def info_lines(info: PrefectInfo | None, times: Times, ascii_only: bool) -> list[str]:
    """What is known of Prefect, in lines."""
    now = times.now
    if info is None or info.mode == "off":
        return [
            "This server drives no Prefect.",
            "",
            "prefect.mode in the settings turns it on: auto, embedded or remote.",
        ]
    mark = health_mark(info.state)
    since = f" for {age(now - info.since)}" if info.since else ""
    facts = {
        "state": f"{mark.label(ascii_only)}{since}",
        "mode": info.mode + (": we started it and keep it alive" if info.embedded else ""),
        "server": f"{info.url} {info.version}".strip(),
        "slow": f"each of its answers takes {info.slow:.0f} s" if info.slow else "",
        "pid": str(info.pid or ""),
        "worker": info.worker,
        "mirror": _mirror(info, now) if info.seen_at is not None else "",
        "rate limit": f"until {times.whole(info.limited_until)}" if info.limited_until else "",
        "note": "" if info.state == "starting" else info.note,
    }
    lines = [f"{name:<12} {clean_line(value, 300)}" for name, value in facts.items() if value]
    if info.error:
        error = info.error
        lines += ["", f"{error.get('code', '')} {clean_line(error.get('message', ''), 400)}"]
        lines += [f"→ {clean_line(error['hint'], 400)}"] if error.get("hint") else []
    if info.state == "off" and info.mode != "remote":
        lines += ["", "`:prefect start` starts an embedded one."]
    if info.findings:
        lines += ["", "WHAT IS WRONG WITH IT", ""]
        for item in info.findings:
            lines.append(
                f"  {clean_line(item.get('where', ''), 60)}: {clean_line(item.get('message', ''), 400)}"
            )
            lines += [f"    → {clean_line(item['hint'], 400)}"] if item.get("hint") else []
    return lines


def _mirror(info: PrefectInfo, now: float) -> str:
    how = "it tells of changes" if info.live else f"asked every {info.interval:.0f} s"
    seen = f"{age(now - (info.seen_at or now))} ago"
    return f"{info.runs:,} runs, {info.hours:g} h back; {how}; last agreed {seen}"


def _indented(text: str) -> list[str]:
    return [f"  {line}" for line in text.splitlines()]
