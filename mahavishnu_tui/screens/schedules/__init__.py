"""Schedules: what is done to them, and the form that makes them."""
