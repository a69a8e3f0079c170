"""The reader of model texts: what it understands, and how it refuses."""

import pytest

from employer_identity.errors import ModelError
from employer_identity.measurement.syntax import Modifier, Term, parse


def test_relations_in_the_order_written():
    terms = parse("f =~ x1 + x2  # a comment\nx1 ~~ x2; f ~ z\nx1 ~ 1")
    assert [(t.lhs, t.op, t.rhs) for t in terms] == [
        ("f", "=~", "x1"),
        ("f", "=~", "x2"),
        ("x1", "~~", "x2"),
        ("f", "~", "z"),
        ("x1", "~1", ""),
    ]


@pytest.mark.parametrize(
    ("text", "modifier"),
    [
        ("f =~ 0.5*x", Modifier(fixed=0.5)),
        ("f =~ -1e-2*x", Modifier(fixed=-0.01)),
        ("f =~ NA*x", Modifier(freed=True)),
        ("f =~ a*x", Modifier(label="a")),
        ("f =~ start(0.8)*x", Modifier(start=0.8)),
        ("f =~ a*start(2)*x", Modifier(label="a", start=2.0)),
        ("f =~ a*x + start(1)*x", Modifier(label="a", start=1.0)),
    ],
)
def test_modifiers(text, modifier):
    assert parse(text) == (Term("f", "=~", "x", (modifier,)),)


def test_one_modifier_a_group():
    (term,) = parse("f =~ c(a, 0.5, NA)*x")
    assert term.modifiers == (Modifier(label="a"), Modifier(fixed=0.5), Modifier(freed=True))


def test_thresholds_and_scales():
    text = "f =~ x1 + x2\nx1 | t1 +\n  c(a, b)*t2\nx2 ~*~ c(1, NA)*x2"
    found = {(t.lhs, t.op, t.rhs): t.modifiers for t in parse(text)}
    assert found["x1", "|", "t1"] == (Modifier(),)
    assert found["x1", "|", "t2"] == (Modifier(label="a"), Modifier(label="b"))
    assert found["x2", "~*~", "x2"] == (Modifier(fixed=1.0), Modifier(freed=True))


def test_a_line_goes_on_after_a_plus():
    assert parse("f =~ x1 +\n  x2") == parse("f =~ x1 + x2")


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "model.empty"),
        ("# only a comment", "model.empty"),
        ("f x1 x2", "model.no_operator"),
        ("a == b", "model.operator_not_supported"),
        ("x < 3", "model.operator_not_supported"),
        ("x | y", "model.not_a_threshold"),
        ("x | t0", "model.not_a_threshold"),
        ("x ~*~ y", "model.scale_of_one"),
        ("f =~ x1 + 2bad", "model.not_a_name"),
        ("f =~ x1 +", "model.not_a_name"),
        ("f =~ f", "model.measures_itself"),
        ("f =~ start(x)*x1", "model.modifier"),
        ("f =~ c(1, 2)*c(a, b, c)*x1", "model.modifier_lengths"),
        ("f =~ x1 + x2 + x1", "model.term_twice"),
        ("x1 ~~ x2\nx2 ~~ x1", "model.term_twice"),
    ],
)
def test_refusals(text, code):
    with pytest.raises(ModelError) as caught:
        parse(text)
    assert [p.code for p in caught.value.problems] == [code]


def test_all_unreadable_lines_at_once():
    with pytest.raises(ModelError) as caught:
        parse("f x1\nf =~ x1\ng == 2")
    assert [(p.code, p.where) for p in caught.value.problems] == [
        ("model.no_operator", "1"),
        ("model.operator_not_supported", "3"),
    ]
