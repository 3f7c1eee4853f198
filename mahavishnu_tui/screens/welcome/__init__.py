"""The welcome: what was found here and what to do next, where there is no run yet."""
