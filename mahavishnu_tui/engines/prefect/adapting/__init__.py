"""The parts of `PrefectAdapter`, a file per noun."""
