"""Text cut to the cells that there are. Pure."""

from __future__ import annotations

from rich.cells import cell_len, set_cell_size


def clip(text: str, width: int, ellipsis: str = "…") -> str:
    """`text` cut to `width` cells, the last of them an ellipsis where something was cut."""
    if cell_len(text) <= width:
        return text
    if width <= 0:
        return ""
    return set_cell_size(text, width - 1).rstrip() + ellipsis


def clip_words(text: str, width: int, ellipsis: str = "…") -> str:
    """As `clip`; of words that two blanks part none is cut, but the last ones are left out."""
    kept = text
    while cell_len(kept) > width and "  " in kept.removesuffix(f"  {ellipsis}"):
        kept = f"{kept.removesuffix(f'  {ellipsis}').rpartition('  ')[0]}  {ellipsis}"
    return clip(kept, width, ellipsis)
