"""One Prefect server, with everything that belongs to the way there."""

from __future__ import annotations

import sys
from collections.abc import Callable, Coroutine
from typing import Any

from mahavishnu_tui.engines.prefect.api import PrefectApi
from mahavishnu_tui.engines.prefect.config import PrefectConnection
from mahavishnu_tui.engines.prefect.schedules.preview import DateHelper
from mahavishnu_tui.models import Run
from mahavishnu_tui.models.said import SaidPage
from mahavishnu_tui.server.options import PrefectOptions, ServerOptions
from mahavishnu_tui.server.prefect.acts import Acts
from mahavishnu_tui.server.prefect.answers import Answers
from mahavishnu_tui.server.prefect.catalog import Catalog
from mahavishnu_tui.server.prefect.deploying import Deploying
from mahavishnu_tui.server.prefect.details import Details
from mahavishnu_tui.server.prefect.local_flows import LocalFlows, UserCodes
from mahavishnu_tui.server.prefect.logs import Logs
from mahavishnu_tui.server.prefect.mirror import Mirror
from mahavishnu_tui.server.prefect.pooling import Pooling
from mahavishnu_tui.server.prefect.scheduling import Scheduling
from mahavishnu_tui.server.prefect.silent import SilentSchedules
from mahavishnu_tui.server.prefect.troubles import Troubles
from mahavishnu_tui.server.prefect.views import Views
from mahavishnu_tui.server.runlogs import Wanted
from mahavishnu_tui.server.store import Store

WORKER = "mahavishnu"
"""The name of the worker that we keep beside an embedded server."""


class Link:
    """The parts that read from one server, and write to it; made anew when the server is another one.

    Args:
        connection: where it is.
        store: where it is mirrored to.
        options: ours.
        embedded: whether it is the one that we have started.
        on_catalog: see `Catalog`.
        on_log: see `Logs`.
        in_background: does something that nobody waits for.
    """

    def __init__(
        self,
        connection: PrefectConnection,
        store: Store,
        options: ServerOptions,
        *,
        embedded: bool,
        on_catalog: Callable[[str], None],
        on_log: Callable[[str, int], None],
        in_background: Callable[[Coroutine[Any, Any, None]], None],
    ) -> None:
        prefect = options.prefect
        self.connection = connection
        self.embedded = embedded
        self.api = PrefectApi(connection)
        self.catalog = Catalog(self.api, on_catalog)
        self.mirror = Mirror(self.api, store, self.catalog, prefect.mirror_hours * 3600.0)
        self.views = Views(self.api, self.catalog, WORKER if embedded else "")
        self.details = Details(self.api, store, self.mirror)
        self.logs = Logs(on_log)
        self.acts = Acts(self.api, store, self.mirror)
        self.answers = Answers(self.api, store, self.mirror)
        self.pooling = Pooling(self.api, store, prefect, self.catalog, self.views, embedded)
        codes = UserCodes(self.api, options, str(options.prefect_home) if embedded else "")
        self.local_flows = LocalFlows(self.api, store, codes, self.acts, in_background)
        self.deploying = Deploying(
            self.api, store, options, self.catalog, self.views, self.acts, self.pooling, codes
        )
        self.troubles = Troubles(self.api, store, self.views, lambda: on_catalog("troubles"))
        self.silent = SilentSchedules(
            self.api, store, self.catalog, self.views, prefect.mirror_hours * 3600.0
        )
        dates = DateHelper(prefect.python or sys.executable, exact=embedded)
        self.scheduling = Scheduling(self.api, store, self.catalog, self.views, self.mirror, self.acts, dates)

    @property
    def source(self) -> str:
        """What tells its runs from those of another server; an embedded one may change its port."""
        return "embedded" if self.embedded else self.connection.api_url

    async def log_page(self, run: Run, wanted: Wanted) -> SaidPage:
        """What a run has logged; raises what Prefect says."""
        await self.details.visits(run)
        return await self.logs.page(self.api, run.id, wanted, lambda key: self.details.visit_of(run.id, key))

    async def close(self) -> None:
        """Let go of its connections."""
        self.details.close()
        await self.scheduling.close()
        await self.api.close()


def connection_of(options: PrefectOptions, api_url: str) -> PrefectConnection:
    """The way to a server; raises MHV-001."""
    return PrefectConnection(
        api_url,
        api_key=options.api_key,
        auth_string=options.auth_string,
        headers=options.headers,
        csrf=options.csrf,
        verify=options.verify,
        ssl_cert_file=options.ssl_cert_file,
        timeout=options.timeout_seconds,
        retries=options.max_retries,
        retry_delay=options.retry_delay,
        sources={"api_url": options.source},
    )
