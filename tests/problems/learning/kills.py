"""Runs that end before their last step, as a kill ends them."""

import pytest

from problems.learning.training import train


class KilledError(Exception):
    pass


def interrupted(path, at, *args, **options):
    """Train, but stop before step `at` was saved."""

    def observe(t, model, optimizer):
        if t == at:
            raise KilledError

    with pytest.raises(KilledError):
        train(*args, checkpoint=path, every=0, observe=observe, **options)
