"""The command line: ``workbench load``, ``workbench sql``, and a command for every question.

Exit codes: 0 done; 1 done, but some input was rejected; 2 wrong use, or no data.
"""

from __future__ import annotations

import argparse
import errno
import json
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from workbench.commands import Parser, add_panel, ask
from workbench.errors import InputError, WorkbenchError
from workbench.model import VERSION
from workbench.panels import PANELS
from workbench.store import LoadReport
from workbench.view import View
from workbench.workbench import Workbench, open_workbench

__all__ = ["main"]

DONE, REJECTED, WRONG = 0, 1, 2
_INTERRUPTED = 130
_OUTPUT_FAILS = frozenset((errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EBADF))
_EXAMPLES = """examples:
  workbench load inc.duckdb dumps/                  load a folder of whatever the night left
  workbench overview inc.duckdb --window 2026-11-12T14:05/14:24 --baseline 40m --gap 5m
  workbench latency inc.duckdb --by service name --json
  workbench traces inc.duckdb --errors --limit 5
  workbench waterfall inc.duckdb 6af5ca6a49 --save trace.html
  workbench sql inc.duckdb "select service, count(*) as n from spans group by service"
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command and return its exit code."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    if words[:1] == ["help"]:
        words = [*words[1:], "--help"]
    try:
        code = _run(words)
        if sys.stdout is None:  # pyright: ignore[reportUnnecessaryComparison]  `>&-`
            raise OSError(errno.EBADF, os.strerror(errno.EBADF))
        sys.stdout.flush()  # here, so that a full disk or a reader who went away is met below
        return code
    except WorkbenchError as error:
        print(f"workbench: {_one_line(error)}", file=sys.stderr)
        return WRONG
    except KeyboardInterrupt:
        print("workbench: stopped; what was not finished was left out", file=sys.stderr)
        return _INTERRUPTED
    except BrokenPipeError:  # the reader of our output went away (`| head`)
        _drop_output()
        return DONE
    except OSError as error:
        if error.errno not in _OUTPUT_FAILS or error.filename is not None:
            raise
        _drop_output()
        reason = os.strerror(error.errno)
        print(f"workbench: cannot write the output: {reason}; send it elsewhere", file=sys.stderr)
        return WRONG


def _run(words: list[str]) -> int:
    try:
        chosen = _parser().parse_args(words)
    except SystemExit as left:  # --help and --version have printed, and leave
        return int(left.code or DONE)
    return int(chosen.run(chosen))


def _drop_output() -> None:
    """Let what is still to be written go nowhere, so that the interpreter does not complain too."""
    if sys.stdout is not None:  # pyright: ignore[reportUnnecessaryComparison]
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _one_line(error: WorkbenchError) -> str:
    return " ".join(str(error).split())


def _parser() -> Parser:
    parser = Parser(
        prog="workbench",
        description="Load OpenTelemetry dumps into DuckDB and ask what happened.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"workbench {VERSION}")
    commands = parser.add_subparsers(
        metavar="COMMAND", required=True, parser_class=Parser, title="commands"
    )

    def command(name: str, text: str, run: Callable[[argparse.Namespace], int]) -> Parser:
        added: Parser = commands.add_parser(name, help=text, description=text)
        added.set_defaults(run=run, panel=name)
        return added

    load = command("load", "Load files, folders or patterns into a store.", _load)
    load.add_argument("store", metavar="STORE", help="file of the store; made if it is missing")
    load.add_argument("files", metavar="FILE", nargs="+", help="files, folders or patterns")
    load.add_argument("--json", action="store_true", help="print the report as one JSON document")
    sql = command("sql", "Run a SQL query on a store.", _sql)
    _add_reading(sql)
    sql.add_argument(
        "query",
        metavar="QUERY",
        help="one statement that reads: a select over spans, logs, metrics, …",
    )
    for name, panel in PANELS.items():
        asked = command(name, panel.question, _panel)
        _add_reading(asked)
        add_panel(asked, panel)
    demo = command("demo", "Look at an incident: load it and run its post-mortem.", _demo)
    demo.add_argument("--folder", default="build", help="where to put the results (default: build)")
    demo.add_argument("--no-open", action="store_true", help="do not open JupyterLab afterwards")
    return parser


def _add_reading(parser: Parser) -> None:
    parser.add_argument("store", metavar="STORE", help="file of the store")
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    parser.add_argument(
        "--tz", default="UTC", metavar="ZONE", help="zone of times without one (default: UTC)"
    )


def _load(arguments: argparse.Namespace) -> int:
    inc = open_workbench(arguments.store)
    report = inc.load(arguments.files)
    if arguments.json:
        print(json.dumps(report.to_dict(), ensure_ascii=False), flush=True)
    else:
        print(report, flush=True)
    return _load_code(report)


def _load_code(report: LoadReport) -> int:
    if not any(file.is_stored for file in report.files):
        print("workbench: nothing was loaded", file=sys.stderr)
        return WRONG
    return REJECTED if any(file.is_refused for file in report.files) else DONE


def _open(arguments: argparse.Namespace) -> Workbench:
    """The workbench of an existing store; a read never makes one."""
    inc = open_workbench(arguments.store, tz=arguments.tz)
    with inc.store.reading():
        return inc


def _sql(arguments: argparse.Namespace) -> int:
    from workbench.export.table import plain_rows
    from workbench.export.terminal import terminal_width, text_table

    frame = _open(arguments).sql(arguments.query)
    if arguments.json:
        print(json.dumps(plain_rows(frame), ensure_ascii=False, allow_nan=False))
    else:
        print(text_table(frame, rows=40, width=terminal_width(), whole="--json"))
    return DONE


def _panel(arguments: argparse.Namespace) -> int:
    inc = _open(arguments)
    view = ask(inc, arguments.panel, arguments)
    print(view.to_json() if arguments.json else view.to_text(whole="--json, --save x.csv"))
    if arguments.save:
        print(f"workbench: wrote {arguments.save}", file=sys.stderr)
    return _panel_code(inc, view, arguments)


def _panel_code(inc: Workbench, view: View, arguments: argparse.Namespace) -> int:
    """A question that finds nothing is answered; one about times without data is wrong use.

    The reason stands in the answer, among the caveats, and is not said again.
    """
    asked = getattr(arguments, "window", None)
    nothing = view.table.is_empty() and asked and inc.parse_window(asked).is_empty()
    return WRONG if nothing else DONE


def _demo(arguments: argparse.Namespace) -> int:
    from workbench.demo import open_in_jupyterlab, run_demo

    folder = Path(arguments.folder)
    if folder.exists() and not folder.is_dir():
        raise InputError(f"{str(folder)!r} is not a folder; give one with --folder.")
    result = run_demo(folder, say=lambda text: print(text, file=sys.stderr))
    print("\n".join(result.summary))
    print(f"report    {result.report}\nnotebook  {result.notebook}", file=sys.stderr)
    if not arguments.no_open and sys.stdout.isatty():
        open_in_jupyterlab(result.notebook)
    return DONE
