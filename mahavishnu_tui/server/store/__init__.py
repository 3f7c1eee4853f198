"""The only opener of `engine.db`: one writer with group commit, readers beside it."""

from mahavishnu_tui.server.store.store import Store
from mahavishnu_tui.server.store.tx import Tx

__all__ = ["Store", "Tx"]
