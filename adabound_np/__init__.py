"""Adaptive gradient methods in NumPy, line by line as in the papers."""
