"""Options of the commands that run optimizers on one of the papers' sequences."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import fields
from typing import Any

from adabound_np import Optimizer
from problems.commands.options import check_bounds, name_of, whole
from problems.forms import in_paper
from problems.online.sequences import CONSTANTS, SEQUENCES
from problems.online.sequences import setting as setting_of
from problems.online.sequences.savarese import FAMILIES
from problems.online.setting import BrokenConditionError, Setting
from problems.optimizers import BOUNDS

__all__ = [
    "add_bounds",
    "add_constants",
    "add_problem",
    "in_a_line",
    "optimizer",
    "parameters",
    "set_bounds",
    "setting",
]


def add_problem(
    parser: argparse.ArgumentParser, problem: str | None, steps: int, default: str = "%(default)s"
) -> None:
    """Declare --problem and --steps with these defaults; `default` says what the problem's is."""
    add = parser.add_argument
    add(
        "--problem", type=name_of("problem", SEQUENCES), default=problem, metavar="NAME",
        help=f"one of {', '.join(SEQUENCES)} (default: {default})",
    )  # fmt: skip
    add("--steps", type=whole, default=steps, metavar="T", help="default: %(default)s")


def add_constants(parser: argparse.ArgumentParser) -> None:
    """Declare the constants of problems and optimizers."""
    add = parser.add_argument
    add("--lr", type=float, help="step size alpha (default: 0.5)")
    add("--beta1", type=float, help="also the momentum of sgdm, ... (default: the problem's)")
    add("--beta2", type=float, help="default: the problem's")
    add_bounds(parser)
    add(
        "--schedule", type=name_of("schedule", ["inv-sqrt", "constant"]), default="inv-sqrt",
        metavar="NAME", help="alpha_t: inv-sqrt (alpha/sqrt(t), the default) or constant",
    )  # fmt: skip
    add("--cycle", type=float, metavar="C", help="the problem's C (default: by its conditions)")
    add("--delta", type=float, help="mean slope in reddi-theorem3 and savarese (default: 1)")
    add("--epsilon", type=float, help="constant under the root in reddi-theorem6 (default: 1e-8)")
    add("--K", type=float, help="steps for which savarese's bounds stay open")
    add(
        "--bounds", type=name_of("bounds", FAMILIES), metavar="NAME",
        help="bounds in savarese: savarese (the default) or paper",
    )  # fmt: skip
    add("--x1", type=float, help="first point, in F (default: the problem's)")
    add("--seed", type=int, default=0, help="seed of stochastic problems (default: %(default)s)")
    add("--force", action="store_true", help="run even if constants break the paper's conditions")


def add_bounds(parser: argparse.ArgumentParser) -> None:
    """Declare the constants of the bounds; `set_bounds` gives them their defaults."""
    add, default = parser.add_argument, argparse.SUPPRESS
    add(
        "--final-lr", type=float, default=default,
        help=f"alpha* of the bounds (default: {BOUNDS['final_lr']:g})",
    )  # fmt: skip
    add(
        "--gamma", type=gamma, default=default,
        help=f"speed of the bounds, or 'paper' for 1 - beta2 (default: {BOUNDS['gamma']:g})",
    )  # fmt: skip


def set_bounds(options: argparse.Namespace, problem: str | None, **defaults: float) -> None:
    """Set the bounds' constants that are not given; exit with code 2 if they are not allowed."""
    for name, default in {**BOUNDS, **defaults}.items():
        if name not in options:
            setattr(options, name, default)
        elif problem is not None and "bounds" in CONSTANTS[problem]:
            options.parser.error(
                f"--{name.replace('_', '-')} must not be given for {problem}, which sets the "
                f"bounds, got {getattr(options, name)}"
            )
    try:
        check_bounds(options.final_lr, options.gamma)
    except ValueError as error:
        options.parser.error(str(error))


def gamma(text: str) -> float | None:
    """A number, or ``paper`` for 1 - beta2 (None)."""
    return None if text == "paper" else float(text)


def setting(options: argparse.Namespace) -> Setting:
    """Return the problem and its constants; exit with code 2 if they are not allowed."""
    parser: argparse.ArgumentParser = options.parser
    set_bounds(options, options.problem)
    try:
        return setting_of(
            options.problem, seed=options.seed, C=options.cycle, beta1=options.beta1,
            beta2=options.beta2, lr=options.lr, x1=options.x1, delta=options.delta,
            epsilon=options.epsilon, K=options.K, bounds=options.bounds, force=options.force,
        )  # fmt: skip
    except BrokenConditionError as error:
        parser.error(f"{error}; --force runs it anyway")
    except (TypeError, ValueError, OverflowError) as error:
        parser.error(str(error))


def parameters(setting: Setting, options: argparse.Namespace) -> dict[str, Any]:
    """What defines a run beside the optimizers: the problem's constants and the protocol's."""
    constants = {field.name: getattr(setting.problem, field.name)
                 for field in fields(setting.problem) if field.init}  # type: ignore[arg-type]  # fmt: skip
    if setting.eps_root:
        constants["epsilon"] = setting.eps_root
    bounds = {"bounds": repr(setting.bounds)} if setting.bounds else {
        "final_lr": options.final_lr,
        "gamma": 1 - setting.beta2 if options.gamma is None else options.gamma,
    }  # fmt: skip
    own = {name: getattr(setting, name) for name in ("x1", "lr", "beta1", "beta2")}
    return {**constants, **own, **bounds, "schedule": options.schedule}


def in_a_line(parameters: dict[str, Any]) -> str:
    """Parameters in a line."""
    return ", ".join(
        f"{name} = {value:g}" if isinstance(value, float) else f"{name} = {value}"
        for name, value in parameters.items()
    )


def optimizer(
    name: str,
    setting: Setting,
    options: argparse.Namespace,
    number: Callable[[Any], Any] = lambda value: value,
) -> Optimizer:
    """Return an optimizer for the problem; `number` is applied to each hyperparameter.

    Raises
    ------
    TypeError, ValueError
        If a hyperparameter is out of range.
    """
    return in_paper(
        name, lr=number(setting.lr), beta1=number(setting.beta1), beta2=number(setting.beta2),
        final_lr=number(options.final_lr), gamma=number(options.gamma),
        bounds=number(setting.bounds), eps_root=number(setting.eps_root),
        schedule=options.schedule, feasible=number(setting.problem.feasible),
    )  # fmt: skip
