"""Whether a Prefect server answers at an address, asked by the client itself."""

from __future__ import annotations

import httpx

NEARBY = "http://127.0.0.1:4200/api"
"""Where `prefect server start` listens unless it is told otherwise."""


async def prefect_answers(url: str = NEARBY, seconds: float = 1.0) -> bool:
    """Whether Prefect's health check says yes there; False whatever else happens."""
    try:
        # Not through a proxy of the environment: it is about this very address.
        async with httpx.AsyncClient(timeout=seconds, trust_env=False) as client:
            reply = await client.get(f"{url}/health")
            return reply.status_code == httpx.codes.OK and reply.json() is True
    except (httpx.HTTPError, ValueError):
        return False
