"""What the comparisons rest on; needs no peer."""

import numpy as np
import pytest

from adabound_np import Adam, optimizer
from tests.oracles import runs
from tests.oracles.peers import peer


def test_problem_is_what_it_claims():
    problem = runs.Problem()
    g = np.array([problem.gradient(t, problem.start) for t in range(runs.STEPS)])
    assert np.any(g[:20, 0] != 0)  # the scalar
    assert np.all(g[:20, 7::7] == 0) and np.any(g[20:, 7::7] != 0)
    assert np.all(g[:, 31::31] == 0)
    assert 0.05 < np.mean(g == 0) < 0.2
    moved = np.array([problem.gradient(t, problem.start + 1) for t in range(runs.STEPS)])
    assert np.any(moved != g, axis=0)[1::2].mean() > 0.9
    assert not np.any(moved != g, axis=0)[::2].any()
    assert runs.split(problem.start)[-1].nbytes > 2 * optimizer.BLOCK == 2 * runs.BLOCK


def test_blocks_do_not_show(monkeypatch):
    problem = runs.Problem()
    blocked = runs.run_ours(problem, Adam)
    monkeypatch.setattr(optimizer, "BLOCK", 1 << 20)
    np.testing.assert_array_equal(blocked, runs.run_ours(problem, Adam))


@pytest.mark.parametrize(("dtype", "error"), [(np.float64, 1.3e-12), (np.float32, 2.5e-5)])
def test_comparison_sees_a_small_difference(dtype, error):
    path = runs.run_ours(runs.Problem(dtype), Adam)
    runs.assert_same(path, path)
    other = path.copy()
    peak = np.abs(path[:, 5]).argmax()
    other[peak, 5] *= 1 + error
    with pytest.raises(AssertionError, match=f"they part at step {peak + 1};"):
        runs.assert_same(other, path)
    other[peak, 5] = np.nan
    with pytest.raises(AssertionError, match="they part"):
        runs.assert_same(other, path)


def test_peer_returns_skips_or_fails(monkeypatch):
    assert peer("math").sqrt(4) == 2
    monkeypatch.delenv("REQUIRE_ORACLES", raising=False)
    with pytest.raises(pytest.skip.Exception, match="no_such_peer is not installed"):
        peer("no_such_peer")
    monkeypatch.setenv("REQUIRE_ORACLES", "1")
    with pytest.raises(pytest.fail.Exception, match="no_such_peer is not installed"):
        peer("no_such_peer")
