"""LangGraph servers that somebody else runs: mirrored into `engine.db`, and given orders over HTTP.

`api` speaks to one of them, `reading`, `drawing` and `visits` turn what it says into our records, `taking`
brings those into the store, `orders` and `courier` bring what operators want to it, and `watcher` does all
that in turns, for as long as our server lives. Nothing here imports LangGraph.
"""
