"""Prefect, driven over its REST API and watched over its event socket; nothing here imports the SDK.

Only the scripts in `children/` do, and they run in processes of their own.
"""
