"""What holds for every test."""

from __future__ import annotations

import os

from hypothesis import settings

# The suite draws the same examples every time; MAHAVISHNU_HYPOTHESIS=random looks for new ones.
settings.register_profile("same", derandomize=True, deadline=None)
settings.register_profile("random", deadline=None)
settings.load_profile(os.environ.get("MAHAVISHNU_HYPOTHESIS", "same"))
