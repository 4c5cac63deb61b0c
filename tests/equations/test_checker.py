"""The checker on lines of another file: every wrong one is found, and shown as it is there."""

import pytest

from problems.reading.cases import cases, projection
from problems.reading.checker import Result, check
from problems.reading.equations import Source, sources
from problems.reading.lines import Module, Traced, module_of, node_at

PLACE = "adabound_np.adam.Adam.moments"


def results(*changes):
    """Results for Adam's module with some of its text changed."""
    (source,) = (s for s in sources("adabound_np") if s.module == "adabound_np.adam")
    text = source.text
    for old, new in changes:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    namespace = {**module_of(PLACE).namespace, "__file__": "student/adam.py"}
    module = Module.of(Source(source.module, "student/adam.py", text), namespace)
    return check(Traced(PLACE, module=module), cases(PLACE), projection)


def test_right_lines_have_no_errors():
    found = list(results())
    assert [result.error for result in found if result.error] == []
    assert sum(result.evaluated for result in found) >= 3 * len(cases(PLACE))


def test_every_wrong_line_is_found_and_shown_as_it_stands_in_its_file():
    m, v = "m = beta1 * s.m - (1 - beta1) * g", "v = h.beta2 * s.v + (1 - h.beta2) * g"
    found = results(
        ("m = beta1 * s.m + (1 - beta1) * g", m),
        ("v = h.beta2 * s.v + (1 - h.beta2) * (g * g)", v),
    )
    wrong = {result.equation: str(result.error) for result in found if result.error}
    assert [equation.code for equation in wrong] == [m, v]
    for equation, message in wrong.items():
        assert message.startswith(f"student/adam.py:{equation.line}:")
        assert equation.code in message
    assert not any("+ (1 - beta1) * g" in message for message in wrong.values())
    assert not any("(g * g)" in message for message in wrong.values())


def test_another_name_on_the_left_is_found_before_the_lines_run():
    first = next(results(("m = beta1 * s.m", "v = beta1 * s.m")))  # m would be unknown
    assert first.evaluated == 0
    assert "gives a value to v" in str(first.error)


def test_another_returned_value_is_found_in_every_case():
    wrong = [result for result in results(("return m, ", "return g, ")) if result.error]
    assert wrong == [Result(None, 0, result.error) for result in wrong]
    assert len(wrong) == len(cases(PLACE))
    assert "returns another m" in str(wrong[0].error)


@pytest.mark.parametrize("place", ["numpy.sum", "adabound_np.adam.Adam.steps", "adabound_np.none"])
def test_a_place_without_a_function_is_named(place):
    with pytest.raises(LookupError, match=f"'{place}'"):
        node_at(place)
