"""The tree in the docstring of `workbench.errors` is the tree of its classes."""

from __future__ import annotations

import builtins
import inspect
import re

import pytest

from workbench import errors
from workbench.errors import QueryError, UnknownNameError, WorkbenchError, nearest

LINE = re.compile(r"^    (?P<indent>[│├└─ ]*)(?P<name>\w+Error)(?: \((?P<builtin>\w+)\))?")
CLASSES = {
    name: value
    for name, value in vars(errors).items()
    if inspect.isclass(value) and issubclass(value, WorkbenchError)
}


def drawn() -> dict[str, tuple[str | None, str | None]]:
    """Parent and built-in of every class, as the docstring draws them."""
    assert errors.__doc__ is not None
    parents: dict[int, str] = {}
    found: dict[str, tuple[str | None, str | None]] = {}
    for line in errors.__doc__.splitlines():
        match = LINE.match(line)
        if match:
            depth = len(match["indent"]) // 4
            parents[depth] = match["name"]
            found[match["name"]] = (parents.get(depth - 1), match["builtin"])
    return found


def test_the_tree_names_every_class_once() -> None:
    assert sorted(drawn()) == sorted(CLASSES)
    assert len(CLASSES) >= 13


@pytest.mark.parametrize("name", sorted(CLASSES))
def test_a_class_lies_where_the_tree_draws_it(name: str) -> None:
    parent, builtin = drawn()[name]
    bases = [base.__name__ for base in CLASSES[name].__bases__]
    if name == "WorkbenchError":
        assert bases == ["Exception"]
    else:
        assert bases == [base for base in (parent, builtin) if base is not None]
    if builtin is not None:
        assert issubclass(CLASSES[name], getattr(builtins, builtin))
    if parent == "WorkbenchError":
        assert builtin is not None


@pytest.mark.parametrize("name", sorted(CLASSES))
def test_a_class_says_what_it_means_beyond_its_name(name: str) -> None:
    text = CLASSES[name].__dict__.get("__doc__") or ""
    assert len(text.split()) > 4
    assert not text.startswith(name)


def test_an_unknown_name_carries_its_facts_and_offers_the_nearest() -> None:
    error = UnknownNameError("column", "servise", ["name", "service", "status"])
    assert str(error) == "No column 'servise'; did you mean 'service'?"
    assert (error.kind, error.name) == ("column", "servise")
    assert error.known == ("name", "service", "status")
    assert error.near == ("service",)


def test_an_unknown_name_lists_what_there_is_when_nothing_is_near() -> None:
    few = UnknownNameError("panel", "zzz", ["traces", "latency"])
    assert str(few) == "No panel 'zzz'; there is: latency, traces."
    many = UnknownNameError("panel", "zzz", (f"p{number:02}" for number in range(20)))
    assert str(many).endswith("p10, p11, ….")
    assert str(UnknownNameError("panel", "x", [])) == "No panel 'x'; there is none."


def test_a_query_error_carries_its_statement() -> None:
    assert QueryError("DuckDB refuses this", "selec 1").sql == "selec 1"


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("lateny", ["latency"]),
        ("LATENCY", ["latency"]),
        ("http.rout", ["http.route"]),
        ("HTTP.ROUTE", ["http.route"]),
        ("nothing like it", []),
        ("", []),
    ],
)
def test_nearest_ignores_case_and_keeps_spelling(name: str, expected: list[str]) -> None:
    assert nearest(name, ["latency", "overview", "http.route"]) == expected


def test_nearest_offers_the_best_first_and_no_more_than_asked() -> None:
    assert nearest("span", ["spans", "span_id", "spam", "xyz"], 2) == ["spans", "spam"]
