"""Entry of the children, started by path: `<the project's python> …/children/__main__.py <command>`.

The project's interpreter need not have our package, and flows may import it where it is there. So this folder
is registered under a name of its own; nothing of ours goes onto `sys.path`, where it could shadow the
project's modules.
"""

import importlib
import os
import sys
import types

PACKAGE = "mahavishnu_prefect_children"


def register():
    # type: () -> None
    """Make the files of this folder importable, and put the project's folder where this script's was."""
    here = os.path.dirname(os.path.abspath(__file__))
    if sys.path and os.path.abspath(sys.path[0]) == here:
        sys.path[0] = os.getcwd()
    if PACKAGE not in sys.modules:
        module = types.ModuleType(PACKAGE)
        module.__path__ = [here]
        sys.modules[PACKAGE] = module


if __name__ == "__main__":
    register()
    sys.exit(importlib.import_module(PACKAGE + ".main").main(sys.argv[1:]))
