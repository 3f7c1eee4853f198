"""What is drawn: import each widget from its own module, so that only what is shown is loaded.

`status`, `graph_layout` and `drawing` are pure (no Textual): the commands use them too.
"""
