"""What is downloaded goes into a file that only its owner can read, and that is whole or not there."""

from __future__ import annotations

import asyncio
import contextlib
import os
import tempfile
from collections.abc import AsyncGenerator
from pathlib import Path

from mahavishnu_tui.models.errors import ErrorCode, MahavishnuError


async def save_private(path: Path, pieces: AsyncGenerator[bytes, None]) -> int:
    """Write the pieces to `path` (0600), replacing what is there only once all have come; bytes written.

    Raises:
        MahavishnuError: MHV-010 when the file cannot be written, and what the pieces raise.
    """
    part: Path | None = None
    size = 0
    try:
        handle, name = await asyncio.to_thread(tempfile.mkstemp, prefix=f".{path.name}.", dir=path.parent)
        part = Path(name)
        with os.fdopen(handle, "wb") as file:
            async with contextlib.aclosing(pieces):
                async for piece in pieces:
                    await asyncio.to_thread(file.write, piece)
                    size += len(piece)
        await asyncio.to_thread(part.replace, path)
    except BaseException as error:
        if part is not None:
            with contextlib.suppress(OSError):
                part.unlink()
        if isinstance(error, OSError):
            raise MahavishnuError(
                ErrorCode.BAD_INPUT,
                f"{path} cannot be written ({error.strerror}).",
                "Name another file.",
            ) from error
        raise
    return size
