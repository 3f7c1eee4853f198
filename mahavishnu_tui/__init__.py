"""Mahavishnu TUI: a terminal dashboard that drives and watches workflow engines."""

__version__ = "0.1.0"
