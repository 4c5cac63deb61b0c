"""Against pytorch_optimizer's AdaBound."""

import numpy as np
import pytest

import adabound_np as ab
from tests.oracles.peers import peer
from tests.oracles.runs import Problem, assert_same, moved_apart, run_ours, run_torch

INSIDE = 1e-15  # what pytorch_optimizer adds to v_t, inside the root


class AdaBoundAsThere(ab.AdaBound):
    """AdaBound with 1e-15 under the root, the one difference in pytorch_optimizer's rate."""

    @staticmethod
    def learning_rate(h, s, t):
        return ab.AdaBound.learning_rate(h, s._replace(v=s.v + INSIDE), t)


class AMSBoundAsThere(ab.AMSBound):
    @staticmethod
    def learning_rate(h, s, t):
        return ab.AMSBound.learning_rate(h, s._replace(v_hat=s.v_hat + INSIDE), t)


class AdaBoundUncorrected(AdaBoundAsThere):
    """Bias correction by sqrt(1 - beta2^t) alone, as pytorch_optimizer's adam_debias does."""

    @staticmethod
    def learning_rate(h, s, t):
        h = type(h)(**{**vars(h), "alpha": h.alpha * (1 - h.beta1.product(t))})
        return AdaBoundAsThere.learning_rate(h, s, t)


@pytest.fixture(scope="module")
def torch():
    return peer("torch")


@pytest.fixture(scope="module")
def there(torch):
    return peer("pytorch_optimizer").AdaBound


COUPLED = {"weight_decouple": False}, {}
DECOUPLED = {"weight_decouple": True}, {"decoupled_weight_decay": True}
FIXED = (
    {"weight_decouple": True, "fixed_decay": True},
    {"decoupled_weight_decay": True, "fixed_decay": True},
)
DECAYS = [COUPLED, DECOUPLED, FIXED]  # (arguments there, arguments here)
CASES = [
    ({}, DECOUPLED, False),
    ({}, DECOUPLED, True),
    *[
        ({"lr": 0.01, "weight_decay": 0.1}, decay, ams_bound)
        for decay in DECAYS
        for ams_bound in (False, True)
    ],
    ({"gamma": 0.1, "final_lr": 0.01, "weight_decay": 5e-4}, COUPLED, False),
    ({"lr": 0.05, "betas": (0.5, 0.9), "gamma": 0.01}, COUPLED, True),
    ({"betas": (0.0, 0.99), "eps": 0.1, "weight_decay": 0.01}, FIXED, True),
]


def compare(torch, there, mode, decay, ams_bound, dtype=np.float64, before=lambda opt, t: None):
    problem = Problem(dtype)
    ours = AMSBoundAsThere if ams_bound else AdaBoundAsThere
    assert_same(
        run_ours(problem, lambda params: ours(params, **mode, **decay[1]), before),
        run_torch(
            torch,
            problem,
            lambda params: there(params, **mode, **decay[0], ams_bound=ams_bound),
            before,
        ),
    )


@pytest.mark.parametrize(("mode", "decay", "ams_bound"), CASES, ids=str)
def test_float64(torch, there, mode, decay, ams_bound):
    compare(torch, there, mode, decay, ams_bound)


def test_float32(torch, there):
    mode = {"lr": 0.01, "weight_decay": 0.01}
    compare(torch, there, mode, DECOUPLED, ams_bound=False, dtype=np.float32)


@pytest.mark.parametrize("decay", DECAYS, ids=str)
def test_a_changed_rate_scales_bounds_and_decay(torch, there, decay):
    factors = {200: 3.0, 400: 0.0, 450: 0.5, 800: 1.0}

    def before(opt, t):
        if t in factors:
            opt.param_groups[0]["lr"] = 0.01 * factors[t]

    mode = {"lr": 0.01, "weight_decay": 1e-3}
    compare(torch, there, mode, decay, ams_bound=False, before=before)


def test_groups(torch, there):
    own = [{"lr": 0.02, "final_lr": 0.01}, {"betas": (0.5, 0.8)}, {"gamma": 0.05, "eps": 1e-3}]

    def grouped(params):
        parts = params[:1], params[1:3], params[3:]
        return [{"params": part, **more} for part, more in zip(parts, own, strict=True)]

    problem = Problem()
    assert_same(
        run_ours(problem, lambda params: AdaBoundAsThere(grouped(params))),
        run_torch(torch, problem, lambda params: there(grouped(params))),
    )


def test_what_is_under_the_root(torch, there):
    # sqrt(v_t + 1e-15) is above sqrt(v_t) by at most the factor 1 + 1e-15 / (2 v_t): below half
    # an ulp, and so not seen at all, where v_t > 5. Here v_t >= 0.001 * 100^2 at first, and of
    # that 0.999^999 = 0.37 at least at the end.
    problem = Problem(quadratic=False, sizes=(100.0, 200.0))
    problem.alive[0] = True
    mode = {"lr": 0.01, "final_lr": 1e-3}
    assert_same(
        run_ours(problem, lambda params: ab.AdaBound(params, **mode)),
        run_torch(torch, problem, lambda params: there(params, **mode)),
    )
    # Where v_t < 1e-15 it is seen. Unclipped, with v = (1 - beta2) g^2, a first step of length lr
    # becomes lr sqrt(v / (v + 1e-15)).
    g = 1e-7
    x = torch.zeros(1, dtype=torch.float64, requires_grad=True)
    x.grad = torch.full_like(x, g)
    mode = {"final_lr": 1.0, "gamma": 1e-12, "eps": 0.0}
    there([x], **mode).step()
    y = np.zeros(1)
    ab.AdaBound([y], **mode).step(grads=[np.full(1, g)])
    v = 0.001 * g**2
    assert y.item() == pytest.approx(-1e-3, rel=1e-12)
    assert x.item() == pytest.approx(-1e-3 * (v / (v + INSIDE)) ** 0.5, rel=1e-12)


def test_decay_is_decoupled_by_default(torch, there):
    # Their default weight decay shrinks x_t by 1 - lr lambda, then steps with the undecayed
    # gradient at the x_t from before; ours by default adds lambda x_t to the gradient.
    lr, decay = 0.01, 0.1
    problem = Problem()
    theirs = run_torch(torch, problem, lambda params: there(params, lr=lr, weight_decay=decay))

    def shrinking(params, grads):
        opt = AdaBoundAsThere(params, lr=lr)

        def step(t):
            for x in params:
                np.multiply(x, 1 - lr * decay, out=x)
            opt.step(grads=grads)

        return step

    def penalised(params, grads):
        opt = AdaBoundAsThere(params, lr=lr)

        def step(t):
            opt.step(grads=[g + decay * x for g, x in zip(grads, params, strict=True)])

        return step

    assert_same(problem.run(shrinking), theirs)
    ours = run_ours(problem, lambda params: AdaBoundAsThere(params, lr=lr, weight_decay=decay))
    assert_same(ours, problem.run(penalised))
    assert moved_apart(ours, theirs) > 1e-3


def test_adam_debias(torch, there):
    # Their switch leaves out the division by 1 - beta1^t (AdamD), before the clip.
    problem = Problem()
    theirs = run_torch(
        torch,
        problem,
        lambda params: there([{"params": params, "lr": 0.01, "adam_debias": True}], lr=0.01),
    )
    assert_same(run_ours(problem, lambda params: AdaBoundUncorrected(params, lr=0.01)), theirs)
    corrected = run_ours(problem, lambda params: AdaBoundAsThere(params, lr=0.01))
    assert moved_apart(corrected, theirs) > 1e-4
