"""Graphs for documents: a file per format. All of them are drawn here, without any network."""
