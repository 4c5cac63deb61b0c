"""Guided scenes of the explorer: a sentence and a setting each."""

from __future__ import annotations

from typing import Any, NamedTuple
from urllib.parse import urlencode

__all__ = ["SCENES", "Scene", "address"]


class Scene(NamedTuple):
    """A scene.

    Attributes
    ----------
    title, text : str
        What it is called, and what is to be seen.
    preset : dict of str to object
        Its problem, optimizers and what differs from the problem's own constants.
    t : int
        The step that is shown line by line.
    """

    title: str
    text: str
    preset: dict[str, Any]
    t: int = 1


SCENES = (
    Scene(
        "Adam stays at the worst point",
        "On Reddi's Theorem 1 Adam is back at x = 1, the worst point of [−1, 1], at the start "
        "of every cycle of three steps, and its average regret is flat. AMSGrad leaves at once "
        "for x = −1, AdaBound after about 1/γ steps.",
        {"problem": "reddi-theorem1", "optimizers": ["adam", "amsgrad", "adabound", "amsbound"]},
        4,
    ),
    Scene(
        "v̂ never forgets",
        "AMSGrad divides by the largest v so far. After the first gradient of 1010 its rate "
        "stays low; Adam's rises until the next one, and so Adam walks the wrong way.",
        {"problem": "reddi-online", "optimizers": ["amsgrad", "adam"]},
        103,
    ),
    Scene(
        "γ turns Adam into SGD",
        "A larger γ closes AdaBound's funnel sooner: with γ = 1 the rate is SGD's, α* = 0.1, "
        "within a few steps; with γ = 0.00001 AdaBound is Adam for all of the run. Move γ.",
        {"problem": "reddi-theorem1", "optimizers": ["adabound", "adam", "sgd"], "gamma": 1.0},
        2,
    ),
    Scene(
        "The first step may be 100 gradients long",
        "The released defaults have η_u(1) = α*(1 + 1/γ) = 100.1, so that the bound lets almost"
        " every rate through at first. Here Adam's own rate is 200: AdaBound's first step on "
        "x²/2 goes from 1 to −99.1.",
        {
            "problem": "quadratic",
            "optimizers": ["adabound", "adam"],
            "form": "released",
            "alpha": 200.0,
            "beta1": 0.0,
            "T": 2000,
        },
    ),
    Scene(
        "The loss times 1000",
        "Adam's path does not depend on the scale of the loss. AdaBound's lower bound does not "
        "scale with it: once η_l(t) times the curvature exceeds 2 its path explodes. Set the "
        "scale to 1.",
        {
            "problem": "quadratic-2d",
            "optimizers": ["adabound", "adam"],
            "form": "released",
            "scale": 1000.0,
            "T": 1000,
        },
        10,
    ),
    Scene(
        "The bounds themselves fail",
        "Savarese's bounds let Adam's rate through for K steps, and so AdaBound is Adam until "
        "then, with its regret. K can be any number: no T is large enough for the published "
        "bound.",
        {
            "problem": "savarese",
            "optimizers": ["adam", "adabound", "amsgrad"],
            "K": 10000,
            "T": 10000,
        },
        4,
    ),
)


def address(number: int) -> str:
    """The part of the page's address after its name that opens a scene, numbered from 1.

    Examples
    --------
    >>> address(1)
    '#problem=reddi-theorem1&optimizers=adam%2Camsgrad%2Cadabound%2Camsbound&t=4'
    """
    scene = SCENES[number - 1]
    given = {key: ",".join(v) if isinstance(v, list) else v for key, v in scene.preset.items()}
    return "#" + urlencode({**given, "t": scene.t})
