"""The errors of what took too long; hosts and server say them alike."""

from __future__ import annotations

from mahavishnu_tui.models.errors import ErrorCode, MahavishnuError


def run_timeout(limit: float, node: str) -> MahavishnuError:
    """MHV-434; `node` is the one that was at work, empty when none was."""
    at = f" and was then at node {node!r}" if node else ""
    return MahavishnuError(
        ErrorCode.RUN_TIMEOUT,
        f"The run was at work for more than {limit:g} s{at}.",
        "Resume it: it goes on with its whole time again. Or raise `timeout_seconds`.",
        node=node,
        limit=limit,
    )


def node_timeout(limit: float, node: str) -> MahavishnuError:
    """MHV-435."""
    return MahavishnuError(
        ErrorCode.NODE_TIMEOUT,
        f"Node {node or '(unknown)'!r} took more than {limit:g} s.",
        "Resume the run: the node runs again. Or raise `node_timeout_seconds`.",
        node=node,
        limit=limit,
    )
