"""What ends a run that cannot be finished."""

__all__ = ["RunError"]


class RunError(RuntimeError):
    """A run ended before there was anything to conclude from."""
