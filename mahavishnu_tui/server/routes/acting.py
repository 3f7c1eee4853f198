"""What is done to a run, whichever engine it is of."""

from __future__ import annotations

import functools

from mahavishnu_tui.models import ErrorCode, MahavishnuError, Run
from mahavishnu_tui.models.run import FINISHED
from mahavishnu_tui.server.core import Core
from mahavishnu_tui.server.routes.asking import no_flow_run
from mahavishnu_tui.server.store import runs
from mahavishnu_tui.server.transitions import acts


async def cancel_run(core: Core, run: Run, by: str, version: int | None, *, gently: bool = False) -> Run:
    """Cancel a run, at its next step boundary or now.

    Raises:
        MahavishnuError: MHV-101 it has ended or changed, MHV-452 there is no such cancel.
    """
    if core.prefect.owns(run):
        if gently:
            raise no_flow_run(run, "step boundary to be cancelled at")
        return await _flow_run(core, run, "cancel", by, version)
    if core.remote.owns(run):
        return await core.remote.cancel(run, by, version)
    changed = await core.store.write(
        functools.partial(acts.cancel, run_id=run.id, by=by, version=version, gently=gently)
    )
    if changed.status == "running":
        await (core.dispatcher.pause(changed) if gently else core.dispatcher.cancel(changed))
        changed = await _now(core, changed)
    core.dispatcher.wake()
    return changed


async def pause_run(core: Core, run: Run, by: str, version: int | None = None) -> Run:
    """Ask a run to stop at its next step boundary; a flow run before its next task.

    Raises:
        MahavishnuError: MHV-101 it is not at work, or changed; MHV-452.
    """
    if core.prefect.owns(run):
        return await _flow_run(core, run, "suspend", by, version)
    if core.remote.owns(run):
        return await core.remote.pause(run)
    changed = await core.store.write(functools.partial(acts.pause, run_id=run.id, by=by))
    if changed.status == "running":
        await core.dispatcher.pause(changed)
        changed = await _now(core, changed)
    return changed


async def resume_run(
    core: Core,
    run: Run,
    by: str,
    *,
    checkpoint_id: str = "",
    recursion_limit: int = 0,
    version: int | None = None,
) -> Run:
    """Have a paused run go on, a failed or cancelled one try again.

    Raises:
        MahavishnuError: MHV-101 there is nothing to go on with, MHV-102 another run has the thread, MHV-452.
    """
    if core.prefect.owns(run):
        if checkpoint_id:
            raise no_flow_run(run, "checkpoints")
        if run.status == "success":
            raise acts.wrong_state(run, "resumed")
        what = "retry" if run.status in FINISHED else "resume"
        return await _flow_run(core, run, what, by, version)
    if core.remote.owns(run):
        return await core.remote.resume(run, by, checkpoint_id)
    changed = await core.store.write(
        functools.partial(
            acts.resume,
            run_id=run.id,
            by=by,
            checkpoint_id=checkpoint_id,
            recursion_limit=recursion_limit,
        )
    )
    core.dispatcher.wake()
    return changed


async def act_on(core: Core, run: Run, what: str, by: str, version: int) -> Run:
    """One act of many at once, if the run is still at the version that was seen.

    Raises:
        MahavishnuError: as the acts do; MHV-452 where its engine has no such act.
    """
    if core.prefect.owns(run):
        return await _flow_run(core, run, what, by, version)
    if run.version != version:
        raise MahavishnuError(
            ErrorCode.RUN_STATE,
            f"Run {run.name} has changed since you looked: it is {run.status}.",
            "Nothing was done; look again.",
            status=run.status,
            version=run.version,
        )
    if what == "cancel":
        return await cancel_run(core, run, by, version)
    if what == "suspend":
        return await pause_run(core, run, by)
    if what in ("resume", "retry"):
        return await resume_run(core, run, by)
    raise MahavishnuError(
        ErrorCode.REMOTE_NOT_OFFERED, f"Run {run.name} is no flow run: it has no {what}.", run_id=run.id
    )


async def _flow_run(core: Core, run: Run, what: str, by: str, version: int | None) -> Run:
    return await (await core.prefect.reach()).acts.do(run.id, what, by, version)


async def _now(core: Core, run: Run) -> Run:
    return (await core.store.read(functools.partial(runs.require, run_id=run.id))).run
