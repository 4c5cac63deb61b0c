"""What optimizers take: parameters, gradients, groups, states; each refused with its reason."""

from types import SimpleNamespace

import numpy as np
import pytest

from adabound_np import SGD, AdaBound, Adam
from adabound_np.optimizer import BLOCK
from adabound_np.parameters import (
    data_of,
    form_of,
    gradient_of,
    groups_of,
    is_moderate,
    unchanged,
)


def tensor(value, grad=None):
    """A parameter by duck type."""
    return SimpleNamespace(data=value, grad=grad)


X, GROUP = np.ones(2), {"params": [np.ones(2)]}


@pytest.mark.parametrize(
    "mixed", [[X, GROUP], [GROUP, X], [tensor(X), GROUP], [GROUP, {"lr": 1.0}]]
)
def test_groups_are_not_mixed_with_parameters(mixed):
    with pytest.raises(ValueError, match=r"params must be parameters only, or only dicts"):
        groups_of(mixed)


@pytest.mark.parametrize(
    ("p", "got"),
    [
        (3.0, "got float 3.0"),
        (tensor([1.0]), r"got list \[1.0\]"),
        (np.ones(2, int), "got ndarray of dtype int64"),
        (tensor(np.ones(2, int)), "got ndarray of dtype int64"),
    ],
)
def test_what_is_no_parameter_is_described(p, got):
    with pytest.raises(TypeError, match=f"{got}$"):
        data_of(p)


def test_a_parameter_without_grad():
    with pytest.raises(TypeError, match=r"must have an attribute \.grad, got object"):
        gradient_of(object())
    wrapped = tensor(X, tensor(np.full(2, 3.0)))
    np.testing.assert_array_equal(gradient_of(wrapped), [3.0, 3.0])
    assert gradient_of(tensor(X)) is None


@pytest.mark.parametrize("value", [1e200, -1e200])
def test_a_huge_gradient_of_a_number_is_refused(value):
    opt = Adam()
    x = np.float64(1.0)
    with pytest.raises(ValueError, match="g must not be so large that v overflows float64"):
        opt.update(x, np.float64(value), opt.init(x))
    with pytest.raises(ValueError, match="g must be finite, got inf"):
        opt.update(x, np.float64(np.inf), opt.init(x))


def test_a_python_number_takes_the_parameters_dtype():
    opt = SGD(lr=0.5)
    x, _ = opt.update(np.float32(1.0), 1.0, opt.init(np.float32(1.0)))
    assert x.dtype == np.float32
    assert x == np.float32(0.5)
    x, _ = opt.update(1, 1, opt.init(1))
    assert x.dtype == np.float64
    assert x == 0.5


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_moderate_is_two_to_the_forty_below_the_largest(dtype):
    edge = np.sqrt(np.finfo(dtype).max) * dtype(2.0**-20)
    assert is_moderate(np.array([0.99 * edge], dtype))
    assert not is_moderate(np.array([1.01 * edge], dtype))


def test_every_axis_of_hyperparameters_must_fit():
    lr = np.full((2, 1), 0.1)
    SGD([np.ones((2, 3))], lr=lr)
    with pytest.raises(ValueError, match=r"hyperparameters' \(2, 1\) broadcasts, got \(4, 3\)"):
        SGD([np.ones((4, 3))], lr=lr)


GOOD = {"lr": 0.1, "params": [0]}


@pytest.mark.parametrize(
    ("state", "groups", "message"),
    [
        ([], [GOOD], r'state_dict\["state"\] must map'),
        ({0: 3}, [GOOD], r'state_dict\["state"\] must map'),
        ({0: {}, 1: 3}, [GOOD], r'state_dict\["state"\] must map'),
        ({}, {}, r'state_dict\["param_groups"\] must be a list'),
        ({}, [3], r'state_dict\["param_groups"\] must be a list'),
        ({}, [{"lr": 0.1}], r'state_dict\["param_groups"\] must be a list'),
        ({}, [GOOD, {"params": 3}], r'state_dict\["param_groups"\] must be a list'),
    ],
)
def test_the_form_of_a_state_dict(state, groups, message):
    with pytest.raises(TypeError, match=message):
        form_of({"state": state, "param_groups": groups})
    assert form_of({"state": {0: {}}, "param_groups": [GOOD]})


def test_arrays_may_have_changed():
    lr = np.array([0.1, 0.2])
    assert not unchanged({"lr": lr}, {"lr": lr.copy()})
    x = np.ones(2)
    opt = SGD([x], lr=lr)
    opt.step(grads=[np.ones(2)])
    opt.param_groups[0]["lr"] = np.array([0.5, 0.5])
    opt.step(grads=[np.ones(2)])
    np.testing.assert_allclose(x, [1 - 0.1 - 0.5, 1 - 0.2 - 0.5])


LARGE = (4, BLOCK)  # 8 BLOCK bytes for each row


def test_a_large_parameter_that_is_a_view_takes_its_step():
    """It cannot be viewed in one dimension, so it is not cut into blocks."""
    whole = np.ones((LARGE[0], 2 * LARGE[1]))
    x, g = whole[:, ::2], np.full(LARGE, 0.5)
    AdaBound([x], lr=0.1).step(grads=[g])
    expected = np.ones(LARGE)
    AdaBound([expected], lr=0.1).step(grads=[g])
    assert expected[0, 0] != 1
    np.testing.assert_array_equal(x, expected)
    assert (whole[:, 1::2] == 1).all()


def test_a_state_in_columns_is_written_too():
    """b in Fortran's order cannot be viewed in one dimension either."""
    x, g = np.ones(LARGE), np.full(LARGE, 0.5)
    opt = SGD([x], lr=0.1, momentum=0.5)
    opt.step(grads=[g])
    state = opt.state_dict()
    state["state"][0]["b"] = np.asfortranarray(state["state"][0]["b"])
    opt.load_state_dict(state)
    opt.step(grads=[g])
    np.testing.assert_allclose(opt.state[0].b, 0.75)
    np.testing.assert_allclose(x, 1 - 0.1 * (0.5 + 0.75))


# What happens to parameters between two steps


def pair(cls=SGD, **options):
    one, two = (tensor(np.ones(2), np.ones(2)) for _ in range(2))
    return one, two, cls([one, two], lr=0.1, **options)


def test_new_data_of_one_parameter_leaves_the_states_of_others():
    _, two, opt = pair(momentum=0.5)
    opt.step()
    two.data = two.data.copy()
    opt.step()
    assert [s.t for s in opt.state] == [2, 2]
    np.testing.assert_allclose([s.b[0] for s in opt.state], [1.5, 1.5])


def test_the_rate_of_the_last_step_survives_new_data():
    one, _, opt = pair()
    opt.step()
    one.data, one.grad = one.data.copy(), None
    opt.step()  # the other's
    opt.param_groups[0]["lr"] = 0.7
    np.testing.assert_array_equal(opt.effective_lr()[0], [0.1, 0.1])


def test_a_parameter_that_was_locked():
    _, two, opt = pair()
    two.data.flags.writeable = False
    with pytest.raises(ValueError, match=r"params\[1\] must be writable, got a read-only array"):
        opt.step()
    two.data.flags.writeable = True
    opt.step()
    two.data.flags.writeable = False
    with pytest.raises(ValueError, match=r"params\[1\] must be writable, got a read-only array"):
        opt.step()
    assert [s.t for s in opt.state] == [1, 1]
    x = np.ones(2)
    opt = SGD([x], lr=0.1)
    opt.step(grads=[np.ones(2)])
    x.flags.writeable = False
    with pytest.raises(ValueError, match=r"params\[0\] must be writable, got a read-only array"):
        opt.step(grads=[np.ones(2)])


def test_new_data_of_another_shape():
    one, _, opt = pair(momentum=0.5)
    opt.step()
    one.data, one.grad = np.ones(3), np.ones(3)
    text = r"params\[0\] must keep the shape and dtype of its state, \(2,\) and float64, got \(3,\)"
    with pytest.raises(ValueError, match=text):
        opt.step()
    one, two = (tensor(np.ones(2), np.ones(2)) for _ in range(2))
    opt = SGD([one, two], lr=np.array([0.1]))
    one.grad = None
    opt.step()
    one.data, one.grad = np.array(1.0), np.array(1.0)
    with pytest.raises(ValueError, match=r"params\[0\] must have a shape .* \(1,\) broadcasts"):
        opt.step()
    np.testing.assert_allclose(two.data, [0.9, 0.9])


def test_groups_that_were_changed():
    _, _, opt = pair()
    opt.param_groups[0]["lr"] = np.array([0.1, 0.2, 0.3])
    with pytest.raises(ValueError, match=r"a parameter of param_groups\[0\] must have a shape"):
        opt.step()
    opt.param_groups[0] = [1]
    with pytest.raises(TypeError, match=r"param_groups\[0\] must be a dict, got \[1\]"):
        opt.step()


def test_a_state_before_the_first_step_may_be_loaded():
    _, _, opt = pair()
    opt.step()
    state = opt.state_dict()
    state["state"][0] = {"t": 0, "b": np.zeros(2)}
    opt.load_state_dict(state)
    assert [s.t for s in opt.state] == [0, 1]
    state["state"][0]["t"] = 2**53 - 1
    opt.load_state_dict(state)
    state["state"][0]["t"] = 2**53
    with pytest.raises(ValueError, match=r"must be an integer from 0 to 2\^53 - 1, got 9007"):
        opt.load_state_dict(state)
    state["state"][0]["t"] = -1
    with pytest.raises(ValueError, match=r"t of params\[0\] must be an integer from 0"):
        opt.load_state_dict(state)
    state["state"][0] = {"t": 1, "b": np.array([1.0, np.nan])}
    with pytest.raises(ValueError, match=r"b of params\[0\] must be finite"):
        opt.load_state_dict(state)


def test_rates_and_decays_of_single_coordinates():
    """A schedule's share, and decoupled decay, where they differ between coordinates."""
    x = np.ones(2)
    opt = SGD([x], lr=np.array([0.1, 0.1]))
    opt.param_groups[0]["lr"] = np.array([0.1, 0.05])
    opt.step(grads=[np.ones(2)])
    np.testing.assert_allclose(x, [0.9, 0.95])
    x = np.ones(2)
    decay = {"weight_decay": np.array([0.0, 0.5]), "decoupled_weight_decay": True}
    SGD([x], lr=0.1, **decay).step(grads=[np.zeros(2)])
    np.testing.assert_allclose(x, [1, 0.95])


@pytest.mark.parametrize("method", ["project", "elementwise"])
def test_half_a_feasible_set(method):
    with pytest.raises(TypeError, match="feasible must be None or a FeasibleSet"):
        SGD([np.ones(2)], lr=0.1, feasible=SimpleNamespace(**{method: None}))


@pytest.mark.parametrize("numbers", [[1, 0], [7, 9], ["a", None], [0, 0]])
def test_parameters_of_a_state_are_in_order(numbers):
    _, _, opt = pair()
    opt.step()
    state = opt.state_dict()
    state["param_groups"][0]["params"] = numbers
    with pytest.raises(ValueError, match="state_dict must number parameters 0 to 1 in order, got"):
        opt.load_state_dict(state)


def test_no_number_is_no_hyperparameter():
    _, _, opt = pair()
    state = opt.state_dict()
    state["param_groups"][0]["lr"] = np.zeros((1, 0))
    with pytest.raises(ValueError, match="lr must have a number or more, got an empty array"):
        opt.load_state_dict(state)
