"""Forms built from JSON schemas."""

from mahavishnu_tui.widgets.form.field import MISSING, Missing
from mahavishnu_tui.widgets.form.form import SchemaForm

__all__ = ["MISSING", "Missing", "SchemaForm"]
