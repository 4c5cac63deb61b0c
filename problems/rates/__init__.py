"""Effective learning rates: recorder, record, figures."""
