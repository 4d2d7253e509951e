"""The post-mortem names the cause on incidents that it was not written for."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

import pytest

import workbench as wb
from tests.notebooks.cells import run_notebook
from tests.small import load, request, span
from workbench.errors import NoDataError
from workbench.sources.simulate import Scenario, simulate, write
from workbench.view import View

# Another card, another time, another night; none of it is told to the notebook.
FAULTS = {
    "first card": Scenario(seed=11, gpu=0),
    "third card": Scenario(seed=12, gpu=2),
    "fourth card": Scenario(seed=13, gpu=3),
    "early": Scenario(seed=14, gpu=1, fault_s=1980.0),
    "late": Scenario(seed=15, gpu=2, fault_s=2820.0),
    "no growth": Scenario(seed=16, gpu=0, growth=False),
    "no deploy nearby": Scenario(seed=17, gpu=3, deploy_s=600.0),
    "short outage": Scenario(seed=18, gpu=1, drain_s=900.0),
}
QUIET = {
    "no fault": Scenario(seed=21, fault=False),
    "no fault and no growth": Scenario(seed=22, fault=False, growth=False),
}


@pytest.fixture
def summed_up(request, tmp_path):
    """The five lines for a scenario, and its truth, which the notebook never sees."""
    simulation = simulate(request.param, ablations=False)
    write(simulation, tmp_path / "dump")
    (tmp_path / "dump" / "truth.json").unlink()
    inc = wb.open(tmp_path / "inc.duckdb")
    inc.load(tmp_path / "dump", progress=False)
    inc.close()
    ran = run_notebook("01_postmortem.ipynb", store=str(tmp_path / "inc.duckdb"))
    lines = dict(line.split(maxsplit=1) for line in ran.printed["summary"].splitlines() if line)
    return lines, simulation.truth, ran


@pytest.mark.parametrize("summed_up", FAULTS.values(), ids=FAULTS.keys(), indirect=True)
def test_a_slowed_card_is_named_with_its_time(summed_up):
    lines, truth, ran = summed_up
    cause = truth["cause"]
    assert lines["where"].startswith(f"{cause['pod']}:")
    assert cause["gpu_uuid"] in lines["because"]
    assert cause["node"] in lines["because"]
    slowed = datetime.fromisoformat(truth["phases"]["software_slowdown"])
    said = re.match(r"(\d\d):(\d\d)", lines["since"])
    assert said is not None
    moment = slowed.replace(hour=int(said[1]), minute=int(said[2]), second=0)
    assert abs(moment - slowed) < timedelta(minutes=2)
    assert sum(isinstance(value, View) for value in ran.values) >= 8


@pytest.mark.parametrize("summed_up", QUIET.values(), ids=QUIET.keys(), indirect=True)
def test_a_quiet_night_has_no_incident(summed_up):
    lines, truth, _ = summed_up
    assert truth["cause"] is None
    assert "no incident" in lines["what"]
    assert lines["where"] == "no replica stands out from the others"
    assert lines["because"] == "no GPU was slowed for heat"


def test_the_demo_is_summed_up_in_five_lines():
    ran = run_notebook("01_postmortem.ipynb")
    lines = ran.printed["summary"].splitlines()
    assert [line.split()[0] for line in lines] == ["what", "where", "since", "because", "besides"]


def test_the_run_of_bad_minutes_is_described_as_it_is():
    ran = run_notebook("01_postmortem.ipynb").variables
    above = ran["minutes"].filter(ran["minutes"]["bad_share"] > ran["limit"])["minute"]
    first, last, count = ran["run"]
    assert above.is_between(first, last).sum() == count
    between = above.filter(above.is_between(first, last)).diff().drop_nulls()
    assert between.max() <= ran["BRIDGED"] + 1


def test_every_chart_has_a_title_of_its_own():
    ran = run_notebook("01_postmortem.ipynb")
    titles = [value.title for value in ran.values if isinstance(value, View)]
    of_the_notebook = [title for title in titles if " vllm-" in title]
    assert len(of_the_notebook) == len(set(of_the_notebook)) >= 5


def test_a_store_that_lacks_what_it_needs_stops_it_in_a_sentence(tmp_path):
    inc = wb.open(tmp_path / "shop.duckdb")
    load(inc, tmp_path, request(span()))
    with pytest.raises(NoDataError, match=r"needs spans of a gateway .* lacks spans\.gen_ai"):
        run_notebook("01_postmortem.ipynb", store=str(tmp_path / "shop.duckdb"))


def test_every_sentence_with_a_number_is_computed():
    """Prose of the notebook's own holds no figure of the incident."""
    import nbformat

    from tests.notebooks.cells import NOTEBOOKS

    notebook = nbformat.read(NOTEBOOKS / "01_postmortem.ipynb", as_version=4)
    prose = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
    figures = set(re.findall(r"\b(?:vllm-\d|GPU-\w+|\d{1,2}:\d{2}|\d+ MHz|\d+ W)\b", prose))
    assert figures == set()
    assert all(not cell.get("outputs") for cell in notebook.cells)
