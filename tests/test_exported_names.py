"""Every module says what it offers: sorted, and all of it there."""

from __future__ import annotations

import importlib
import pkgutil

import pytest

import workbench

MODULES = sorted(
    module.name
    for module in pkgutil.walk_packages(workbench.__path__, "workbench.")
    if not any(part.startswith("_") for part in module.name.split("."))
    # The simulator is used through its package; its parts are open to each other.
    and not module.name.startswith("workbench.sources.simulate.")
)


def in_order(name: str) -> tuple[int, str]:
    """Constants, then classes, then the rest: the order of isort, which ruff keeps."""
    if name.isupper() and len(name) > 1:
        return 0, name
    return (1, name) if name[:1].isupper() else (2, name)


def test_the_modules_are_found() -> None:
    assert {"workbench.errors", "workbench.store.names", "workbench.otlp.decode"} <= set(MODULES)


@pytest.mark.parametrize("name", MODULES)
def test_a_module_lists_its_names_in_order_and_has_them(name: str) -> None:
    module = importlib.import_module(name)
    listed = getattr(module, "__all__", None)
    if listed is None:
        # A package that only holds others.
        assert hasattr(module, "__path__")
        public = [
            key for key, value in vars(module).items() if getattr(value, "__module__", "") == name
        ]
        assert public == []
        return
    assert list(listed) == sorted(set(listed), key=in_order)
    assert [missing for missing in listed if not hasattr(module, missing)] == []
    private = [key for key in listed if key.startswith("_") and not key.startswith("__")]
    assert private == []


def test_the_front_door_is_sorted_and_whole() -> None:
    listed = list(workbench.__all__)
    assert listed == sorted(set(listed), key=in_order)
    assert {"Workbench", "__version__", "open"} <= set(listed)
    namespace: dict[str, object] = {}
    exec("from workbench import *", namespace)
    for name in listed:
        assert namespace[name] is getattr(workbench, name)


def test_the_version_is_that_of_the_distribution() -> None:
    from importlib.metadata import version

    assert version("otel-workbench") == workbench.__version__
