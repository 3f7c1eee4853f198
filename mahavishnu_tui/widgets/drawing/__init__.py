"""The parts of the graph drawing, in the order in which they work.

`flatten` unfolds subgraphs, `ranks` finds loops and layers, `order` places, `route` and `across`
draw left to right, `down` draws top to bottom with rails, `listing` writes a plain list, and
`canvas` turns strokes into spans of text. Pure: no Textual. Use it through `graph_layout`.
"""
