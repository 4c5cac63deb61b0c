"""What the optimizers run on, and what is concluded."""
