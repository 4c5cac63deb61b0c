"""The paper's experiments on small tasks: what is run, what is concluded, how it is drawn."""
