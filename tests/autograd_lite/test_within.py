"""no_grad, around blocks, functions, generators and coroutines."""

import asyncio

import pytest

import autograd_lite as ag
from tests.autograd_lite.samples import leaf


def test_no_grad_decorates_and_ends_with_an_error():
    @ag.no_grad()
    def square(x):
        return x * x

    assert not square(leaf(1.0)).requires_grad
    with pytest.raises(ZeroDivisionError), ag.no_grad():
        raise ZeroDivisionError
    assert (leaf(1.0) * 2).requires_grad


def recorded():
    return (2 * ag.Tensor(1.0, requires_grad=True)).requires_grad


def test_no_grad_may_be_entered_again():
    block = ag.no_grad()
    for _ in range(2):
        with block:
            assert not recorded()
        assert recorded()
    with block, block, ag.no_grad():
        with block:
            pass
        assert not recorded()
    assert recorded()


def test_no_grad_decorates_a_generator():
    @ag.no_grad()
    def numbers(n):
        """Yield n, then what is sent."""
        try:
            got = yield recorded(), n
            while True:
                try:
                    got = yield recorded(), got
                except KeyError as error:
                    got = error.args[0]
        except GeneratorExit:
            closed.append(recorded())
            raise

    closed, steps = [], numbers(3)
    assert numbers.__name__ == "numbers"
    assert next(steps) == (False, 3)
    assert recorded()
    assert steps.send(4) == (False, 4)
    assert steps.throw(KeyError(5)) == (False, 5)
    assert recorded()
    steps.close()
    assert closed == [False]
    with pytest.raises(StopIteration):
        next(steps)


def test_a_decorated_generator_returns_and_raises():
    @ag.no_grad()
    def once(fail):
        yield 1
        if fail:
            raise ZeroDivisionError
        return 2

    def whole(fail):
        return (yield from once(fail))

    steps = whole(False)
    assert next(steps) == 1
    with pytest.raises(StopIteration) as end:
        next(steps)
    assert end.value.value == 2
    with pytest.raises(ZeroDivisionError):
        list(whole(True))
    assert recorded()


def test_no_grad_decorates_a_coroutine():
    seen = []

    @ag.no_grad()
    async def inside():
        await asyncio.sleep(0)
        seen.append(recorded())

    async def outside():
        await asyncio.sleep(0)
        seen.append(recorded())

    async def both():
        await asyncio.gather(inside(), outside())

    asyncio.run(both())
    assert sorted(seen) == [False, True]


def test_no_grad_refuses_an_asynchronous_generator():
    async def numbers():
        yield 1

    with pytest.raises(TypeError, match=r"asynchronous generator .*numbers; enter no_grad"):
        ag.no_grad()(numbers)
