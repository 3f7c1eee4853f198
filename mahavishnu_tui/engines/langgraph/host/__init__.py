"""The engine host: a process in the user's interpreter that runs graphs for the server."""
