"""`Listener`: takes in what the server of one session says, and tells the operator what is news."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from typing import Protocol

from mahavishnu_tui.models import ErrorCode, MahavishnuError
from mahavishnu_tui.models.text import clean_line
from mahavishnu_tui.screens.session import Connection, DashboardOptions, Link, Session, Taste

Opener = Callable[[DashboardOptions], Awaitable[Connection]]
"""Finds the way to the server: `screens.connection.open_connection`, or a test's stand-in."""


_NOTE = "note"


class Told(Protocol):
    """The app, as far as it is told."""

    session: Session

    def say(self, text: str, severity: str = "info") -> None:
        """Put a message on the screen."""

    def adopted(self) -> None:
        """The settings have been read."""

    def renewed(self, before: Taste) -> None:
        """The settings have been read again, and may say something else than before."""

    def attend(self) -> None:
        """Something may wait for the operator."""


class Listener:
    """Follows one server until it is cancelled; all it changes is its own session.

    Args:
        app: what is told.
        session: what is kept up to date.
    """

    def __init__(self, app: Told, session: Session) -> None:
        self._app = app
        self._session = session
        self._heard = False
        """Whether the server has ever answered: only then can it answer again."""

    async def follow(self, opener: Opener) -> None:
        """Open the connection, if there is none yet, and take in what it says, until the end."""
        session = self._session
        known = session.connection is not None and await self._renewed(session.connection)
        if not known and not await self._opened(opener):
            return
        connection = session.connection
        assert connection is not None
        try:
            await self._take(connection)
        except Exception as error:  # the feed never raises: this would be a fault of ours
            self._app.say(str(session.record(error)), "error")
        finally:
            # One that was left for another context keeps its client: acts may still be on their way.
            if self._app.session is session:
                await connection.aclose()

    async def _opened(self, opener: Opener) -> bool:
        session = self._session
        try:
            connection = await opener(session.options)
        except Exception as error:  # bad settings, no rights …: said in the panes, the dashboard stays
            recorded = session.record(error)
            session.link = Link("connecting", session.now(), 2, message=str(recorded))
            session.links.publish(session.link)
            self._app.say(str(recorded), "error")
            return False
        session.adopt(connection)
        self._app.adopted()
        for note in connection.notes:
            self._app.say(note, "warning")
        return True

    async def _renewed(self, connection: Connection) -> bool:
        """Whether a context that is come back to is still where it was; its settings may be others."""
        session, told, before = self._session, connection.notes, self._session.taste
        try:
            there = await connection.renew()
        except Exception as error:  # what was read before goes on to count
            self._app.say(str(session.record(error)), "error")
            return True
        if there:
            session.adopt(connection)
            self._app.renewed(before)
            for note in connection.notes:
                if note not in told:
                    self._app.say(note, "warning")
        return there

    async def _take(self, connection: Connection) -> None:
        session = self._session
        async for update in connection.updates():
            before = session.link
            session.link = update.link
            if update.error is not None:
                session.record(update.error)
            if update.link != before:
                session.links.publish(update.link)
                self._say_link(before, update.link)
            if update.changes:
                session.changes.publish(update.changes)
                self._say_hosts(update.changes)
                self._say_settled(update.changes)
                self._say_note()
            self._app.attend()

    def _say_link(self, before: Link, link: Link) -> None:
        heard, self._heard = self._heard, self._heard or link.live
        if link.live and before.state in ("lost", "starting") and heard:
            self._app.say("The server answers again.", "success")
        elif link.state == "starting" and self._session.mirror.epoch:
            said = "The server died; starting it again." if heard else "No server runs; starting it."
            self._app.say(f"{said} What you see is old.", "warning")
        elif link.state == "lost" and before.live:
            self._app.say("The server does not answer; what you see is old. Trying again.", "warning")

    def _say_note(self) -> None:
        """That notifications do not go out is news, once; the header says it as long as it is so."""
        server = self._session.mirror.server
        failing = server.note if server and server.note.startswith(ErrorCode.NOTIFY_FAILED.value) else ""
        if failing and failing != self._session.told.get(_NOTE):
            said = failing.partition(" ")[2]
            error = MahavishnuError(ErrorCode.NOTIFY_FAILED, said, ":notifications shows what waits.")
            self._app.say(str(self._session.record(error)), "error")
        self._session.told[_NOTE] = failing

    def _say_settled(self, changes: Iterable[tuple[str, str]]) -> None:
        """A failure that a later success has made up for went without anybody's doing: say why."""
        keys = {key for kind, key in changes if kind == "need"}
        gone = [
            need
            for need in (self._session.mirror.settled if keys else ())
            if need.key in keys and need.kind == "failure" and need.gone.endswith(" succeeded")
        ]
        if gone:
            many = f"{len(gone):,} failures are" if len(gone) > 1 else f"the failure of {gone[-1].where} is"
            self._app.say(f"{gone[-1].workflow}: {gone[-1].gone}; {many} settled.", "success")

    def _say_hosts(self, changes: Iterable[tuple[str, str]]) -> None:
        """A host that died is news, once."""
        told = self._session.told
        for kind, key in changes:
            host = self._session.mirror.hosts.get(key) if kind == "host" else None
            if host is None:
                continue
            if host.state in ("lost", "failed") and told.get(f"host:{key}") != host.state:
                told[f"host:{key}"] = host.state
                why = clean_line(host.note or (host.error or {}).get("message", ""))
                deed = "cannot be started" if host.state == "failed" else "died; it is being restarted"
                folder = host.project_root.rstrip("/").rpartition("/")[2]
                self._app.say(f"The engine host of {folder} {deed}. {why}", "error")
            elif host.state == "ready":
                told.pop(f"host:{key}", None)
