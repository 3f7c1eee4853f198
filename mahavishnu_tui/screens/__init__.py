"""The screens of the dashboard: one file per screen, with its stylesheet beside it."""
