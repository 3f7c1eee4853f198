"""The light server: queue, ledger, event log and the supervision of engine hosts. Imports no engine."""
