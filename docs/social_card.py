"""The picture that services show beside a link to the project: docs/figures/social-card.png.

python docs/regenerate.py draws it, and checks it with --check.
"""

import problems
from problems.optimizers import style, title
from problems.style import Picture, Powers, fixed_style

__all__ = ["social_card"]

#: Pixels, at 150 per inch, as services ask for.
WIDTH, HEIGHT = 1280, 640


@fixed_style()
def social_card() -> Picture:
    """Draw the name, a sentence, and the iterates on Reddi's Theorem 1."""
    figure = Picture(figsize=(WIDTH / 150, HEIGHT / 150))
    figure.text(0.04, 0.86, "adabound-np", fontsize=26, weight="bold")
    figure.text(0.04, 0.76, "AdaBound in NumPy, line by line", fontsize=13)
    axes = figure.add_axes((0.1, 0.16, 0.62, 0.52))
    runs = problems.counterexample("reddi-theorem1", ["adam", "amsgrad", "adabound"]).runs
    for name, run in runs.items():
        axes.plot(run.series.t, run.series.x, **style(name), linewidth=2.5)
        words = {"adam": ": stuck at the worst point"}.get(name, "")
        place = {"adam": 1.0, "amsgrad": -0.85, "adabound": -1.1}[name]
        color = style(name)["color"]
        axes.annotate(
            title(name) + words,
            (1.02, place),
            xycoords=("axes fraction", "data"),
            va="center",
            fontsize=10,
            color=color,
        )
    axes.set(xscale="log", xlabel="step t", ylabel="xₜ", ylim=(-1.2, 1.2))
    axes.xaxis.set_major_formatter(Powers())
    axes.margins(x=0)
    axes.grid(alpha=0.25)
    return figure
