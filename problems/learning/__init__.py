"""What networks are trained on: data sets, their files, batches."""
