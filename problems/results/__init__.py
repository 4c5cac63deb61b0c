"""What the functions of `problems` do and return; each module is one of them."""
