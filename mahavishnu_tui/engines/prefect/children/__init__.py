"""What needs the user's flows: run in the user's own interpreter, with the Prefect SDK found there.

`<the project's python> …/children/__main__.py inspect|register|run`: a JSON object on stdin, JSON on stdout
(docs/protocols.md, section 5). Nothing here imports more than the standard library, Prefect, what Prefect
brings, and the files of this folder.
"""
