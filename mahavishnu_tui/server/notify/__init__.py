"""Tells people who do not look at the dashboard: rules, an outbox, and a process that sends."""
