"""Folders with workflows in them: what a name means there, what is found, and what `init` writes."""
