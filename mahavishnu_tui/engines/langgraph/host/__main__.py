"""Entry of the engine host, started by path: `<the project's python> …/host/__main__.py --fd N`.

The project's interpreter need not have our package. It is registered here as a bare package that looks for
its modules in our folder; nothing of ours goes onto `sys.path`, where it could shadow the project's own
modules.
"""

import os
import sys
import types


def register() -> None:
    """Make `import mahavishnu_tui.models` work, and put the project's folder where this script's was."""
    here = os.path.dirname(os.path.abspath(__file__))
    package = os.path.dirname(os.path.dirname(os.path.dirname(here)))
    if sys.path and os.path.abspath(sys.path[0]) == here:
        sys.path[0] = os.getcwd()
    if "mahavishnu_tui" not in sys.modules:
        module = types.ModuleType("mahavishnu_tui")
        module.__path__ = [package]
        sys.modules["mahavishnu_tui"] = module


if __name__ == "__main__":
    register()
    from mahavishnu_tui.engines.langgraph.host.main import main

    sys.exit(main(sys.argv[1:]))
