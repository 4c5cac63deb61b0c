"""Write docs/theorems.md, the theorem ledger as a page, and its figures.

python docs/theorems.py          runs all theorems (about a minute) and rewrites page and figures
python docs/theorems.py --check  changes nothing; exits with 1 if page or figures are out of date
"""

import argparse
import difflib
import sys
import textwrap
from collections.abc import Mapping, Sequence
from pathlib import Path

from matplotlib.figure import Figure

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from problems.digest import digest, digest_in  # noqa: E402
from problems.ledger import LEDGER  # noqa: E402
from problems.ledger.entry import Entry, Result, shown  # noqa: E402
from problems.ledger.figures import FIGURES, overview_figure, theorem_figure  # noqa: E402
from problems.plots import save  # noqa: E402

HEAD = """\
This page runs every theorem, lemma and construction of [Reddi18], [Luo19], [Sav19] and
[Wilson17] that this project rests on. Each entry has the claim, its assumptions, an experiment,
the measured value and the claimed one. A rule in code gives the verdict:

*holds*: the claim is true of the run. *refuted*: it is not, though all assumptions hold.
*not-applicable*: an assumption does not hold on the run.

A run cannot prove a theorem, but it can refute one. Two are refuted.

![All claims, their verdicts, and the factor from the bound](figures/theorem-overview.png)

`python -m problems theorems` runs all of them in about a minute, `--quick` in a quarter of
that, and `--id luo-4` one of them. `python docs/theorems.py` generates this page from the runs.
Tests run each entry over constants drawn within the assumptions, and check that the claim fails
once an assumption is dropped.
"""

ESSAY = """\
**The published guarantee is false.** [Luo19] Theorem 4 bounds AdaBound's regret by a multiple of √T
for all bounds η_l and η_u that close monotonically on α\\*. On the random slopes of [Sav19], with
bounds that meet these assumptions at every step, the regret first passes the bound at
t = {first}, stays above it from t = {since} on, and is {regret} at T = {T}, where the bound is
{bound} ([luo-4](#luo-4)). The proof takes η_t⁻¹ ≥ η_(t−1)⁻¹ for granted, as if AdaBound were
AMSGrad.

**AMSBound's falls too.** Its v̂_t never decreases, so that Adam's failure is out of reach; but a
lower bound that rises faster than √t raises the rate just as well. With a lower bound that stays
low for K = {K} steps, f_t(x) = x is enough: x hardly moves from 1, the regret grows by 2 a step,
and at step K + 1 the published bound, which knows the rate of the last step alone, drops below it.
At T = {ams_T} R_T is {ams_regret} against {ams_bound} ([luo-5](#luo-5)). This shows that the
statement is false, not that AMSBound fails: after K its regret hardly grows. With both of the
paper's own bounds R_∞ = α\\*(1 + 1/γ) is large, and we have not broken the statement there.

**The repair is true, and says less.** [Sav19] Theorem 3 asks for an M above
t/η_l(t) − (t−1)/η_u(t−1) at all t, and holds wherever we tried it ([savarese-3](#savarese-3)). On
the run that breaks Theorem 4 it allows {repaired}: true, and empty. For the paper's own bounds with
α\\* = 1, M = 3 + 2/γ will do (at γ = 0.001 the largest value is {spread} against {M};
[savarese-prop-1](#savarese-prop-1)), so that AdaBound's regret is of order √T after all, times
1 + 1/γ: 1001 at the released code's γ ([savarese-cor-2](#savarese-cor-2)). The guarantee is best as
γ → ∞, where AdaBound is SGD. It says that AdaBound ends as SGD does; nothing in it says that to
start as Adam helps.

**The wait can be long.** The paper's bounds with a small γ leave Adam alone for as many steps K as
one likes: until then AdaBound's iterates are Adam's, and its mean loss stays at least δ above the
best ([savarese-2](#savarese-2), [savarese-claim-1](#savarese-claim-1)).

**The first step is hardly bounded.** At the defaults η_u(1) = {eta_u}. On a parabola of curvature
above {safe} a first step can raise the loss; at curvature {h} it multiplies it by {growth} from
every small x_1 ([first-step-safety](#first-step-safety)).

These theorems say nothing about deep networks and accuracy on new data, which AdaBound was made
for. Only experiments do.
"""

SOURCES = """\
[Reddi18] [arXiv:1904.09237](https://arxiv.org/abs/1904.09237) ·
[Luo19] [arXiv:1902.09843](https://arxiv.org/abs/1902.09843) ·
[Sav19] [arXiv:1908.04457](https://arxiv.org/abs/1908.04457) ·
[Wilson17] [arXiv:1705.08292](https://arxiv.org/abs/1705.08292) ·
[Cohen22] [arXiv:2207.14484](https://arxiv.org/abs/2207.14484)
"""


def page(results: Sequence[Result]) -> str:
    """The page, from results of the whole ledger."""
    by_id = {result.entry.id: result for result in results}
    parts = [
        "# The theorems, executed\n",
        wrapped(HEAD),
        _table(results),
        "## What remains true about AdaBound after Savarese\n",
        wrapped(ESSAY.format(**numbers(by_id))),
        "## The ledger\n",
    ]
    parts += [_section(result) for result in results]
    return "\n".join([*parts, "## Sources\n", SOURCES])


def wrapped(text: str) -> str:
    """Paragraphs at the documents' width."""
    return (
        "\n\n".join(
            textwrap.fill(paragraph, 120, break_long_words=False, break_on_hyphens=False)
            for paragraph in text.strip().split("\n\n")
        )
        + "\n"
    )


def numbers(by_id: Mapping[str, Result]) -> dict[str, str]:
    """What the essay quotes, from the results."""
    four, five = by_id["luo-4"].outcome, by_id["luo-5"].outcome
    first, since = (f"{int(t):,}" for t in four.curves["crossing"])
    spread = by_id["savarese-prop-1"].outcome.curves
    at = spread["gamma"].tolist().index(1e-3)
    safety = by_id["first-step-safety"].outcome
    return {
        "first": first,
        "since": since,
        "T": f"{four.steps:,}",
        "regret": shown(four.measured),
        "bound": shown(four.bound),
        "repaired": shown(float(four.curves["repaired"][-1])),
        "K": f"{five.parameters['K']:,}",
        "ams_T": f"{five.steps:,}",
        "ams_regret": shown(five.measured),
        "ams_bound": shown(five.bound),
        "spread": shown(float(spread["measured"][at]), 5),
        "M": shown(float(spread["bound"][at]), 5),
        "eta_u": shown(safety.parameters["eta_u(1)"]),
        "safe": shown(safety.bound),
        "h": f"{safety.parameters['h']:g}",
        "growth": shown(float(safety.curves["ratio"][0])),
    }


def _table(results: Sequence[Result]) -> str:
    rows = [
        "| theorem | verdict | measured | claimed | source |",
        "| --- | --- | --- | --- | --- |",
    ]
    for result in results:
        entry, outcome = result.entry, result.outcome
        verdict = f"**{outcome.verdict}**" if outcome.verdict != "holds" else outcome.verdict
        rows.append(
            f"| [{entry.id}](#{entry.id}) | {verdict} | {shown(outcome.measured)} | "
            f"{_SIGNS[outcome.relation]} {shown(outcome.bound)} | {entry.source} |"
        )
    return "\n".join(rows) + "\n"


_SIGNS = {"<=": "≤", ">=": "≥", "=": "="}


def statement(entry: Entry) -> str:
    """What a section says before anything is run."""
    lines = [
        f"### {entry.id}",
        "",
        f"**{entry.title}** ({entry.source}). {entry.claim}",
        "",
        "$$",
        entry.latex,
        "$$",
        "",
    ]
    for slip in entry.slips:
        lines += [f"*Erratum.* {slip}", ""]
    code = ", ".join(f"[`{path}`](../{path})" for path in entry.code)
    return "\n".join([*lines, f"Code: {code}.", ""])


def _section(result: Result) -> str:
    entry, outcome = result.entry, result.outcome
    given = ", ".join(f"{name} = {_plain(value)}" for name, value in outcome.parameters.items())
    lines = [statement(entry)]
    assumed = "; ".join(a.text if a.holds else f"{a.text} (NOT TRUE)" for a in outcome.assumptions)
    truth = "all true of this run" if outcome.applies else "not all true of this run"
    lines.append(f"- Assumed, {truth}: {_text(assumed)}")
    lines += [
        f"- Run: {_text(given)}; T = {outcome.steps:,}",
        f"- Measured: {_text(outcome.quantity)} = {shown(outcome.measured)}, claimed "
        f"{_SIGNS[outcome.relation]} {shown(outcome.bound)}",
    ]
    lines += [
        f"- {'Also true' if fact.holds else '**Not true**'}: {_text(fact.text)}"
        for fact in dict.fromkeys(outcome.facts)
    ]
    lines += [f"- Note: {_text(remark)}" for remark in outcome.remarks]
    lines += [f"- Verdict: **{outcome.verdict}**", ""]
    if entry.id in FIGURES:
        lines += [f"![{entry.title}: {outcome.verdict}](figures/theorem-{entry.id}.png)", ""]
    return "\n".join(lines)


def _plain(value: object) -> str:
    if isinstance(value, list):
        return "[" + ", ".join(_plain(item) for item in value) + "]"
    return f"{value:g}" if isinstance(value, float) else str(value)


def _text(text: str) -> str:
    """Text whose underscores, stars, bars and angles Markdown leaves alone."""
    for mark in ("\\", "_", "*", "|", "<", "["):
        text = text.replace(mark, "\\" + mark)
    return text


def drawn(results: Sequence[Result]) -> dict[Path, Figure]:
    """The page's figures, by where they are kept, without a suffix."""
    pairs = [(result.entry.id, theorem_figure(result)) for result in results]
    pairs.append(("overview", overview_figure(results)))
    folder = ROOT / "docs" / "figures"
    return {folder / f"theorem-{name}": figure for name, figure in pairs if figure is not None}


def outdated(stem: Path, figure: Figure) -> bool:
    """Whether the picture that is kept is not of this figure."""
    path = stem.with_suffix(".png")
    return not path.exists() or digest_in(path) != digest(figure)


def main() -> int:
    """Write or check page and figures; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="change nothing, exit 1 if outdated")
    check = parser.parse_args().check
    results = [entry.run() for entry in LEDGER.values()]
    path, new = ROOT / "docs" / "theorems.md", page(results)
    figures = drawn(results)
    if check:
        old = path.read_text() if path.exists() else ""
        print("\n".join(difflib.unified_diff(old.splitlines(), new.splitlines(), path.name, "now")))
        late = [stem for stem, figure in figures.items() if outdated(stem, figure)]
        print("\n".join(f"{stem.name} is out of date" for stem in late))
        return int(old != new or bool(late))
    path.write_text(new)
    for stem, figure in figures.items():
        save(figure, stem)
    return 0


if __name__ == "__main__":
    sys.exit(main())
