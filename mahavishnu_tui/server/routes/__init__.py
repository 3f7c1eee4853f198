"""The HTTP side of the server, split by noun. See docs/protocols.md, section 1."""
