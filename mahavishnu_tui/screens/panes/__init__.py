"""The six panes of the dashboard."""
