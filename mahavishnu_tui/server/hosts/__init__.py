"""Engine hosts: child processes that run the user's code, started, watched and replaced."""
