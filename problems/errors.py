"""What ends a run that cannot be finished."""

__all__ = ["RunError"]


class RunError(RuntimeError):
    """A run ended before there was anything to conclude from.

    Parameters
    ----------
    message : str
        What ended it.
    resumable : bool
        Whether ``--resume`` has something to start from.
    """

    def __init__(self, message: str, resumable: bool = True) -> None:
        super().__init__(message)
        self.resumable = resumable
