"""The interpreter: pure Python, standard library only."""
