"""How fast a real incident loads, beside a naive loader: ``python -m tests.benchmarks.bench_load``.

The loaders run in turn (A B C, A B C, …), each run in a process of its own. Imports are not
timed; opening the store, loading and the checkpoint are. The files are read once before, so that
all find them in the page cache. Needs WORKBENCH_REAL_DATA, the folder that holds nezha-otlp.
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import pyarrow as pa

LOADERS = ("workbench", "naive", "naive-orjson")
FOLDER = Path("nezha-otlp/trainticket-0129")


def load(loader: str, store: Path, files: list[Path]) -> dict[str, Any]:
    """Load once, in this process; what it took."""
    if loader == "workbench":
        import workbench

        def work() -> int:
            incident = workbench.open(store)
            total = incident.load([str(file) for file in files], progress=False).to_dict()["total"]
            close = getattr(incident, "close", None)
            if close is not None:
                close()
            return total["spans"] + total["logs"] + total["metric_points"]
    else:
        from tests.benchmarks import naive_loader

        def work() -> int:
            parser = "orjson" if loader == "naive-orjson" else "json"
            stored = naive_loader.load(store, files, parser)
            return stored["spans"] + stored["logs"] + stored["points"]

    # The first array built imports pandas where it is installed; imports are not timed.
    pa.array([0])
    wall, cpu = time.perf_counter(), time.process_time()
    rows = work()
    return {
        "loader": loader,
        "rows": rows,
        "wall": time.perf_counter() - wall,
        "cpu": time.process_time() - cpu,
        "peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "disk": sum(part.stat().st_size for part in store.parent.iterdir()) / 1e6,
    }


def in_own_process(loader: str, files: list[Path]) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "tests.benchmarks.bench_load", "--one", loader]
        command += ["--store", f"{folder}/store.duckdb", *map(str, files)]
        done = subprocess.run(command, stdout=subprocess.PIPE, check=True)
    return json.loads(done.stdout.splitlines()[-1])


def size(file: Path) -> int:
    """Bytes of a file once decompressed."""
    total = 0
    with (gzip.open if file.suffix == ".gz" else open)(file, "rb") as stream:
        while piece := stream.read(1 << 20):
            total += len(piece)
    return total


def show(runs: list[dict[str, Any]], megabytes: float) -> None:
    """The table: medians over the runs of each loader, and how many times the first is faster."""
    print(f"\n{'loader':<14}{'wall s':>9}{'cpu s':>9}{'MB/s':>8}{'rows/s':>10}", end="")
    print(f"{'peak MiB':>10}{'disk MB':>9}{'rows':>11}{'wall x':>8}{'cpu x':>8}")
    order = list(dict.fromkeys(run["loader"] for run in runs))
    middle = {
        loader: {
            name: statistics.median(run[name] for run in runs if run["loader"] == loader)
            for name in ("wall", "cpu", "peak", "disk", "rows")
        }
        for loader in order
    }
    first = middle[order[0]]
    for loader, took in middle.items():
        print(f"{loader:<14}{took['wall']:>9.2f}{took['cpu']:>9.2f}", end="")
        print(f"{megabytes / took['wall']:>8.1f}{took['rows'] / took['wall']:>10.0f}", end="")
        print(f"{took['peak']:>10.0f}{took['disk']:>9.1f}{took['rows']:>11.0f}", end="")
        print(f"{took['wall'] / first['wall']:>8.2f}{took['cpu'] / first['cpu']:>8.2f}")
    for other in order[1:]:
        mine = [run["wall"] for run in runs if run["loader"] == order[0]]
        theirs = [run["wall"] for run in runs if run["loader"] == other]
        ratios = ", ".join(f"{b / a:.2f}" for a, b in zip(mine, theirs, strict=True))
        print(f"{order[0]} against {other}, run by run: {ratios} times as fast")


def main() -> int:
    parser = argparse.ArgumentParser(description="Time loading, side by side.")
    parser.add_argument("files", nargs="*", type=Path, help="instead of the real incident")
    parser.add_argument("--loaders", default=",".join(LOADERS))
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--one", help=argparse.SUPPRESS)
    parser.add_argument("--store", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        print(json.dumps(load(options.one, options.store, options.files)))
        return 0
    files = options.files
    if not files:
        root = os.environ.get("WORKBENCH_REAL_DATA")
        if root is None:
            print("bench_load needs files or WORKBENCH_REAL_DATA.", file=sys.stderr)
            return 2
        files = sorted((Path(root) / FOLDER).rglob("*.jsonl.gz"))
    megabytes = sum(map(size, files)) / 1e6
    print(f"{len(files)} files, {megabytes:.0f} MB of JSON")
    runs = list[dict[str, Any]]()
    for _ in range(options.runs):
        for loader in options.loaders.split(","):
            runs.append(in_own_process(loader, files))
            run = runs[-1]
            print(f"  {loader:<14}{run['wall']:>8.2f} s wall {run['cpu']:>8.2f} s cpu", flush=True)
    show(runs, megabytes)
    return 0


if __name__ == "__main__":
    sys.exit(main())
