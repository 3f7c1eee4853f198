"""One run, opened: the screen, and a file per tab."""

from mahavishnu_tui.screens.run.screen import RunScreen

__all__ = ["RunScreen"]
