"""What runs are turned into: series, figures, files."""
