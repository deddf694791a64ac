"""Patterns over numbers: what they catch, what they refuse, and that time stays linear."""

import random
import re

import pytest

from gateway.model.number_pattern import MAX_NUMBER_CHARACTERS, PatternError, compile_pattern


@pytest.mark.parametrize(
    ("pattern", "number", "caught"),
    [
        ("1[1245]10([0-9]{2})[127]", "1210207", ("1210207", "20")),
        ("/^1[78]3(1[0-9]{2})/", "173102555", ("173102", "102")),
        ("/(1|12)(3|23)/", "123", ("123", "1", "23")),
        (r"\d{3,5}", "1234", ("1234",)),
        (r"\d{3,5}", "12", None),
        ("(1?)(2*?)(2*)", "122", ("122", "1", "", "22")),
        ("91[^0-3]", "914", ("914",)),
        ("91[^0-3]", "912", None),
        ("(?:1|2)+3", "12123", ("12123",)),
        ("911000", "9110001", None),
        ("/911000/", "9110001", ("911000",)),
        ("$", "1", None),
    ],
)
def test_what_a_pattern_catches(pattern: str, number: str, caught: tuple[str, ...] | None) -> None:
    assert compile_pattern(pattern).match(number) == caught


@pytest.mark.parametrize(
    "pattern",
    [
        "(",
        ")",
        "[",
        "[]",
        "*1",
        "1{",
        "1{2,1}",
        "1{99}",
        "(?=1)",
        r"\w",
        "[9-0]",
        "1" * 201,
        "((1{64}){64}){64}",
        r"\b1",
        "(?P<n>1)",
        "1{x}",
    ],
)
def test_what_is_refused(pattern: str) -> None:
    with pytest.raises(PatternError, match="pattern"):
        compile_pattern(pattern)


def test_a_catastrophic_pattern_takes_linear_work() -> None:
    """With a back-tracking engine this one would not end within a lifetime."""
    pattern = compile_pattern("(1+)+(1+)+(1+)+$2")
    assert pattern.match("1" * MAX_NUMBER_CHARACTERS) is None
    assert pattern.match("1" * (MAX_NUMBER_CHARACTERS + 1)) is None


def _any_pattern(chance: random.Random, depth: int = 0) -> str:
    def atom() -> str:
        plain = ["0", "1", "2", "3", ".", "[01]", "[0-2]", r"\d"]
        if depth < 2 and chance.random() < 0.2:
            return chance.choice(("(", "(?:")) + _any_pattern(chance, depth + 1) + ")"
        return chance.choice(plain)

    def part() -> str:
        signs = ["", "", "", "*", "+", "?", "{2}", "{1,2}", "*?", "+?", "??"]
        return "".join(atom() + chance.choice(signs) for _ in range(chance.randint(1, 3)))

    return "|".join(part() for _ in range(chance.randint(1, 2)))


def test_it_accepts_what_pythons_engine_accepts() -> None:
    chance = random.Random(20261126)
    accepted = 0
    for _ in range(3000):
        pattern = _any_pattern(chance)
        number = "".join(chance.choice("0123") for _ in range(chance.randint(0, 7)))
        expected = re.fullmatch(pattern, number) is not None
        assert (compile_pattern(pattern).match(number) is not None) == expected, (pattern, number)
        accepted += expected
    assert accepted > 200
