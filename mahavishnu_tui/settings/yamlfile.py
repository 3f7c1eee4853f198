"""Reads a settings file: plain YAML, without the parts of it that surprise people."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path
from typing import Any

import yaml

from mahavishnu_tui.models.errors import ErrorCode, MahavishnuError

SIZE_LIMIT = 256 * 1024


@dataclasses.dataclass(frozen=True)
class Document:
    """What a settings file says, and on which lines."""

    values: dict[str, Any]
    lines: dict[tuple[str, ...], int]
    """Path of keys to line number, from 1."""


class _Loader(yaml.SafeLoader):
    """Safe YAML without aliases, which can expand without end, and without keys given twice."""

    def compose_node(self, parent: Any, index: Any) -> Any:
        if self.check_event(yaml.AliasEvent):
            event = self.peek_event()  # type: ignore[no-untyped-call]
            raise yaml.MarkedYAMLError(problem="aliases are not taken", problem_mark=event.start_mark)
        return super().compose_node(parent, index)


# `off` is one of the modes of Prefect, and no `false`: only the two words of YAML 1.2 are yes and no.
_BOOL = "tag:yaml.org,2002:bool"
_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != _BOOL]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_Loader.add_implicit_resolver(_BOOL, re.compile("^(?:true|True|TRUE|false|False|FALSE)$"), list("tTfF"))


def parse(content: bytes, name: str) -> Document:
    """Parse the text of a settings file.

    Args:
        content: the bytes of the file.
        name: what to call it in an error.

    Raises:
        MahavishnuError: MHV-001, with the line, when it is not a mapping in YAML.
    """
    if len(content) > SIZE_LIMIT:
        raise _invalid(name, f"it is larger than {SIZE_LIMIT // 1024} KiB")
    try:
        node = yaml.compose(content.decode(), Loader=_Loader)
        if node is None:
            return Document({}, {})
        if not isinstance(node, yaml.MappingNode):
            raise _invalid(name, "it must hold groups of settings, such as `server:`")
        lines: dict[tuple[str, ...], int] = {}
        _note_lines(node, (), lines)
        values = _Loader("").construct_document(node)
    except yaml.MarkedYAMLError as error:
        where = f", line {error.problem_mark.line + 1}" if error.problem_mark else ""
        raise _invalid(f"{name}{where}", error.problem or "it is not YAML") from error
    except (yaml.YAMLError, UnicodeDecodeError, ValueError, RecursionError) as error:
        raise _invalid(name, "it is not YAML text") from error
    return Document({str(key): value for key, value in values.items()}, lines)


def read(path: Path) -> bytes | None:
    """The bytes of a settings file, None when there is none.

    Raises:
        MahavishnuError: MHV-001 when it is there and cannot be read.
    """
    try:
        return path.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise _invalid(str(path), f"it cannot be read ({error.strerror})") from error


def _note_lines(node: yaml.MappingNode, path: tuple[str, ...], lines: dict[tuple[str, ...], int]) -> None:
    for key, value in node.value:
        here = (*path, str(key.value))
        if here in lines:
            raise yaml.MarkedYAMLError(
                problem=f"`{'.'.join(here)}` is given twice", problem_mark=key.start_mark
            )
        lines[here] = key.start_mark.line + 1
        if isinstance(value, yaml.MappingNode):
            _note_lines(value, here, lines)


def _invalid(name: str, why: str) -> MahavishnuError:
    return MahavishnuError(
        ErrorCode.CONFIG_INVALID,
        f"{name}: {why}.",
        "`mahavishnu config show --defaults` prints a valid file.",
    )
