"""`mahavishnu prefect …` and `mahavishnu schedule …`: commands that only flows have."""
