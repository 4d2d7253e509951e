"""The simulator itself: determinism, variants, and the card's physics in isolation."""

import gzip
import math
from datetime import datetime

import pytest

from tests.sources.simulate.dump import INCIDENT, Dump, mean, quantile
from workbench.sources.simulate import Scenario, simulate, write
from workbench.sources.simulate.__main__ import main
from workbench.sources.simulate.hardware import Gpu, prefill_work, step_cost
from workbench.sources.simulate.scenario import GPUS, PODS

SHORT = {"duration_s": 900.0, "deploy_s": 300.0, "growth_s": 200.0, "missing_scrape_s": 315.0}


@pytest.fixture(scope="module")
def quiet(tmp_path_factory):
    folder = tmp_path_factory.mktemp("quiet")
    write(simulate(Scenario(**SHORT, fault=False), ablations=False), folder)
    return Dump(folder)


def test_the_incident_is_what_this_code_writes(tmp_path):
    """Content, not gzip's bytes: another zlib may pack differently."""
    for path in write(simulate(Scenario()), tmp_path):
        stored = INCIDENT / path.name
        unpack = gzip.decompress if path.suffix == ".gz" else bytes
        same = unpack(path.read_bytes()) == unpack(stored.read_bytes())
        assert same, f"{path.name}: run `python -m workbench.sources.simulate data/incident`"


def test_same_seed_same_bytes_other_seed_other_bytes(tmp_path):
    short = {**SHORT, "duration_s": 120.0}
    contents = []
    for number, seed in enumerate((5, 5, 6)):
        run = simulate(Scenario(seed=seed, **short), ablations=False)
        paths = write(run, tmp_path / str(number))
        contents.append([path.read_bytes() for path in paths])
    assert contents[0] == contents[1]
    assert all(a != b for a, b in zip(contents[0], contents[2], strict=True))


def test_without_a_fault_nothing_throttles_or_times_out(quiet):
    assert quiet.truth["cause"] is None
    assert quiet.truth["phases"] == {}
    assert {p.value for p in quiet.series("DCGM_FI_DEV_CLOCKS_EVENT_REASONS")} <= {0.0, 1.0}
    assert max(p.value for p in quiet.series("DCGM_FI_DEV_GPU_TEMP")) < 57
    assert not any(span.status for span in quiet.spans)
    assert not quiet.named("chat qwen3-4b")
    assert max(record.severity for record in quiet.records) == 9


@pytest.mark.parametrize("gpu", range(len(GPUS)))
def test_any_card_can_fail_and_its_replica_shows_it(gpu):
    scenario = Scenario(gpu=gpu, fault_s=120.0, **SHORT | {"duration_s": 1200.0})
    run = simulate(scenario, ablations=False)
    pod = next(pod for pod in PODS if pod.gpu == gpu)
    assert run.truth["cause"]["pod"] == pod.name
    slow = run.truth["sums"]["hardware_slowdown"]
    bad = slow.pop(pod.name)
    others = mean(other["decode_s_per_token"] for other in slow.values())
    assert bad["decode_s_per_token"] > 1.5 * others
    assert bad["ttft_p50_s"] > 2.5 * max(other["ttft_p50_s"] for other in slow.values())
    onset = datetime.fromisoformat(run.truth["phases"]["hardware_slowdown"])
    assert 330 <= (onset - scenario.at(120.0)).total_seconds() <= 500


def test_a_faster_part_changes_that_part_alone():
    usual, faster = (
        simulate(Scenario(fault=False, faster=part, **SHORT), ablations=False).history
        for part in ((), (("search", 0.7),))
    )
    for before, after in zip(usual.requests, faster.requests, strict=True):
        assert before.plan.arrival == after.plan.arrival
        assert before.plan.prompt_tokens == after.plan.prompt_tokens
        assert after.plan.search_s == pytest.approx(0.7 * before.plan.search_s)
        saved = 0.3 * before.plan.search_s if before.plan.route == "/v1/answers" else 0.0
        assert before.chat_start - after.chat_start == pytest.approx(saved, abs=1e-9)


def test_ablations_ask_the_same_questions():
    scenario = Scenario(fault_s=60.0, **SHORT)
    runs = [scenario, *(scenario.without(e) for e in ("throttling", "retries", "growth"))]
    asked = [
        [
            (r.plan.arrival, r.plan.session, r.plan.output_tokens)
            for r in simulate(run, ablations=False).history.requests
        ]
        for run in runs
    ]
    assert all(other == asked[0] for other in asked)


def test_without_fallback_requests_fail_instead():
    scenario = Scenario(fault_s=0.0, rate=4.0, fallback=False, **SHORT)
    sums = simulate(scenario, ablations=False).truth["requests"]["whole"]
    assert sums["fallbacks"] == 0
    assert sums["errors"] > 0


def test_without_a_drain_the_slow_replica_stays():
    run = simulate(Scenario(fault_s=60.0, drain_s=None, **SHORT), ablations=False)
    assert "drain" not in run.truth["phases"]
    assert run.history.scrapes[-1].replicas[2] is not None


# The card


def settle(clock_mhz=None, seconds=3000, failed_at=math.inf):
    card = Gpu(failed_at=failed_at)
    for second in range(seconds):
        card.step(float(second), 1.0, 0.28, 0.8)
    return card


def test_a_healthy_card_settles_where_heat_in_is_heat_out():
    card = settle()
    assert card.temperature == pytest.approx(28 + card.resistance * card.power, abs=0.1)
    assert card.clock_mhz == 1980


def test_a_failed_card_slows_in_two_steps():
    card = settle(failed_at=0.0, seconds=400)
    assert card.since["software_slowdown"] < card.since.get("hardware_slowdown", math.inf)
    assert card.clock_mhz <= 1305
    assert card.reasons & 0x20


def test_decode_follows_memory_and_prefill_the_clock():
    usual = (1.0, 1.0)
    decode = [step_cost(0.0, 8, 55_000, mhz, usual).seconds for mhz in (1980, 700)]
    work = prefill_work(0, 2048)
    prefill = [step_cost(work, 8, 55_000, mhz, usual).seconds for mhz in (1980, 700)]
    assert decode[1] / decode[0] < 1.3
    assert prefill[1] / prefill[0] == pytest.approx(1980 / 700, rel=0.03)


def test_kv_use_never_exceeds_the_cache():
    run = simulate(Scenario(fault_s=0.0, **SHORT), ablations=False)
    use = [s.kv_usage for scrape in run.history.scrapes for s in scrape.replicas if s]
    assert max(use) <= 1.0
    assert quantile(use, 0.5) > 0.1


# The command


def test_the_command_writes_four_files(tmp_path, capsys):
    status = main(["--minutes", "1", "--no-fault", "--faster", "tools=0.5", str(tmp_path / "out")])
    assert status == 0
    assert len(capsys.readouterr().out.splitlines()) == 4
    assert Dump(tmp_path / "out").truth["scenario"]["faster"] == {"tools": 0.5}


@pytest.mark.parametrize(
    "arguments", [["--faster", "luck=0.5"], ["--faster", "search"], ["--gpu", "4"], []]
)
def test_wrong_use_is_refused(arguments, tmp_path, capsys):
    with pytest.raises(SystemExit) as caught:
        main([*arguments, str(tmp_path)] if arguments else [])
    assert caught.value.code == 2
    assert "error" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"start": datetime(2026, 1, 1)}, "no time zone"),
        ({"gpu": 9}, "gpu 9 does not exist"),
        ({"faster": (("search", 0.0),)}, "not a part with a positive share"),
    ],
)
def test_impossible_scenarios_are_refused(fields, message):
    with pytest.raises(ValueError, match=message):
        Scenario(**fields)
