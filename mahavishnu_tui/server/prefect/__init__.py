"""Prefect beside our own engine: mirrored, and driven through the server."""
