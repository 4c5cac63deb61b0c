"""One module per command of ``python -m problems``: its options, and what it runs."""
