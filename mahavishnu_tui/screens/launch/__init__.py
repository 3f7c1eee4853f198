"""Starting a run: pick a workflow, fill in its input."""

from mahavishnu_tui.screens.launch.screen import LaunchScreen

__all__ = ["LaunchScreen"]
