"""Bad input: a clear error that names the argument, and nothing changed."""

import math
import pickle

import numpy as np
import pytest

from adabound_np import (
    CSGD,
    SGD,
    AdaBound,
    Adam,
    AdamNC,
    Box,
    Constant,
    CosineDecaySchedule,
    DynamicBounds,
    Geometric,
    Harmonic,
    InverseTime,
    InvSqrt,
    JoinedSchedules,
    L2Ball,
    LinearSchedule,
    PairOfBounds,
    ReduceLROnPlateau,
    RMSprop,
    SavareseBounds,
    StepDecay,
)
from adabound_np.schedules import FromCallable, Scaled
from tests.roster import CASES


@pytest.mark.parametrize(
    "cls", sorted({cls for cls, _ in CASES.values()}, key=lambda c: c.__name__)
)
@pytest.mark.parametrize("lr", [0, -1, -0.0, math.nan, math.inf, "0.1", None, True, [0.1, -1], 1j])
def test_lr(cls, lr):
    with pytest.raises((TypeError, ValueError), match=r"^lr must be .*got"):
        cls(lr=lr)
    with pytest.raises((TypeError, ValueError), match=r"^lr must be .*got"):
        cls([{"params": [np.zeros(2)], "lr": lr}])


BAD = [
    (Adam, {"betas": (1.0, 0.9)}, r"betas\[0\] must be in \[0, 1\), got 1.0"),
    (Adam, {"betas": (0.9, -0.1)}, r"betas\[1\] must be in \[0, 1\), got -0.1"),
    (Adam, {"betas": (0.9, math.nan)}, r"betas\[1\] must be"),
    (Adam, {"betas": 0.9}, r"betas must be a pair"),
    (Adam, {"betas": (lambda t: 1.0, 0.9)}, r"betas\[0\] at t = 1 must be in \[0, 1\), got 1.0"),
    (Adam, {"betas": (0.9, lambda t: 0.9)}, r"betas\[1\] must be a real number"),
    (Adam, {"eps": -1e-8}, r"eps must be in \[0, inf\), got -1e-08"),
    (Adam, {"bias_correction": 1}, r"bias_correction must be True or False, got 1"),
    (Adam, {"weight_decay": -1}, r"weight_decay must be in \[0, inf\), got -1"),
    (Adam, {"schedule": "sqrt"}, r"unknown schedule 'sqrt'; did you mean 'inv-sqrt'\?"),
    (Adam, {"schedule": lambda t: math.nan}, r"schedule at t = 1 must be in \[0, inf\), got nan"),
    (Adam, {"feasible": (-1, 1)}, r"feasible must be None or a FeasibleSet, got \(-1, 1\)"),
    (SGD, {"momentum": "constant"}, r"momentum must be in \[0, 1\), got 1.0"),
    (CSGD, {"momentum": "inv-sqrt"}, r"momentum at t = 1 must be in \[0, 1\), got 1.0"),
    (AdamNC, {"betas": (0.9, "constant")}, r"betas\[1\] must be in \[0, 1\), got 1.0"),
    (Adam, {"betas": ("inv-sqrt", 0.9)}, r"betas\[0\] at t = 1 must be in \[0, 1\), got 1.0"),
    (Adam, {"betas": {0.9, 0.999}}, r"betas must be a pair"),
    (Adam, {"betas": (0.9, [0.9, [0.9]])}, r"betas\[1\] must be a real number"),
    (Adam, {"eps": 10**400}, r"eps must fit a float, got an integer of 1329 bits"),
    (Adam, {"eps": 10**5000}, r"eps must fit a float"),
    (Adam, {"eps": np.ma.array([0.1, 0.2], mask=[0, 1])}, r"eps must be a real number"),
    (AdaBound, {"bounds": {0.1, 0.2}}, r"bounds must be None, a pair"),
    (AdaBound, {"bounds": (0.1, math.nan)}, r"bounds\[1\] \(eta_u\) must be in"),
    (Adam, {"wieght_decay": 0.1}, r"has no hyperparameter 'wieght_decay'.*'weight_decay'"),
    (AdamNC, {"betas": (0.9, 1.0)}, r"betas\[1\] must be in \[0, 1\), got 1.0"),
    (RMSprop, {"alpha": 1}, r"alpha must be in \[0, 1\), got 1"),
    (SGD, {"momentum": 1.0}, r"momentum must be in \[0, 1\), got 1.0"),
    (SGD, {"nesterov": True}, r"nesterov must go with momentum > 0"),
    (SGD, {"nesterov": True, "momentum": 0.9, "dampening": 0.1}, r"nesterov must go with"),
    (AdaBound, {"gamma": 0}, r"gamma must be in \(0, inf\], got 0"),
    (AdaBound, {"gamma": -1e-3}, r"gamma must be in \(0, inf\], got -0.001"),
    (AdaBound, {"final_lr": 0.0}, r"final_lr must be in \(0, inf\), got 0.0"),
    (AdaBound, {"bounds": (0.2, 0.1)}, r"eta_l\(t\) <= eta_u\(t\), got 0.2 > 0.1 at t = 1"),
    (AdaBound, {"bounds": 0.1}, r"bounds must be None, a pair"),
    (AdaBound, {"bounds": (-1, 1)}, r"bounds\[0\] \(eta_l\) must be in"),
]


@pytest.mark.parametrize(("cls", "kw", "message"), BAD)
def test_hyperparameters(cls, kw, message):
    with pytest.raises((TypeError, ValueError), match=message):
        cls(**kw)
    with pytest.raises((TypeError, ValueError), match=message):  # in its own group too
        cls([{"params": [np.zeros(1)], **kw}])


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: StepDecay([0]), "milestones must be an integer of at least 1, got 0"),
        (lambda: StepDecay([20, 10]), r"milestones must be increasing, got \[20, 10\]"),
        (lambda: StepDecay([10], factor=0), "factor must be in"),
        (lambda: Geometric(0.9, 1.0), "ratio must be in"),
        (lambda: Geometric(1.0, 0.5), "value must be in"),
        (lambda: LinearSchedule(-1, 1, 5), "init_value must be in"),
        (lambda: LinearSchedule(0, 1, 0), "transition_steps must be an integer"),
        (lambda: CosineDecaySchedule(5, 1.5), "alpha must be in"),
        (lambda: JoinedSchedules([0.1, 0.2], [5, 3]), "boundaries must be increasing, one fewer"),
        (lambda: JoinedSchedules([0.1], []), "boundaries must be increasing, one fewer"),
        (lambda: JoinedSchedules([0.1, -1], [5]), "schedules must be in"),
        (lambda: ReduceLROnPlateau(SGD(), factor=1.0), "factor must be in"),
        (lambda: ReduceLROnPlateau(SGD(), mode="least"), "mode must be one of min, max, got"),
        (lambda: ReduceLROnPlateau(None), "optimizer must be an Optimizer"),
        (lambda: ReduceLROnPlateau(SGD()).step(math.nan), "metrics must be in"),
        (lambda: StepDecay(10), "milestones must be a sequence of integers, got 10"),
        (lambda: Harmonic("a"), "value must be a real number"),
        (lambda: InverseTime(-1), "decay must be in"),
        (lambda: Constant("a"), "value must be a real number"),
        (lambda: Constant(math.nan), "value must be in"),
        (lambda: Scaled(-1, InvSqrt()), "factor must be in"),
        (lambda: Scaled(1, None), "schedule must be a real number"),
        (lambda: FromCallable(3), "function must be callable, got 3"),
        (lambda: PairOfBounds(2, 1), "eta_l.t. <= eta_u.t., got 2.0 > 1.0"),
        (lambda: PairOfBounds(0.1, "a"), "unknown bounds"),
        (lambda: Box(math.nan, 1.0), "lo must be at most hi"),
        (lambda: Box(math.inf, math.inf), "lo must be at most hi"),
        (lambda: L2Ball(1.0, center=math.nan), "center must be in"),
        (lambda: L2Ball(1.0, axis=0.5), "axis must be None, an integer or a tuple"),
        (lambda: SavareseBounds(alpha=-1, C=64, beta2=0.5, K=1), "alpha must be in"),
        (lambda: Box(1.0, -1.0), "lo must be at most hi"),
        (lambda: Box("a", 1.0), "lo must be a real number"),
        (lambda: L2Ball(0.0), "radius must be in"),
        (lambda: DynamicBounds(0.1, -1), "gamma must be in"),
        (lambda: SavareseBounds(alpha=0.1, C=0.5, beta2=0.5, K=10), "C must be in"),
        (lambda: SavareseBounds(alpha=0.1, C=64, beta2=0.5, K=0), "K must be an integer"),
    ],
)
def test_parts(make, message):
    with pytest.raises((TypeError, ValueError), match=message):
        make()


class Tensor:
    def __init__(self, data, grad=None):
        self.data, self.grad = data, grad


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ([], "params must hold at least one"),
        (np.zeros(3), "params must be a list"),
        (Tensor(np.zeros(3)), "params must be a list"),
        (3, "params must be a list"),
        ({np.float64(1.0)}, "params must be a list of parameters or of groups, got set"),
        ({"params": [np.zeros(1)]}, "params must be a list of parameters or of groups, got dict"),
        ("x", "params must be a list"),
        ([{"params": {1.0, 2.0}}], "params must be a list of parameters, got set"),
        ([np.zeros(3, np.float16)], r"params\[0\] must be .* float32 or wider, got .* float16"),
        ([np.ones((1, 1)).view(np.matrix)], r"params\[0\] must be a plain array .* got matrix"),
        ([np.ma.array([1.0])], r"params\[0\] must be a plain array .* got MaskedArray"),
        ([Tensor(np.zeros(3, np.float16))], r"params\[0\] must be .* float32 or wider"),
        ([np.zeros(3, int)], r"params\[0\] must be a float array"),
        ([np.zeros(3), [1.0]], r"params\[1\] must be a float array"),
        ([Tensor([1.0])], r"params\[0\] must be a float array"),
        ([{"params": [np.zeros(1)]}, np.zeros(1)], "params must be parameters only, or only dicts"),
        ([{"lr": 0.1}], 'only dicts with a key "params"'),
        ([{"params": [np.zeros(1)], "Lr": 0.1}], "no hyperparameter 'Lr'; did you mean 'lr'"),
    ],
)
def test_params(params, message):
    with pytest.raises((TypeError, ValueError), match=message):
        Adam(params)


def test_a_parameter_twice_and_a_read_only_one():
    x = np.zeros(3)
    with pytest.raises(ValueError, match=r"params\[1\] must not occur twice"):
        Adam([x, x])
    frozen = np.zeros(3)
    frozen.flags.writeable = False
    opt = Adam([x])
    with pytest.raises(ValueError, match=r"params\[1\] must be writable"):
        opt.add_param_group({"params": [frozen]})
    assert len(opt.param_groups) == len(opt.state) == 1


GOOD = np.ones(3)
REFUSED = [
    (np.ones(4), r"the gradient of params\[1\] must have the parameter's shape \(3,\), got \(4,\)"),
    (np.ones((3, 1)), r"params\[1\] must have the parameter's shape"),
    (np.ones(3, np.float32), r"params\[1\] must have the parameter's dtype float64, got float32"),
    (np.ones(3, int), r"params\[1\] must have the parameter's dtype float64, got int64"),
    (np.array([1, np.nan, 0]), r"params\[1\] must be finite, got nan at index \(1,\) \(1 of 3"),
    (np.array([np.inf, -np.inf, 0]), r"must be finite, got inf at index \(0,\) \(2 of 3"),
    ("text", r"params\[1\] must have the parameter's dtype"),
    (np.ma.array(np.ones(3), mask=[0, 1, 0]), r"params\[1\] must be a plain array"),
]


@pytest.mark.parametrize(("bad", "message"), REFUSED)
@pytest.mark.parametrize("case", CASES)
def test_a_refused_step_changes_nothing(case, bad, message):
    cls, kw = CASES[case]
    x, y = np.zeros(3), np.zeros(3)
    opt = cls([x, y], **kw)
    opt.step(grads=[GOOD, GOOD])
    before = pickle.dumps((x, y, opt.state_dict()))
    with pytest.raises((TypeError, ValueError), match=message):
        opt.step(grads=[GOOD, bad])  # the first parameter must not have moved either
    assert pickle.dumps((x, y, opt.state_dict())) == before
    with pytest.raises((TypeError, ValueError), match=r"^g must"):
        opt.update(np.zeros(3), bad, opt.init(np.zeros(3)))


def test_a_schedule_that_fails_later_stops_the_step_before_it_starts():
    def schedule(t):
        return 1.0 if t < 3 else math.nan

    x, y = np.zeros(3), np.zeros(3)
    opt = Adam([{"params": [x]}, {"params": [y], "schedule": schedule}])
    for _ in range(2):
        opt.step(grads=[GOOD, GOOD])
    before = pickle.dumps((x, y, opt.state))
    with pytest.raises(ValueError, match="schedule at t = 3 must be in"):
        opt.step(grads=[GOOD, GOOD])
    assert pickle.dumps((x, y, opt.state)) == before


def test_bounds_that_cross_later_stop_the_step_before_it_starts():
    x, y = np.zeros(3), np.zeros(3)
    crossing = (lambda t: 0.1 * t, 0.25)
    opt = AdaBound([{"params": [x]}, {"params": [y], "bounds": crossing}])
    for _ in range(2):
        opt.step(grads=[GOOD, GOOD])
    before = pickle.dumps((x, y, opt.state))
    with pytest.raises(ValueError, match=r"eta_l\(t\) <= eta_u\(t\), got .* at t = 3"):
        opt.step(grads=[GOOD, GOOD])
    assert pickle.dumps((x, y, opt.state)) == before


class Closing:
    """Bounds that cross at t = 3."""

    def eta_l(self, t):
        return 0.1 * t

    def eta_u(self, t):
        return 0.25


@pytest.mark.parametrize("size", [3, 100_000])
def test_a_bounds_object_that_crosses_later_stops_the_step(size):
    x = np.zeros(size)
    opt = AdaBound([x], bounds=Closing())
    for _ in range(2):
        opt.step(grads=[np.ones(size)])
    before = x.copy()
    with pytest.raises(ValueError, match=r"eta_l\(t\) <= eta_u\(t\), got .* at t = 3"):
        opt.step(grads=[np.ones(size)])
    np.testing.assert_array_equal(x, before)
    assert opt.state[0].t == 2


def test_a_projection_that_fails_stops_the_step():
    x, y = np.zeros(3), np.array([3.0, 0.0, 0.0])
    opt = Adam.as_in_paper([{"params": [x]}, {"params": [y], "feasible": L2Ball(1.0)}])
    with pytest.raises(ValueError, match="cannot be projected"):
        opt.step(grads=[GOOD, np.array([0.0, 1.0, 1.0])])  # y[0] is outside, and may not move
    assert not x.any()
    assert opt.state == [None, None]


def test_group_values_changed_for_the_worse():
    x = np.zeros(3)
    opt = Adam([x])
    for name, value in (("lr", math.nan), ("lr", -1.0), ("betas", (2, 2)), ("eps", "no")):
        good = opt.param_groups[0][name]
        opt.param_groups[0][name] = value
        with pytest.raises((TypeError, ValueError), match=name):
            opt.step(grads=[GOOD])
        opt.param_groups[0][name] = good
    assert not x.any()
    opt.param_groups[0]["lr"] = 0.0  # a scheduler may end at 0
    opt.step(grads=[GOOD])
    assert not x.any()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda opt: opt.step(), "bare array without .grad"),
        (lambda opt: opt.step([GOOD]), "closure must be callable"),
        (lambda opt: opt.step(grads=(g for g in [GOOD])), "grads must be a list .*, got generator"),
        (lambda opt: opt.step(grads={0: GOOD}), "grads must be a list or a tuple, got dict"),
        (lambda opt: opt.step(grads=GOOD), "grads must be a list or a tuple, got ndarray"),
        (
            lambda opt: opt.update(np.float16(1), np.float16(1), None),
            "x must be of a floating dtype",
        ),
        (lambda opt: opt.init(np.ma.array([1.0])), "x must be a plain array"),
        (lambda opt: opt.step(grads=[]), "one gradient for each of 1 parameters, got 0"),
        (lambda opt: opt.update([1, 2], [1, 2], None), "x must be of a floating dtype"),
        (lambda opt: opt.add_param_group([GOOD]), "group must be a dict"),
    ],
)
def test_calls(call, message):
    with pytest.raises((TypeError, ValueError), match=message):
        call(Adam([np.zeros(3)]))


@pytest.mark.parametrize("shape", [(3,), (2, 1), (2, 3)])
def test_array_hyperparameters_must_fit(shape):
    message = "hyperparameters' .* broadcasts, got"
    with pytest.raises(ValueError, match=message):
        Adam(lr=np.ones(shape)).init(np.zeros(2))
    with pytest.raises(ValueError, match=message):
        Adam([np.zeros(2)], lr=np.ones(shape))


def test_large_finite_gradients_are_no_overflow():
    x = np.zeros(3, np.float32)
    opt = SGD([x], lr=1e-30)
    opt.step(grads=[np.full(3, 1e30, np.float32)])  # its squares overflow, it does not
    np.testing.assert_allclose(x, -1, rtol=1e-6)
