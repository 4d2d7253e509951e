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
from workbench.view import View, check_target
from workbench.window import Window
from workbench.workbench import Workbench

__all__ = ["Parser", "add_panel", "ask", "split", "window_names"]


_CHOICE = re.compile(
    r"argument (?P<option>.*): invalid choice: '(?P<word>.*)' \(choose from (?P<known>.*)\)"
)


class Parser(argparse.ArgumentParser):
    """A parser whose mistakes are `InputError`, so that they end in one line."""

    @property
    def options(self) -> list[str]:
        """Every option as it is typed."""
        return list(self._option_string_actions)

    def error(self, message: str) -> NoReturn:
        """Raise instead of leaving the process."""
        wrong = _CHOICE.search(message)
        if wrong is not None:
            known = wrong["known"].replace("'", "").split(", ")
            option = wrong["option"].removeprefix("--").lower()
            raise UnknownNameError(option, wrong["word"], known)
        names = " ".join(str(action.metavar) for action in self._get_positional_actions())
        raise InputError(
            f"{message[:1].upper()}{message[1:]}. Write: {self.prog} {names} …;"
            f" {self.prog} --help says more."
        )

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:  # pyright: ignore[reportIncompatibleMethodOverride]  the stub's overloads
        """Refuse what is not known, with the nearest options.

        Here and not in `error`, because a command's parser would hand what it does not know to
        the one above it, which has other options.
        """
        found, rest = super().parse_known_args(args, namespace)
        for word in rest:
            name = word.partition("=")[0]
            if name.startswith("-"):
                raise UnknownNameError("option", name, self.options)
        if rest:
            self.error(f"Nothing is known to do with {' '.join(map(repr, rest))}")
        return found, rest


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
            help="part of the data to ask about; several joined by commas (default: all spans)",
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
            help="time left out between a baseline given as length and the window (default: 0s)",
        )
    for parameter in panel.parameters:
        _add_parameter(parser, parameter)
    parser.add_argument(
        "--save", metavar="FILE", help="also write .html, .svg, .png, .csv, .parquet, .md, …"
    )


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
        parser.add_argument(name, type=_count, metavar="N", help=text)
    else:
        parser.add_argument(name, metavar="LENGTH", help=text)


def _count(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number") from None


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
        What `add_panel`'s options gave; with ``--save`` the view is saved too.
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
    if arguments.save:
        check_target(arguments.save)  # before the work, not after it
    if panel.subject == "trace":
        view = function(inc.trace(arguments.trace), **options)
    else:
        window = _asked(inc, panel, arguments, windows or {}, options)
        view = function(window, **options)
    if arguments.save:
        view.save(arguments.save)
    return view


def _columns(values: list[str]) -> list[str]:
    """Columns given apart or joined by commas: ``--by service name``, ``--by service,name``."""
    return [name.strip() for value in values for name in value.split(",") if name.strip()]


def _asked(
    inc: Workbench,
    panel: Panel,
    arguments: argparse.Namespace,
    known: Mapping[str, object],
    options: dict[str, Any],
) -> Window:
    """The window asked about; the baseline, if there is one, goes to ``options``."""
    window = _window(inc, arguments.window, known) if arguments.window else inc.all_spans
    if panel.has_baseline and arguments.baseline:
        options["baseline"] = _baseline(inc, window, arguments, known)
    elif panel.has_baseline and arguments.gap:
        raise InputError(
            f"--gap {arguments.gap} lies between a baseline and the window; give --baseline too,"
            " for example --baseline 30m."
        )
    if arguments.where:
        window = window.where(arguments.where)
        if "baseline" in options:
            options["baseline"] = options["baseline"].where(arguments.where)
    return window


def _window(inc: Workbench, text: str, known: Mapping[str, object]) -> Window:
    named = known.get(text)
    if isinstance(named, Window):
        return named
    windows = window_names(known)
    if windows and text.isidentifier():
        raise UnknownNameError("window", text, windows)
    return inc.parse_window(text)


def window_names(known: Mapping[str, object]) -> list[str]:
    """Names in ``known`` that stand for windows; those with an underscore are IPython's own."""
    return [
        name
        for name, value in known.items()
        if isinstance(value, Window) and not name.startswith("_")
    ]


def _baseline(
    inc: Workbench, window: Window, arguments: argparse.Namespace, known: Mapping[str, object]
) -> Window:
    text: str = arguments.baseline
    if "/" not in text and not (text.isidentifier() and window_names(known)):
        parse_duration(text)
        return window.before(text, gap=arguments.gap or "0s")
    if arguments.gap:
        raise InputError(
            f"--gap {arguments.gap} goes with a baseline given as a length such as 30m,"
            f" not with {text!r}; leave it out."
        )
    return _window(inc, text, known)
