"""Seeded incidents of an LLM service, with their true causes.

A discrete-event simulation of a gateway, retrieval, and four model servers on four GPUs whose
heat and clocks follow physics. What it writes is OTLP as a collector would have written it, so
cause and effect agree in traces, logs and metrics because one run made all three.

Examples
--------
>>> from workbench.sources.simulate import Scenario, simulate
>>> run = simulate(Scenario(duration_s=60.0, fault=False), ablations=False)
>>> run.truth["cause"] is None
True
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from workbench.sources.simulate.emit_logs import log_lines
from workbench.sources.simulate.emit_metrics import metric_lines
from workbench.sources.simulate.emit_traces import trace_lines
from workbench.sources.simulate.otlp import write_lines
from workbench.sources.simulate.run import History, Run
from workbench.sources.simulate.scenario import Scenario
from workbench.sources.simulate.truth import truth as account

__all__ = ["Scenario", "Simulation", "simulate", "write"]


@dataclass(frozen=True, slots=True)
class Simulation:
    """A finished run.

    Attributes
    ----------
    scenario
        What was asked for.
    history
        Every request, attempt, generation and scrape, in simulated seconds.
    truth
        The account that `write` puts into `truth.json`.
    """

    scenario: Scenario
    history: History
    truth: dict[str, Any]


def simulate(scenario: Scenario, *, ablations: bool = True) -> Simulation:
    """Return the run of a scenario with its account.

    Parameters
    ----------
    scenario
        What happens.
    ablations
        Whether to run it thrice more, each time with one effect taken out: throttling, retries,
        the tenant's growth. Effects that the scenario lacks are not taken out.

    Examples
    --------
    >>> simulate(Scenario(duration_s=30.0), ablations=False).truth["scenario"]["seed"]
    92
    """
    history = Run(scenario).history()
    others: dict[str, History] = {}
    if ablations:
        if scenario.fault and scenario.throttling:
            others["without_throttling"] = Run(scenario.without("throttling")).history()
        if scenario.retries:
            others["without_retries"] = Run(scenario.without("retries")).history()
        if scenario.growth:
            others["without_growth"] = Run(scenario.without("growth")).history()
    return Simulation(scenario, history, account(history, others))


def write(simulation: Simulation, folder: Path | str) -> list[Path]:
    """Write a run's telemetry and account, and return the paths written.

    Returns
    -------
    list of Path
        `traces.jsonl.gz`, `logs.jsonl.gz`, `metrics.jsonl.gz` (OTLP JSON, one export request a
        line) and `truth.json`, in `folder`, which is created.
    """
    target = Path(folder)
    target.mkdir(parents=True, exist_ok=True)
    paths: list[Path] = []
    for signal, lines in (
        ("traces", trace_lines),
        ("logs", log_lines),
        ("metrics", metric_lines),
    ):
        paths.append(target / f"{signal}.jsonl.gz")
        write_lines(paths[-1], lines(simulation.history))
    paths.append(target / "truth.json")
    paths[-1].write_text(json.dumps(simulation.truth, indent=1) + "\n", encoding="utf-8")
    return paths
