"""LangGraph: loads, runs, records and resumes the user's graphs, in the user's own interpreter.

Nothing below imports more than the standard library, LangGraph, its SQLite saver and our models.
"""
