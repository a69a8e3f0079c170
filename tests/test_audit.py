"""The audit recovers what can be recovered, and nothing else: by hand, and against brute force."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pytest

from employer_identity.audit.atoms import LARGEST, TooManyCellsError, blocks
from employer_identity.audit.facts import (
    EVERYBODY,
    Answers,
    Fact,
    Published,
    Quantity,
    Scope,
    Statement,
    box,
    read_facts,
    write_facts,
)
from employer_identity.audit.search import Leak, leaks

SCALE = {"us": Answers(1, 7), "q1": Answers(1, 7, whole=True)}
FLOOR = 5
AGREE = (6, 7)


def of(**values: str) -> Scope:
    return (box(values),)


def told(
    scope: Scope,
    value: float | None,
    quantity: Quantity = "count",
    measure: str = "persons",
    *,
    report: str = "report",
    edition: str = "",
    **more: object,
) -> Statement:
    half = 0.0 if quantity == "count" else 0.005
    return Statement(Fact(scope, quantity, value, half, measure, **more), report, edition)


def ways(found: list[Leak]) -> set[tuple[str, str, str]]:
    return {(leak.way, leak.quantity, leak.measure) for leak in found}


def attack(*statements: Statement) -> set[tuple[str, str, str]]:
    return ways(leaks(statements, SCALE, floor=FLOOR))


SAFE = [
    told(EVERYBODY, 80),
    told(of(sector="care"), 50),
    told(of(sector="trade"), 30),
    told(of(sector="care", employer="a"), None),
    told(of(sector="care", employer="b"), None),
    told(of(sector="care", employer="c"), 38),
    told(of(sector="trade", employer="d"), 30),
]


def means(measure: str = "us", **of_units: float) -> list[Statement]:
    scopes = {s.fact.scope: s.fact.value for s in SAFE if s.fact.value is not None}
    names = {"all": EVERYBODY, "care": of(sector="care"), "trade": of(sector="trade")}
    names |= {e: of(sector="care", employer=e) for e in "abc"}
    assert scopes[EVERYBODY] == 80
    return [told(names[unit], mean, "mean", measure) for unit, mean in of_units.items()]


# --- What is safe, and what gives it away


def test_two_hidden_siblings_with_room_between_them_are_safe() -> None:
    assert attack(*SAFE) == set()
    assert attack(*SAFE, *means(all=5.1, care=5.0, c=5.2)) == set()


def test_a_hidden_cell_alone_is_recovered_with_its_mean_and_the_numbers_that_do_it() -> None:
    alone = [*SAFE[:4], told(of(sector="care", employer="b"), 9), *SAFE[5:]]
    found = leaks([*alone, *means(care=5.0, b=4.8, c=5.2)], SCALE, floor=FLOOR)
    assert ways(found) == {("exact", "count", "persons"), ("exact", "mean", "us")}
    named = {w.fact.scope for w in found[0].witnesses}
    assert named == {of(sector="care"), *(of(sector="care", employer=e) for e in "bc")}


def test_a_number_that_one_report_withholds_and_another_gives_is_recovered() -> None:
    other = told(of(sector="care", employer="a"), 4, report="another")
    assert ("exact", "count", "persons") in attack(*SAFE, other)


def test_of_few_people_in_two_cells_each_has_too_few_possible_numbers() -> None:
    tight = [told(s.fact.scope, 45) if "'c'" in str(s.fact.scope) else s for s in SAFE]
    assert attack(*tight) == {("narrow", "count", "persons")}
    roomy = [told(s.fact.scope, 44) if "'c'" in str(s.fact.scope) else s for s in SAFE]
    assert attack(*roomy) == set()


def test_who_is_left_over_unnamed_is_found() -> None:
    assert attack(told(EVERYBODY, 83), *SAFE[1:]) == {("small", "count", "persons")}
    assert attack(told(EVERYBODY, 85), *SAFE[1:]) == set()


def test_people_who_did_not_state_what_they_are_crossed_with_are_found() -> None:
    both = [told(of(age="young", sex=s), n) for s, n in (("man", 18), ("woman", 20))]
    ages = [told(EVERYBODY, 90), told(of(age="young"), 41), told(of(age="old"), 49)]
    sexes = [told(of(sex="man"), 40), told(of(sex="woman"), 42)]
    rest = (box({"sex": ""}),)
    assert attack(*ages, *sexes, *both, told(rest, 8)) == {("small", "count", "persons")}


def test_a_hidden_group_is_recovered_from_the_groups_it_is_crossed_into() -> None:
    ages = [told(EVERYBODY, 93), told(of(age="young"), None), told(of(age="old"), None)]
    ages.append(told(of(age="mid"), 50))
    both = [told(of(age="old", sex=s), 20) for s in ("man", "woman")]
    assert ("exact", "count", "persons") in attack(*ages, *both)


def test_nearly_everybody_at_the_end_of_the_scale_gives_a_hidden_mean_away() -> None:
    assert attack(*SAFE, *means(care=5.0, c=5.2)) == set()
    # the twelve hidden ones answered 7, all of them
    top = round((12 * 7 + 38 * 5) / 50, 2)
    assert ("narrow", "mean", "us") in attack(*SAFE, *means(care=top, c=5.0))


def test_a_weighted_mean_is_recovered_but_never_bounded() -> None:
    weighted = [replace(s, fact=replace(s.fact, weighted=True)) for s in means(care=6.9, c=6.9)]
    assert attack(*SAFE, *weighted) == set()
    single = [told(s.fact.scope, 9) if "'b'" in str(s.fact.scope) else s for s in SAFE]
    weighted += [replace(s, fact=replace(s.fact, weighted=True)) for s in means(b=5.0)]
    assert ("exact", "mean", "us") in attack(*single, *weighted)


def test_a_hidden_share_is_recovered() -> None:
    cells = {EVERYBODY: 60, of(band="x"): 7, of(band="y"): 23, of(band="z"): 30}
    counts = [told(scope, n) for scope, n in cells.items()]
    share = {"quantity": "share", "measure": "q1", "answers": AGREE}
    shown = [told(EVERYBODY, 0.5, **share), told(of(band="z"), 0.4, **share)]
    away = [told(of(band=b), None, least=10, **share) for b in "xy"]
    assert attack(*counts, *shown, *away) == set()
    given = told(of(band="y"), 14 / 23, **share)
    assert attack(*counts, *shown, *away, given) == {("exact", "share", "q1")}


def test_waves_are_different_people_until_both_are_reported_together() -> None:
    first = [told(of(wave="1", band="x"), 12), told(of(wave="1"), 40)]
    later = [told(of(wave="2", band="x"), None), told(of(wave="2", band="y"), None)]
    later += [told(of(wave="2", band="z"), 30), told(of(wave="2"), 42)]
    assert attack(*first, *later) == set()
    assert ("exact", "count", "persons") in attack(*first, *later, told(of(band="x"), 15))


def test_late_answers_are_found_between_two_editions() -> None:
    early = [told(EVERYBODY, 60, edition="a"), told(of(band="x"), 22, edition="a")]
    late = [told(EVERYBODY, 66, edition="b"), told(of(band="x"), 25, edition="b")]
    assert attack(*early, *late) == {("small", "count", "persons")}
    assert attack(*early) == attack(*late) == set()
    many = [told(EVERYBODY, 66, edition="b"), told(of(band="x"), 28, edition="b")]
    assert attack(*early, *many) == set()


def test_what_one_grouping_sums_to_tells_of_another() -> None:
    bands = [told(of(band="x"), 30), told(of(band="y"), 20)]
    units = [told(of(team="a"), None), told(of(team="b"), 47)]
    whole = told(of(band="x"), 30), told((box({"band": ("x", "y")}),), 50)
    assert attack(*units, told(EVERYBODY, 50)) == {("exact", "count", "persons")}
    assert attack(*bands, *units, whole[1]) == {("exact", "count", "persons")}


def test_what_one_grouping_averages_to_tells_of_another() -> None:
    mean = {"quantity": "mean", "measure": "us"}
    bands = [told(of(band="x"), 30), told(of(band="y"), 20)]
    bands += [told(of(band="x"), 5.0, **mean), told(of(band="y"), 4.0, **mean)]
    units = [told(of(team="a"), None), told(of(team="b"), 44), told(of(team="c"), None)]
    units += [told(EVERYBODY, 50), told(of(team="b"), 4.27, **mean)]  # the others all answered 7
    assert ("narrow", "mean", "us") in attack(*bands, *units)
    assert attack(*units) == set()


def test_numbers_that_cannot_be_true_are_told() -> None:
    assert attack(*SAFE, told(of(sector="care", employer="a"), None), told(EVERYBODY, 70)) == {
        ("contradiction", "count", "persons")
    }


def test_more_columns_than_can_be_crossed_are_refused() -> None:
    columns = [f"c{k}" for k in range(5)]
    named = [told(of(**{c: f"v{v}"}), 9) for c in columns for v in range(9)]
    every = told((box(dict.fromkeys(columns, "v0")),), 9)
    assert LARGEST < 10**5
    with pytest.raises(TooManyCellsError):
        blocks([*named, every])


def test_facts_come_back_from_a_file() -> None:
    facts = tuple(s.fact for s in [*SAFE, *means(care=5.0)])
    published = Published("a", {"a.html": "0" * 64}, "study", "e", FLOOR, facts, SCALE)
    assert read_facts(write_facts(published)) == published
    with pytest.raises(ValueError, match="facts"):
        read_facts(b'{"report": "a.html", "facts": 3}')


# --- Brute force: every whole number of people and of answers that agrees

CROSSED = [of(row=r, column=c) for r in "ab" for c in "xy"]
NESTED = [of(sector=s, employer=e) for s, e in ("pa", "pb", "qc", "qd")]
PARTS = [*[of(row=r) for r in "ab"], *[of(column=c) for c in "xy"]]
SECTORS = [of(sector=s) for s in "pq"]


def is_in(atom: Scope, scope: Scope) -> bool:
    own = dict(atom[0])
    return all(own[column][0] in values for column, values in scope[0])


def small_study(seed: int, most: int) -> tuple[list[Statement], list[Scope]]:
    """Draw a table of four cells, hide some at random, and say what is told of it."""
    rng = np.random.default_rng(seed)
    atoms, sets = (CROSSED, PARTS) if seed % 2 else (NESTED, SECTORS)
    n = dict(zip(atoms, rng.integers(1, most + 1, len(atoms)).tolist(), strict=True))
    x = {atom: int(rng.integers(1, 4, k).sum()) for atom, k in n.items()}
    statements = []
    for scope in [*atoms, *sets, EVERYBODY]:
        own = [a for a in atoms if is_in(a, scope)]
        persons, total = sum(n[a] for a in own), sum(x[a] for a in own)
        if scope == EVERYBODY or rng.random() < (0.4 if scope in atoms else 0.85):
            statements.append(told(scope, persons))
            if scope == EVERYBODY or rng.random() < 0.7:
                statements.append(told(scope, round(total / persons, 2), "mean", "q"))
        elif scope in atoms:
            statements.append(told(scope, None))
    return statements, atoms


def all_counts(statements: list[Statement], atoms: list[Scope]) -> np.ndarray:
    """Return every table of whole numbers that agrees with the counts, one a row."""
    whole = next(s.fact.value for s in statements if s.fact.scope == EVERYBODY)
    assert whole is not None
    tables = np.indices([int(whole) + 1] * len(atoms)).reshape(len(atoms), -1).T
    for fact in (s.fact for s in statements if s.fact.quantity == "count"):
        total = tables[:, [is_in(a, fact.scope) for a in atoms]].sum(axis=1)
        tables = tables[total >= 1 if fact.value is None else total == fact.value]
    return tables


def hidden_of(statements: list[Statement]) -> list[Scope]:
    return [s.fact.scope for s in statements if s.fact.value is None]


@pytest.mark.parametrize("seed", range(200))
def test_counts_agree_with_brute_force(seed: int) -> None:
    statements, atoms = small_study(seed, most=4)
    found = leaks(statements, {"q": Answers(1, 3, whole=True)}, floor=FLOOR)
    given_away = {leak.scope for leak in found if leak.quantity == "count" and leak.way != "small"}
    tables = all_counts(statements, atoms)
    for scope in hidden_of(statements):
        numbers = np.unique(tables[:, atoms.index(scope)])
        is_known = len(numbers) < FLOOR and numbers.min() < FLOOR
        assert (scope in given_away) == is_known, (scope, numbers)


@pytest.mark.parametrize("seed", range(100))
def test_means_agree_with_brute_force(seed: int) -> None:
    statements, atoms = small_study(seed, most=2)
    found = leaks(statements, {"q": Answers(1, 3, whole=True)}, floor=FLOOR)
    given_away = {leak.scope for leak in found if leak.quantity == "mean" and leak.way != "small"}
    levels: dict[Scope, set[float]] = {scope: set() for scope in hidden_of(statements)}
    for n in all_counts(statements, atoms):
        for x in itertools.product(*(range(k, 3 * k + 1) for k in n)):
            if all(agrees(s.fact, n, x, atoms) for s in statements):
                for scope in levels:
                    place = atoms.index(scope)
                    levels[scope].add(float(x[place] / n[place]))
    for scope, possible in levels.items():
        width = max(possible) - min(possible)
        assert (scope in given_away) == (width < 1.0), (scope, width)


def agrees(fact: Fact, n: np.ndarray, x: tuple[int, ...], atoms: list[Scope]) -> bool:
    if fact.quantity != "mean":
        return True
    inside = [is_in(a, fact.scope) for a in atoms]
    persons, total = (sum(itertools.compress(v, inside)) for v in (n, x))
    assert fact.value is not None
    return abs(total - fact.value * persons) <= fact.half * persons + 1e-9


def test_who_skipped_a_question_is_not_counted_where_only_another_table_says_so() -> None:
    """Five of ten men answered; how many of either age did is stated nowhere."""
    by_sex = [
        told(EVERYBODY, 32),
        *(told(of(sex=sex), n) for sex, n in {"m": 10, "w": 10, "x": None, "y": None}.items()),
        *(told(of(sex=sex), n, measure="us") for sex, n in {"m": 5, "w": 10}.items()),
        *(told(of(sex=sex), mean, "mean", "us") for sex, mean in {"m": 4.0, "w": 6.0}.items()),
    ]
    ages = {"old": 20, "young": 12}
    by_age = [told(of(age=age), n) for age, n in ages.items()]
    by_age += [told(of(age=age), 5.33, "mean", "us") for age in ages]
    assert attack(*by_sex, *by_age) == set()
