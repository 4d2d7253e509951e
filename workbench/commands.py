"""What can be typed: the words shared by the magics and the command line, made from ``PANELS``."""

from __future__ import annotations

import argparse
import re
import shlex
from collections.abc import Callable, Mapping
from typing import Any, NoReturn

from workbench import panels
from workbench.errors import InputError, UnknownNameError
from workbench.model.times import parse_duration
from workbench.panels import PANELS, Panel, Parameter
from workbench.view import View
from workbench.window import Window
from workbench.workbench import Workbench

__all__ = ["Parser", "add_panel", "ask", "split"]


_CHOICE = re.compile(
    r"argument COMMAND: invalid choice: '(?P<word>.*)' \(choose from (?P<known>.*)\)"
)


class Parser(argparse.ArgumentParser):
    """A parser whose mistakes are `InputError`, so that they end in one line."""

    def error(self, message: str) -> NoReturn:
        """Raise instead of leaving the process."""
        wrong = _CHOICE.search(message)
        if wrong is not None:
            known = wrong["known"].replace("'", "").split(", ")
            raise UnknownNameError("command", wrong["word"], known)
        usage = " ".join(self.format_usage().removeprefix("usage: ").split())
        raise InputError(f"{message[:1].upper()}{message[1:]}. Usage: {usage}")


def split(line: str) -> list[str]:
    """The words of a magic's line, with quotes as in a shell.

    Raises
    ------
    InputError
        When a quote is not closed.
    """
    try:
        return shlex.split(line)
    except ValueError as error:
        raise InputError(f"Cannot read {line!r}: {error}.") from None


def add_panel(parser: argparse.ArgumentParser, panel: Panel) -> None:
    """Give a parser the options of a panel."""
    if panel.subject == "trace":
        parser.add_argument("trace", metavar="TRACE_ID", help="trace id, or how it begins")
    else:
        parser.add_argument(
            "--window",
            metavar="START/END",
            help="part of the data to ask about; several joined by commas (default: all of it)",
        )
        parser.add_argument(
            "--where", metavar="SQL", help="condition, for example \"service = 'gateway'\""
        )
    if panel.has_baseline:
        parser.add_argument(
            "--baseline",
            metavar="START/END|LENGTH",
            help="what to compare with: a window, or a length such as 30m before --window",
        )
        parser.add_argument(
            "--gap",
            metavar="LENGTH",
            default="0s",
            help="time left out between a baseline given as length and the window (default: 0s)",
        )
    for parameter in panel.parameters:
        _add_parameter(parser, parameter)


def _add_parameter(parser: argparse.ArgumentParser, parameter: Parameter) -> None:
    name = f"--{parameter.name}"
    text = f"{parameter.help} (default: {_shown(parameter.default)})"
    if parameter.kind == "columns":
        parser.add_argument(
            name,
            nargs="+",
            action="extend",
            metavar="COLUMN",
            help=text,
        )
    elif parameter.kind == "flag":
        parser.add_argument(name, action=argparse.BooleanOptionalAction, default=None, help=text)
    elif parameter.kind == "choice":
        parser.add_argument(name, choices=parameter.choices, help=text)
    elif parameter.kind == "count":
        parser.add_argument(name, type=int, metavar="N", help=text)
    else:
        parser.add_argument(name, metavar="LENGTH", help=text)


def _shown(default: Any) -> str:
    if isinstance(default, tuple):
        return " ".join(default)  # pyright: ignore[reportUnknownArgumentType]
    return "none" if default is None else str(default)


def ask(
    inc: Workbench,
    name: str,
    arguments: argparse.Namespace,
    windows: Mapping[str, object] | None = None,
) -> View:
    """The view of a panel, asked for by words.

    Parameters
    ----------
    inc
        The workbench to ask.
    name
        A key of ``PANELS``.
    arguments
        What `add_panel`'s options gave.
    windows
        Names that may stand for windows (the variables of a notebook).

    Raises
    ------
    WorkbenchError
        Whatever is wrong with the words.
    """
    panel = PANELS[name]
    options: dict[str, Any] = {
        parameter.name: _columns(value) if parameter.kind == "columns" else value
        for parameter in panel.parameters
        if (value := getattr(arguments, parameter.name)) is not None
    }
    function: Callable[..., View] = getattr(panels, name)
    if panel.subject == "trace":
        return function(inc.trace(arguments.trace), **options)
    known = windows or {}
    window = _window(inc, arguments.window, known) if arguments.window else inc.all
    if panel.has_baseline and arguments.baseline:
        options["baseline"] = _baseline(inc, window, arguments, known)
    if arguments.where:
        window = window.where(arguments.where)
        if "baseline" in options:
            options["baseline"] = options["baseline"].where(arguments.where)
    return function(window, **options)


def _columns(values: list[str]) -> list[str]:
    """Columns given apart or joined by commas: ``--by service name``, ``--by service,name``."""
    return [name.strip() for value in values for name in value.split(",") if name.strip()]


def _window(inc: Workbench, text: str, known: Mapping[str, object]) -> Window:
    named = known.get(text)
    return named if isinstance(named, Window) else inc.parse_window(text)


def _baseline(
    inc: Workbench, window: Window, arguments: argparse.Namespace, known: Mapping[str, object]
) -> Window:
    text: str = arguments.baseline
    if "/" in text or isinstance(known.get(text), Window):
        return _window(inc, text, known)
    parse_duration(text)
    return window.before(text, gap=arguments.gap)
