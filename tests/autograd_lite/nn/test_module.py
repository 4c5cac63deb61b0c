"""What a module finds among its attributes, and what it refuses to lose."""

import copy
import pickle
from collections import deque

import numpy as np
import pytest

import autograd_lite as ag
from autograd_lite import nn, ops


def linear():
    return nn.Linear(2, 2, rng=0)


def module_with(value):
    module = nn.Module()
    module.first = linear()
    module.hidden = value
    return module


@pytest.mark.parametrize(
    ("modules", "named"),
    [
        ((linear(), ops.relu, linear()), "got the function relu as number 1"),
        (([linear(), linear()],), r"got \[.*\] as number 0"),
        ((linear(), nn.ReLU), "got the class ReLU as number 1"),
        ((linear(), None), "got None as number 1"),
    ],
)
def test_sequential_refuses_what_is_no_module(modules, named):
    with pytest.raises(TypeError, match=f"modules must be modules, such as nn.ReLU.*{named}"):
        nn.Sequential(*modules)


objects = np.empty(1, object)
objects[0] = linear()


@pytest.mark.parametrize(
    "value",
    [
        [linear()],
        (linear(),),
        {linear()},
        deque([linear()]),
        {"a": linear()},
        {linear(): "a"},
        [[1], [("x", linear())]],
        {"a": {"b": [linear()]}},
        [ag.Tensor([1.0], requires_grad=True)],
        {"a": ag.Tensor([1.0], requires_grad=True)},
        objects,
    ],
    ids=lambda value: type(value).__name__,
)
@pytest.mark.parametrize(
    "use",
    [
        lambda m: list(m.parameters()),
        lambda m: m.state_dict(),
        lambda m: list(m.modules()),
        lambda m: m.eval(),
        lambda m: m.zero_grad(),
        lambda m: m.load_state_dict({}),
    ],
)
def test_parts_in_containers_are_refused(value, use):
    module = module_with(value)
    with pytest.raises(TypeError, match=r"hidden is a .* of modules or parameters.*use Sequential"):
        use(module)
    assert module.first.training
    with pytest.raises(TypeError, match=r"part\.hidden is a"):
        use(module_with_part(module))


def module_with_part(part):
    module = nn.Module()
    module.part = part
    return module


def test_containers_of_anything_else_are_the_users_own():
    x = ag.Tensor([1.0], requires_grad=True)
    loop = [1]
    loop.append(loop)
    own = [1, "a", np.ones(2), loop, ag.Tensor([1.0]), 2 * x, {"n": [None]}]
    assert [name for name, _ in module_with(own).named_parameters()] == [
        *("first.weight", "first.bias")
    ]


@pytest.mark.parametrize("value", [linear(), [linear()], ag.Tensor([1.0], requires_grad=True)])
def test_parts_on_the_class_are_refused(value):
    with pytest.raises(TypeError, match=r"Net\.layer belongs to the class"):
        type("Net", (nn.Module,), {"layer": value})


def test_only_leaves_that_require_a_gradient_are_parameters():
    module = nn.Module()
    module.weight = ag.Tensor([1.0], requires_grad=True)
    module.constant = ag.Tensor([2.0])
    module.buffer = np.array([3.0])
    module.result = 2 * module.weight
    assert [name for name, _ in module.named_parameters()] == ["weight"]
    assert sorted(module.state_dict()) == ["buffer", "constant", "weight"]
    module.result.backward()
    assert sorted(module.state_dict()) == ["buffer", "constant", "weight"]
    module.load_state_dict({"buffer": [6.0], "constant": [5.0], "weight": [4.0]})
    assert (module.buffer[0], module.constant.item(), module.weight.item()) == (6, 5, 4)


def test_frozen_parameters_stay_in_the_state():
    layer = linear()
    layer.weight.requires_grad = False
    assert [name for name, _ in layer.named_parameters()] == ["bias"]
    assert sorted(layer.state_dict()) == ["bias", "weight"]
    ops.square(layer(np.ones((3, 2), np.float32))).sum().backward()
    assert layer.weight.grad is None
    assert layer.bias.grad is not None


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        (lambda m, s: s.update(bias=["a", "b"]), TypeError, "bias must be an array of real"),
        (lambda m, s: s.update(bias=[1j, 2j]), TypeError, "bias must be an array of real"),
        (lambda m, s: m.bias.data.setflags(write=False), ValueError, "bias .* is read-only"),
    ],
)
def test_state_that_cannot_be_set_changes_nothing(change, error, message):
    layer = linear()
    before, state = layer.state_dict(), {k: v + 1 for k, v in layer.state_dict().items()}
    change(layer, state)
    with pytest.raises(error, match=message):
        layer.load_state_dict(state)
    for name, value in layer.state_dict().items():
        assert np.array_equal(before[name], value)


COPIES = [copy.copy, copy.deepcopy, lambda x: pickle.loads(pickle.dumps(x))]


@pytest.mark.parametrize("duplicate", COPIES[1:])
def test_copies_of_modules_share_what_the_module_shares(duplicate):
    module = nn.Sequential(nn.Linear(2, 2, rng=0), nn.Linear(2, 2, rng=1))
    module[1].weight = module[0].weight
    twin = duplicate(module)
    assert twin[1].weight is twin[0].weight
    twin[0].weight.data += 1
    assert not np.array_equal(twin[0].weight.data, module[0].weight.data)


class Tower(nn.Module):
    """Layers that a loop runs through."""

    def __init__(self):
        self.layers = nn.ModuleList(nn.Linear(3, 3, rng=i) for i in range(2))
        self.layers.append(nn.Linear(3, 3, rng=2))
        self.scale = 0.5

    def forward(self, x):
        for layer in self.layers:
            x = x + self.scale * np.tanh(layer(x))
        return x


def test_parts_in_a_module_list_are_found():
    model = Tower()
    assert [name for name, _ in model.named_parameters()] == [
        f"layers.{i}.{name}" for i in range(3) for name in ("weight", "bias")
    ]
    model(np.ones((2, 3), np.float32)).sum().backward()
    assert all(p.grad is not None for p in model.parameters())
    assert not model.eval().layers[1].training
    other = Tower()
    for p in other.parameters():
        p.data *= 0
    other.load_state_dict(model.state_dict())
    assert np.array_equal(other.layers[2].weight.data, model.layers[2].weight.data)
    copied = pickle.loads(pickle.dumps(model))
    assert np.array_equal(copied.layers[2].weight.data, model.layers[2].weight.data)


def test_a_module_list_is_a_list():
    first, second, third = linear(), nn.ReLU(), linear()
    modules = nn.ModuleList([first])
    modules.extend([second, third])
    assert list(modules) == [first, second, third]
    assert (len(modules), modules[0], modules[-1]) == (3, first, third)
    assert len(nn.ModuleList()) == 0


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: nn.ModuleList([linear(), ops.relu]), "got the function relu as number 1"),
        (lambda: nn.ModuleList(linear()), "modules must be a list of modules, got Linear"),
        (lambda: nn.ModuleList(3), "modules must be a list of modules, got 3"),
        (lambda: nn.ModuleList().append([linear()]), r"got \[.*\] as number 0"),
        (lambda: nn.ModuleList([linear()])(np.ones(2)), "a ModuleList is not called"),
    ],
)
def test_a_module_list_refuses_what_is_none(make, message):
    with pytest.raises(TypeError, match=message):
        make()


def test_a_module_says_what_it_is_made_of():
    assert repr(nn.Conv2d(1, 8, 3, padding=1, rng=0)) == (
        "Conv2d(weight: (8, 1, 3, 3), bias: (8,), stride=1, padding=1)"
    )
    assert repr(nn.Linear(3, 2, bias=False, rng=0)) == "Linear(weight: (2, 3), bias=None)"
    assert repr(nn.Sequential()) == "Sequential()"
    assert repr(nn.Dropout(0.5, rng=0).eval()) == "Dropout(p=0.5)"
    assert repr(nn.Sequential(Tower(), nn.ReLU())) == "\n".join(
        [
            "Sequential(",
            "  (0): Tower(",
            "    scale=0.5",
            "    (layers): ModuleList(",
            *[f"      ({i}): Linear(weight: (3, 3), bias: (3,))" for i in range(3)],
            "    )",
            "  )",
            "  (1): ReLU()",
            ")",
        ]
    )


def test_a_part_that_is_not_found_does_not_hide_the_others():
    assert "(first): Linear" in repr(module_with([linear()]))


def test_identity_gives_back_what_it_got():
    x = ag.Tensor([1.0], requires_grad=True)
    assert nn.Identity()(x) is x


def test_a_value_that_overflows_changes_nothing():
    model = nn.Sequential(nn.Linear(2, 2, rng=0), nn.Linear(2, 2, rng=1))
    before = {name: value.copy() for name, value in model.state_dict().items()}
    state = {name: value.astype(float) for name, value in before.items()}
    state[list(state)[-1]] = np.array([0.0, 1e300])
    message = r"1.bias must have numbers of float32, got 1e\+300"
    for handling in ("raise", "warn"):
        with np.errstate(all=handling), pytest.raises(ValueError, match=message):
            model.load_state_dict(state)
        for name, value in model.state_dict().items():
            assert np.array_equal(value, before[name])
    for value in (np.inf, np.nan, 0.1, 1):  # which are rounded at most
        state[list(state)[-1]] = np.array([0.0, value])
        model.load_state_dict(state)
        assert np.array_equal(model[1].bias.data[1], np.float32(value), equal_nan=True)


@pytest.mark.parametrize("count", [2.7, np.nan, np.inf, 2**64 - 1, 2.0**63])
def test_a_count_is_an_integer(count):
    module = nn.BatchNorm2d(2)
    state = {**module.state_dict(), "num_batches_tracked": np.array(count)}
    with pytest.raises(ValueError, match="num_batches_tracked must have numbers of int64, got"):
        module.load_state_dict(state)
    assert module.num_batches_tracked == 0
    module.load_state_dict({**state, "num_batches_tracked": np.array(5.0)})
    assert module.num_batches_tracked == 5


def test_what_is_no_state_is_refused():
    module = nn.Linear(2, 2, rng=0)
    for state in (None, [1], "weight"):
        with pytest.raises(TypeError, match="state must be a mapping of names to arrays, got"):
            module.load_state_dict(state)
    with pytest.raises(KeyError, match=r"lacks \['weight', 'bias'\] and has unknown \[1, 'x'\]"):
        module.load_state_dict({1: 2, "x": 3})
    with pytest.raises(KeyError, match=r"lacks \['bias'\] and has unknown \['x'\]"):
        module.load_state_dict({"weight": module.weight.data, "x": 3})
