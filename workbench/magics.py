"""``%load_ext workbench``: the magics ``%wb`` and ``%%wb sql``."""

from __future__ import annotations

import functools
import keyword
import sys
from collections.abc import Callable, Mapping, Sequence
from types import TracebackType
from typing import Any, TypeVar, cast

import polars as pl
from IPython.core.completer import (
    CompletionContext,
    SimpleCompletion,
    SimpleMatcherResult,
    context_matcher,  # pyright: ignore[reportUnknownVariableType]  IPython types it as a partial
)
from IPython.core.error import UsageError
from IPython.core.interactiveshell import InteractiveShell
from IPython.core.magic import Magics, line_cell_magic, magics_class

from workbench.commands import Parser, add_panel, ask, split, window_names
from workbench.errors import InputError, UnknownNameError, WorkbenchError
from workbench.panels import PANELS
from workbench.window import Window
from workbench.workbench import Workbench, open_workbench

__all__ = ["WorkbenchMagics", "load_ipython_extension"]

Result = TypeVar("Result")
_NAME = "inc"
_WORDS = ("open", "load", "sql", *PANELS, "help")
_HELP = """%wb open FILE [--tz ZONE]     use a store; without FILE, one in memory
%wb load FILE …               load files, folders or patterns into it
{panels}
%%wb sql NAME                 run the cell as SQL; the rows become the polars frame NAME
%wb sql QUERY                 the same on one line, shown only
%wb help                      this list; %wb latency --help for the options of one

The workbench is the variable `inc`. Windows can be given by name:
  bad = inc.window("2026-11-12 14:05", "14:24"); good = bad.before("40m", gap="5m")
  %wb latency --window bad --baseline good --by service name"""


def _one_line(function: Callable[..., Result]) -> Callable[..., Result]:
    """Turn a `WorkbenchError` into IPython's own UsageError, which prints one line.

    Exactly that class: IPython prints the traceback of a subclass.
    """

    @functools.wraps(function)
    def wrapped(*arguments: Any, **options: Any) -> Result:
        try:
            return function(*arguments, **options)
        except WorkbenchError as error:
            raise UsageError(" ".join(str(error).split())) from None

    return wrapped


@magics_class
class WorkbenchMagics(Magics):
    """The magics of Workbench; ``%wb help`` lists them."""

    def _variables(self) -> dict[str, Any]:
        return cast("Any", self.shell).user_ns

    def _bind(self, name: str, value: object) -> None:
        cast("Any", self.shell).push({name: value})

    @line_cell_magic
    @_one_line
    def wb(self, line: str, cell: str | None = None) -> object:
        """Workbench: ``%wb help`` lists what can be typed."""
        words = split(line) if cell is not None or not line.startswith("sql ") else ["sql"]
        if not words:
            return self._inc() if _NAME in self._variables() else self._help()
        name, rest = words[0], words[1:]
        if cell is not None and name != "sql":
            raise InputError(f"A cell magic takes SQL: write %%wb sql, not %%wb {name}.")
        commands: dict[str, Callable[[list[str]], object]] = {
            "open": self._open,
            "load": self._load,
            **dict.fromkeys(("help", "--help", "-h"), lambda _: self._help()),
            **{panel: functools.partial(self._panel, panel) for panel in PANELS},
        }
        if name == "sql":
            query = line.removeprefix("sql ") if cell is None else cell
            return self._sql(rest, query)
        if name not in commands:
            raise UnknownNameError("command", name, _WORDS)
        return commands[name](rest)

    def _inc(self) -> Workbench:
        """The workbench in use: the variable ``inc``, made in memory if there is none."""
        found = self._variables().get(_NAME)
        if isinstance(found, Workbench):
            return found
        if found is not None:
            raise InputError(f"The variable {_NAME} is no workbench; %wb open makes it one.")
        return self._use(open_workbench())

    def _use(self, inc: Workbench) -> Workbench:
        self._bind(_NAME, inc)
        return inc

    def _open(self, words: list[str]) -> object:
        parser = Parser(prog="%wb open", add_help=False)
        parser.add_argument("file", nargs="?")
        parser.add_argument("--tz", default="UTC")
        chosen = parser.parse_args(words)
        return self._use(open_workbench(chosen.file, tz=chosen.tz))

    def _load(self, words: list[str]) -> object:
        if not words:
            raise InputError("Give files, folders or patterns: %wb load dumps/")
        return self._inc().load(words)

    def _sql(self, words: list[str], query: str) -> pl.DataFrame:
        names = words[:1]
        if len(words) > 1:
            raise InputError(f"%%wb sql takes one name, not {len(words)}: {' '.join(words)}")
        for name in names:
            if not name.isidentifier() or keyword.iskeyword(name):
                raise InputError(f"{name!r} cannot name a variable; write %%wb sql frame.")
        frame = self._inc().sql(query)
        for name in names:
            self._bind(name, frame)
        return frame

    def _panel(self, name: str, words: list[str]) -> object:
        parser = _parser_of(name)
        if "-h" in words or "--help" in words:
            print(parser.format_help())
            return None
        if isinstance(self._variables().get(words[0] if words else ""), (Workbench, Window)):
            raise InputError(
                f"A magic asks the workbench in the variable {_NAME} and takes no {words[0]!r};"
                f" give a window with --window: %wb {name} --window bad."
            )
        chosen = parser.parse_args(words)
        view = ask(self._inc(), name, chosen, self._variables())
        if chosen.save:
            print(f"wrote {chosen.save}")
        return view

    def _help(self) -> None:
        panels = "\n".join(f"%wb {name:<26}{panel.question}" for name, panel in PANELS.items())
        print(_HELP.format(panels=panels))


def _parser_of(panel: str) -> Parser:
    parser = Parser(prog=f"%wb {panel}", description=PANELS[panel].question)
    add_panel(parser, PANELS[panel])
    return parser


def _may_follow(words: list[str], variables: Mapping[str, object]) -> Sequence[str]:
    """What may follow the whole words of a line after ``%wb``; nothing where IPython knows more."""
    if not words:
        return _WORDS
    if words[0] not in PANELS:
        return ()  # files, and SQL
    if words[-1] in {"--window", "--baseline"}:
        return window_names(variables)
    return [option for option in _parser_of(words[0]).options if option.startswith("--")]


def _show_error(
    shell: Any,
    kind: type[BaseException],
    error: BaseException,
    trace: TracebackType | None,
    tb_offset: int | None = None,  # noqa: ARG001  IPython gives it by this name
) -> list[str]:
    """Show an error as one line, by the way on which a notebook also learns that a cell failed."""
    sys.last_type, sys.last_value, sys.last_traceback = kind, error, trace  # for %tb and %debug
    line = f"{kind.__name__}: {' '.join(str(error).split())}"
    shell._showtraceback(kind, error, [line])  # noqa: SLF001  IPython has no other name for it
    return [line]


def load_ipython_extension(shell: InteractiveShell) -> None:
    """Register the magics and their completion; called by ``%load_ext workbench``.

    From then on a `WorkbenchError` of any cell is one line; ``%tb`` shows where it came from.
    """
    shell.register_magics(WorkbenchMagics)
    cast("Any", shell).set_custom_exc((WorkbenchError,), _show_error)

    @context_matcher(identifier="workbench")  # pyright: ignore[reportUntypedFunctionDecorator]
    def complete(context: CompletionContext) -> SimpleMatcherResult:
        before = context.text_until_cursor.removesuffix(context.token).split()
        known: Sequence[str] = ()
        if before[:1] == ["%wb"]:
            known = _may_follow(before[1:], cast("Any", shell).user_ns)
        found = [SimpleCompletion(word) for word in known if word.startswith(context.token)]
        # IPython would add Python's own names to ours.
        return SimpleMatcherResult(completions=found, suppress=bool(found), ordered=True)

    cast("Any", shell).Completer.custom_matchers.append(complete)
