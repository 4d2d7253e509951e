"""Write a simulated incident: `python -m workbench.sources.simulate FOLDER`."""

import argparse
import sys
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

from workbench.sources.simulate import Scenario, simulate, write
from workbench.sources.simulate.scenario import GPUS, PARTS, PODS, Part


def _parser() -> argparse.ArgumentParser:
    usual = Scenario()
    parser = argparse.ArgumentParser(
        prog="python -m workbench.sources.simulate",
        description="Simulate an LLM service on four GPUs, one of which overheats, and write its "
        "traces, logs and metrics as OTLP JSON lines, with the truth beside them. The same "
        "options write the same bytes.",
    )
    parser.add_argument("folder", help="where to write; created if need be")
    parser.add_argument("--seed", type=int, default=usual.seed, help="default: %(default)s")
    parser.add_argument(
        "--gpu",
        type=int,
        choices=range(len(GPUS)),
        default=usual.gpu,
        help="the GPU whose cooling fails, counted over both hosts; the pods on them are "
        + ", ".join(f"{number}: {_pod_on(number)}" for number in range(len(GPUS)))
        + " (default: %(default)s)",
    )
    parser.add_argument(
        "--start",
        type=_time,
        default=usual.start,
        metavar="TIME",
        help=f"first instant, ISO 8601, UTC unless it says otherwise ({usual.start.isoformat()})",
    )
    parser.add_argument(
        "--minutes",
        type=float,
        default=usual.duration_s / 60,
        help="length (default: %(default)g)",
    )
    parser.add_argument(
        "--fault-after",
        type=float,
        default=usual.fault_s / 60,
        metavar="MINUTES",
        help="when the cooling fails, after the start (default: %(default)g)",
    )
    parser.add_argument(
        "--rate",
        type=float,
        default=usual.rate,
        help="user requests a second (default: %(default)g)",
    )
    _add_switches(parser)
    return parser


def _add_switches(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--no-fault", action="store_true", help="the cooling does not fail")
    parser.add_argument("--no-drain", action="store_true", help="the slow replica stays")
    parser.add_argument("--no-growth", action="store_true", help="no tenant's prompts grow")
    parser.add_argument("--no-retries", action="store_true", help="attempts are not repeated")
    parser.add_argument(
        "--no-fallback", action="store_true", help="no smaller model helps out: requests fail"
    )
    parser.add_argument(
        "--faster",
        type=_faster,
        action="append",
        default=[],
        metavar="PART=SHARE",
        help="let a part take this share of its usual time, as in search=0.7; parts are "
        + ", ".join(PARTS),
    )


def _pod_on(gpu: int) -> str:
    return next(pod.name for pod in PODS if pod.gpu == gpu)


def _time(text: str) -> datetime:
    time = datetime.fromisoformat(text)
    return time if time.tzinfo else time.replace(tzinfo=UTC)


def _faster(text: str) -> tuple[Part, float]:
    name, _, share = text.partition("=")
    for part in PARTS:
        if part == name and share:
            return part, float(share)
    raise argparse.ArgumentTypeError(f"{text!r} is not PART=SHARE with one of {', '.join(PARTS)}")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit status."""
    parser = _parser()
    options = parser.parse_args(arguments)
    try:
        scenario = Scenario(
            seed=options.seed,
            gpu=options.gpu,
            start=options.start,
            duration_s=options.minutes * 60,
            fault_s=options.fault_after * 60,
            rate=options.rate,
            fault=not options.no_fault,
            growth=not options.no_growth,
            retries=not options.no_retries,
            fallback=not options.no_fallback,
            faster=tuple(options.faster),
        )
    except ValueError as error:
        parser.error(str(error))
    if options.no_drain:
        scenario = replace(scenario, drain_s=None)
    for path in write(simulate(scenario), options.folder):
        print(f"{path} ({path.stat().st_size:,} bytes)")
    return 0


if __name__ == "__main__":
    sys.exit(main())
