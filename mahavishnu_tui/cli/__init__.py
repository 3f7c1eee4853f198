"""`mahavishnu …`: thin commands over the same client that the dashboard has."""
