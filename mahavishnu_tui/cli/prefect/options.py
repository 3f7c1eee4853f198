"""From settings and Prefect's own environment to what our server is told of Prefect."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Mapping
from typing import TYPE_CHECKING

from mahavishnu_tui.models.errors import ErrorCode, MahavishnuError

if TYPE_CHECKING:
    from mahavishnu_tui.server.options import PrefectOptions
    from mahavishnu_tui.settings.prefect import PrefectSettings

CLOUD = "https://api.prefect.cloud/api"


def prefect_options(chosen: PrefectSettings, environ: Mapping[str, str] | None = None) -> PrefectOptions:
    """What the server is told of Prefect.

    A Prefect that is set up wrongly, by a profile of somebody else's tool perhaps, keeps no server from
    starting: it is told as `problem`.

    Args:
        chosen: our settings.
        environ: where Prefect's own variables are; those of the process by default.
    """
    from mahavishnu_tui.server.options import PrefectOptions

    options = PrefectOptions(
        mode=chosen.mode,
        timeout_seconds=chosen.timeout_seconds,
        max_retries=chosen.max_retries,
        retry_delay=chosen.retry_delay,
        events=chosen.events,
        poll_seconds=chosen.poll_seconds,
        sync_interval=chosen.sync_interval,
        mirror_hours=chosen.mirror_hours,
        work_pool=chosen.work_pool,
        pool_selector=chosen.pool_selector,
        port=chosen.port,
        python=str(chosen.python or ""),
        worker=chosen.worker,
    )
    if chosen.mode not in ("auto", "remote"):
        return options
    try:
        return _connected(options, chosen, os.environ if environ is None else environ)
    except MahavishnuError as error:
        return dataclasses.replace(options, problem=error.to_json())


def _connected(
    options: PrefectOptions, chosen: PrefectSettings, environ: Mapping[str, str]
) -> PrefectOptions:
    """With the way to the server that is named; raises MHV-001 where that is wrong."""
    from mahavishnu_tui.engines.prefect.config import resolve_connection

    found = resolve_connection(
        environ,
        api_url=chosen.api_url or (CLOUD if chosen.workspace else ""),
        api_key=chosen.api_key.get_secret_value(),
        auth_string=chosen.auth_string.get_secret_value(),
        workspace=chosen.workspace,
        headers={name: text.get_secret_value() for name, text in chosen.headers.items()},
    )
    if found is None:
        if chosen.mode == "auto":
            return options
        raise MahavishnuError(
            ErrorCode.CONFIG_INVALID,
            "`prefect.mode` is remote, and nothing names a Prefect server.",
            "Set `prefect.api_url`, PREFECT_API_URL or a profile of Prefect's.",
        )
    return dataclasses.replace(
        options,
        api_url=found.api_url,
        api_key=found.api_key,
        auth_string=found.auth_string,
        headers=dict(found.headers),
        csrf=found.csrf,
        verify=found.verify,
        ssl_cert_file=found.ssl_cert_file,
        source=found.sources.get("api_url", ""),
    )
