"""What a client asks for with a run, field by field; what we cannot do is refused before anything happens."""

from __future__ import annotations

import dataclasses
import re
from typing import Any

from starlette.requests import Request

from mahavishnu_tui.models.text import clean_line
from mahavishnu_tui.server.facade.refusals import unprocessable
from mahavishnu_tui.server.facade.telling import MODES
from mahavishnu_tui.server.routes.body import Body

BY = "agent api"
"""Who answers and starts, as far as the ledger can tell."""
_INTERRUPT_ID = re.compile("[0-9a-f]{32}")
_LONGEST_KEY = 200
_ABSENT: Any = object()


@dataclasses.dataclass(frozen=True)
class RunOrder:
    """A run to start, or to go on with."""

    assistant: str
    given: Any = None
    resume: Any = _ABSENT
    checkpoint_id: str = ""
    config: dict[str, Any] = dataclasses.field(default_factory=dict)
    metadata: dict[str, Any] = dataclasses.field(default_factory=dict)
    tags: list[str] = dataclasses.field(default_factory=list)
    modes: frozenset[str] = frozenset({"values"})
    multitask: str = "enqueue"
    create_thread: bool = False
    cancel_on_disconnect: bool = False
    request_id: str | None = None
    kwargs: dict[str, Any] = dataclasses.field(default_factory=dict)

    @property
    def resumes(self) -> bool:
        """Whether it answers a question."""
        return self.resume is not _ABSENT

    @property
    def answers(self) -> dict[str, Any] | None:
        """The answers by interrupt id; None when there is one answer that names no question."""
        given = self.resume
        if isinstance(given, dict) and given and all(_INTERRUPT_ID.fullmatch(str(key)) for key in given):
            return given
        return None


async def read_order(request: Request) -> RunOrder:
    """The body of a request to run something."""
    return order_of(await Body.of(request), request.headers.get("idempotency-key", ""))


def order_of(body: Body, key: str = "") -> RunOrder:
    """Read an order; raises 422."""
    _refuse(body)
    resume = _resume(body.mapping("command", {}))
    checkpoint = body.text("checkpoint_id", "") or _checkpoint(body)
    given = body.any("input") if body.has("input") else None
    if given is not None and (resume is not _ABSENT or checkpoint):
        other = "`command`" if resume is not _ABSENT else "`checkpoint`"
        raise unprocessable(
            f"`input` cannot be given together with {other}.",
            "Start from a checkpoint without input; give new input in a run of its own.",
        )
    given_config = body.mapping("config", {})
    metadata = {**Body(given_config).mapping("metadata", {}), **body.mapping("metadata", {})}
    return RunOrder(
        assistant=body.text("assistant_id"),
        given=given,
        resume=resume,
        checkpoint_id=checkpoint,
        config=_config(body, given_config, metadata),
        metadata=metadata,
        tags=[clean_line(tag, 80) for tag in Body(given_config).words("tags")][:50],
        modes=read_modes(body.any("stream_mode") if body.has("stream_mode") else None),
        multitask=_choice(body, "multitask_strategy", "enqueue", ("reject", "enqueue")),
        create_thread=_choice(body, "if_not_exists", "reject", ("reject", "create")) == "create",
        cancel_on_disconnect=_choice(body, "on_disconnect", "continue", ("continue", "cancel")) == "cancel",
        request_id=f"agent:{key[:_LONGEST_KEY]}" if key else None,
        kwargs={name: body.any(name) for name in ("input", "command", "config", "context") if body.has(name)},
    )


def read_modes(wanted: Any) -> frozenset[str]:
    """The stream modes that are asked for; 422 names one that we have not."""
    words = [wanted] if isinstance(wanted, str) else wanted or ["values"]
    if not isinstance(words, list) or not all(isinstance(word, str) for word in words):
        raise unprocessable("`stream_mode` must be a mode or a list of modes.")
    unknown = [word for word in words if word not in MODES]
    if unknown:
        raise unprocessable(
            f"There is no stream mode {clean_line(unknown[0], 40)!r} here.", f"There are {', '.join(MODES)}."
        )
    return frozenset(words)


def _refuse(body: Body) -> None:
    if body.has("webhook"):
        raise unprocessable("Webhooks are not offered.", "Wait for the run with `runs.join`.")
    if body.number("after_seconds", 0) if body.has("after_seconds") else 0:
        raise unprocessable(
            "A delayed start (`after_seconds`) is not offered.", "Start the run when it is due."
        )
    if body.text("on_completion", "keep") != "keep":
        raise unprocessable(
            "A thread is kept with its history when its run ends (`on_completion: delete` is not offered)."
        )


def _choice(body: Body, name: str, default: str, allowed: tuple[str, ...]) -> str:
    found = body.text(name, default)
    if found not in allowed:
        raise unprocessable(
            f"`{name}` cannot be {clean_line(found, 40)!r} here.", f"There are {' and '.join(allowed)}."
        )
    return found


def _resume(command: dict[str, Any]) -> Any:
    for field in ("update", "goto"):
        if command.get(field):
            raise unprocessable(
                f"A command with `{field}` is not offered.",
                "Change the state with `threads.update_state` first.",
            )
    return command.get("resume", _ABSENT)


def _checkpoint(body: Body) -> str:
    if not body.has("checkpoint"):
        return ""
    fields = Body(body.mapping("checkpoint"))
    if fields.text("checkpoint_ns", ""):
        raise unprocessable("A run starts from a checkpoint of the whole graph, not from one of a subgraph.")
    return fields.text("checkpoint_id", "")


def _config(body: Body, given: dict[str, Any], metadata: dict[str, Any]) -> dict[str, Any]:
    fields = Body(given)
    found: dict[str, Any] = {"configurable": fields.mapping("configurable", {})}
    if fields.has("recursion_limit"):
        limit = fields.number("recursion_limit", 0)
        if not isinstance(limit, int) or limit < 1:
            raise unprocessable("`config.recursion_limit` must be a whole number above 0.")
        found["recursion_limit"] = limit
    for name in ("interrupt_before", "interrupt_after"):
        if body.has(name):
            found[name] = "*" if body.any(name) == "*" else body.words(name)
    if body.has("context"):
        found["context"] = body.any("context")
    plain = {key: value for key, value in metadata.items() if isinstance(value, (str, int, float, bool))}
    return {**found, "tags": fields.words("tags"), **({"metadata": plain} if plain else {})}
