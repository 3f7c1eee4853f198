"""The server's calls, a file per group."""
