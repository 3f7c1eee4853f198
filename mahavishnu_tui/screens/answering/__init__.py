"""Making an answer: what is asked, step by step, and the editors for it."""

from mahavishnu_tui.screens.answering.panel import AnswerPanel

__all__ = ["AnswerPanel"]
