"""Searches over constants, seeds and optimizers: plan, cells, runner, records, phase maps."""
