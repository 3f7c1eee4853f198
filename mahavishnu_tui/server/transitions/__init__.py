"""What can happen to a run, each as one change of `engine.db`: pure database work, no I/O beside it."""
