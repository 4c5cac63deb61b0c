"""What the explorer's scenes say happens, in Python."""

from urllib.parse import parse_qs

import numpy as np

from problems.explorer.module import FUNCTIONS, OWN
from problems.explorer.scenes import SCENES, address
from problems.forms import on, released
from problems.online.protocol import constrained, play
from problems.online.sequences import setting
from problems.online.setting import around


def runs(number, T=None):
    """x_1, ..., x_{T+1} and the rates before s_t, for each optimizer of a scene."""
    preset = SCENES[number - 1].preset
    bounds = {
        key: preset.get(key, default) for key, default in (("final_lr", 0.1), ("gamma", 1e-3))
    }
    own = {**OWN.get(preset["problem"], {}), **{k: v for k, v in preset.items() if k in "CK"}}
    if preset["problem"] in FUNCTIONS:
        cls, fields = FUNCTIONS[preset["problem"]]
        problem = cls(**{field: preset[field] for field in fields if field in preset})
        x1 = np.array(cls.start) if len(cls.start) > 1 else cls.start[0]
        s = around(problem, x1=x1)
    else:
        s = setting(preset["problem"], **own)
    found = {}
    for name in preset["optimizers"]:
        if preset.get("form") == "released":
            given = {key: preset[key] for key in ("beta1",) if key in preset}
            extra = bounds if name == "adabound" else {}
            optimizer = released(name, lr=preset.get("alpha", 0.1), **given, **extra)
        else:
            optimizer = on(s, name, **bounds)
        optimizer, xs, rates = constrained(s.problem, optimizer), [s.x1], []
        for t, _, _, after, state in play(s.problem, optimizer, T or preset.get("T", 10_000), s.x1):
            xs.append(after)
            rates.append(optimizer.rate(optimizer.hyper, state) / optimizer.hyper.schedule(t))
        found[name] = np.array(xs), np.array(rates)
    return found


def test_adam_is_back_at_the_worst_point_at_the_start_of_every_cycle():
    found = runs(1)
    assert np.all(found["adam"][0][:-1:3] > 1 - 1e-12)
    assert found["amsgrad"][0][300] < -0.9
    left = np.argmax(found["adabound"][0] < -0.9)
    assert 500 < left < 3000  # 1/gamma = 1000
    assert all(x[-1] < -0.99 for name, (x, _) in found.items() if name != "adam")


def test_amsgrads_rate_never_rises_and_adams_does():
    found = runs(2, T=2000)
    assert np.all(np.diff(found["amsgrad"][1]) <= 1e-15)
    rates = found["adam"][1]
    assert rates[100] > 1.5 * rates[1]  # until the next gradient of 1010, at t = 102
    assert rates[101] < rates[100]


def test_gamma_makes_sgd_of_adabound_or_leaves_it_adam():
    rates = runs(3, T=1000)["adabound"][1]
    assert np.all(np.abs(rates[20:] - 0.1) < 0.006)
    open_ = dict(SCENES[2].preset, gamma=1e-5)
    s = setting("reddi-theorem1")
    paths = [
        [
            float(after)
            for _, _, _, after, _ in play(s.problem, on(s, name, gamma=open_["gamma"]), 9999, s.x1)
        ]
        for name in ("adabound", "adam")
    ]
    assert paths[0] == paths[1]


def test_the_first_step_is_100_gradients_long():
    x, rates = runs(4, T=3)["adabound"]
    assert rates[0] == 100.10000000000001 and x[1] == 1 - rates[0]
    assert runs(4, T=1)["adam"][1][0] > 199


def test_the_scale_moves_adabounds_path_and_not_adams():
    found = runs(5, T=100)
    problem = FUNCTIONS["quadratic-2d"][0]()
    adam = released("adam", lr=0.1)
    start = np.array(problem.start)
    once = [after for _, _, _, after, _ in play(problem, constrained(problem, adam), 100, start)]
    np.testing.assert_allclose(found["adam"][0][1:], once, atol=1e-5)
    assert np.max(np.abs(found["adabound"][0])) > 1e6


def test_with_savareses_bounds_adabound_is_adam_until_k():
    found = runs(6)
    assert np.array_equal(found["adabound"][0], found["adam"][0])
    assert found["amsgrad"][0][-1] < found["adam"][0][-1] - 1


def test_an_address_says_what_the_preset_says():
    for number, scene in enumerate(SCENES, 1):
        given = parse_qs(address(number)[1:])
        assert given.pop("t") == [str(scene.t)]
        wanted = {
            k: ",".join(v) if isinstance(v, list) else str(v) for k, v in scene.preset.items()
        }
        assert {key: values[0] for key, values in given.items()} == wanted
