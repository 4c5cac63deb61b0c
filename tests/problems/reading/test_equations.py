"""The listing of equations, and its command."""

import html
import json
import re
import xml.etree.ElementTree as ET

import pytest

import problems
from problems.cli import main
from problems.reading import pages
from problems.reading.equations import Source, in_source, listing
from problems.reading.notation import SYMBOLS, symbols_at, symbols_in
from problems.results.equations import FORMATS


def call(capsys, *args):
    assert main(["equations", *args]) == 0
    return capsys.readouterr().out


def test_text_has_every_equation_beside_its_first_line(capsys):
    lines = call(capsys).splitlines()
    for e in listing():
        assert any(
            line.split(None, 1)[0] == str(e.line)
            and e.latex in line
            and line.endswith(e.code.splitlines()[0])
            for line in lines
            if line.strip()
        )


def test_markdown_has_a_row_of_four_cells_for_every_equation(capsys):
    rows = [line for line in call(capsys, "--format", "markdown").splitlines() if line[:1] == "|"]
    rows = [row for row in rows if not row.startswith(("| Line", "|---"))]
    assert len(rows) == len(listing())
    assert all(row.count("|") == 5 for row in rows)
    for e, row in zip(listing(), rows, strict=True):
        assert row.startswith(f"| {e.line} | $")
        code = re.search("(<code>.*</code>)", row)[1]
        plain = html.unescape(
            re.sub("<br>", "\n", code).replace("<code>", "").replace("</code>", "")
        )
        assert plain.replace("\xa0", " ") == e.code


def test_html_is_one_page_that_loads_nothing(capsys):
    page = call(capsys, "--format", "html")
    body = ET.fromstring("<html>" + page.split("</head>", 1)[1])
    drawn = [svg.get("aria-label") for svg in body.iter("{http://www.w3.org/2000/svg}svg")]
    assert drawn == [e.latex for e in listing()]
    assert [pre.text for pre in body.iter("pre")] == [e.code for e in listing()]
    assert all(len(path.get("d")) > 50 for path in body.iter("{http://www.w3.org/2000/svg}path"))
    assert not re.search(r"<script|<link|<img|src=|href=|@import|url\(", page)


def test_a_choice_of_functions(capsys):
    out = call(capsys, "--only", "rmsprop.RMSprop.learning_rate")
    assert len(out.splitlines()) == 3
    with pytest.raises(SystemExit) as caught:
        main(["equations", "--only", "nowhere"])
    assert caught.value.code == 2
    assert "only must occur in a function's dotted name, got 'nowhere'" in capsys.readouterr().err


def test_the_function_returns_what_the_command_prints(capsys, tmp_path):
    assert list(FORMATS) == list(pages.FORMATS)
    only = "adam.Adam.moments"
    for name, ending in FORMATS.items():
        result = problems.equations(only=only, format=name)
        printed = call(capsys, "--only", only, "--format", name)
        assert str(result) + "\n" == printed
        (path,) = result.save(tmp_path)
        assert path.suffix == ending
        assert path.read_text(encoding="utf-8") == printed
    assert [e.place for e in result.equations] == [f"adabound_np.{only}"] * len(result.equations)
    record = json.loads(call(capsys, "--only", only, "--json"))
    assert record["equations"] == result.table()
    assert record == result.to_dict()
    assert result.table()[0]["latex"] == result.equations[0].latex
    assert result._repr_html_().count("<svg") == len(result.equations)
    assert "<table>" in problems.equations(notation=True)._repr_html_()
    assert problems.equations().stem == "equations" != result.stem
    with pytest.raises(ValueError, match="nothing to draw"):
        result.plot()
    with pytest.raises(ValueError, match="unknown format 'xml'"):
        problems.equations(format="xml")


def test_the_notation_is_a_table_of_all_symbols(capsys):
    assert symbols_in(listing()) == list(SYMBOLS)  # no row that no equation needs
    rows = [line for line in call(capsys, "--notation").splitlines() if line.startswith("| $")]
    assert len(rows) == len({symbol.latex for symbol in SYMBOLS})
    assert all(row.count("|") == 4 for row in rows)
    few = call(capsys, "--notation", "--only", "adabound.AdaBound.learning_rate,InvSqrt")
    assert "| $s_t$ | schedule of the step size |" in few
    assert "m_t" not in few


def test_later_rows_of_the_notation_refine_earlier_ones():
    assert symbols_at("adabound_np.adabound.AdaBound.learning_rate")["s_t"] == "h.schedule(t)"
    assert symbols_at("adabound_np.schedules.InvSqrt.__call__")["s_t"] == "return"


def equations_of(text):
    return in_source(Source("m", "m.py", text))


def test_an_equation_belongs_to_the_statement_below_and_what_follows_in_place():
    (e,) = equations_of(
        "def f(x):\n"
        "    # y = \\max(x, [x > 1])\n"
        "    #         [source, [nested]]\n"
        "    y = g(\n"
        "        x\n"
        "    )\n"
        "    y += 1\n"
        "    scale(y)\n"
        "\n"
        "    y -= 1\n"
    )
    assert (e.latex, e.source) == (r"y = \max(x, [x > 1])", "source, [nested]")
    assert (e.place, e.line, e.last) == ("m.f", 4, 8)
    assert e.code == "y = g(\n    x\n)\ny += 1\nscale(y)"


def test_an_equation_may_stand_over_a_lambda_in_a_tuple():
    first, second = equations_of(
        "f.vjps = (\n"
        "    # \\bar{a} = \\bar{y}        [calculus]\n"
        "    lambda y_bar: y_bar,\n"
        "    # \\bar{b} = -\\bar{y}        [calculus]\n"
        "    lambda y_bar: (\n"
        "        -y_bar\n"
        "    ),\n"
        ")\n"
    )
    assert first.place == second.place == "m.f.vjps"
    assert (second.line, second.last) == (5, 7)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("# y = x   [source]\ny = x\n", "m.py:1: an equation must be LaTeX, eight spaces"),
        ("# y = x        [source]\n\ny = x\n", "m.py:2: the equation above stands over no"),
        (
            "f(\n    # y = x        [source]\n    x\n)\n",
            "m.py:3: the equation above stands over no",
        ),
    ],
)
def test_what_is_not_in_the_format_is_refused(text, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        equations_of(text)


def test_other_comments_are_no_equations():
    assert equations_of("# why: x = 1 is special\nx = 1\n# see [Luo19]\ny = 2\n") == ()
