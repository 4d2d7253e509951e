"""What a reader of the incident must not fall for: skew, gaps, a decoy, names that mislead."""

from collections import defaultdict

import pytest

from tests.sources.simulate.dump import SECOND, attempts, mean, nanoseconds, quantile, served


def test_one_host_runs_120_ms_ahead(incident):
    by_id = {span.id: span for span in incident.spans}
    offsets = defaultdict(set)
    for span in incident.spans:
        parent = by_id.get(span.parent)
        if span.kind == 2 and parent:
            offsets[span.resource["host.name"]].add(span.start - parent.start)
    host, error = next(iter(incident.truth["data_quality"]["skewed_hosts"].items()))
    network = 800_000
    for name, seen in offsets.items():
        expected = network + (error if name == host else 0)
        assert all(abs(offset - expected) <= 2000 for offset in seen)


def test_one_scrape_is_missing(incident):
    missing = incident.truth["data_quality"]["missing_scrape"]
    times = {p.time for p in incident.series("DCGM_FI_DEV_SM_CLOCK", instance=missing["instance"])}
    start, end = incident.window("whole")
    grid = set(range(start, end + 1, 15 * SECOND))
    gone = nanoseconds(missing["time"])
    assert grid - times == {gone}
    other = {
        p.time
        for p in incident.series("DCGM_FI_DEV_SM_CLOCK")
        if p.attributes["instance"] != missing["instance"]
    }
    assert grid == other


def test_the_deploy_changes_a_version_and_nothing_else(incident):
    searches = incident.named("POST /search")
    by_version = defaultdict(list)
    for span in searches:
        by_version[span.resource["service.version"]].append(span)
    old, new = (by_version[version] for version in incident.truth["decoy"]["versions"])
    error = 120_000_000
    when = nanoseconds(incident.truth["decoy"]["time"]) + error
    assert max(span.end for span in old) < when <= min(span.end for span in new)
    medians = [quantile([span.seconds for span in spans], 0.5) for spans in (old, new)]
    assert medians[1] == pytest.approx(medians[0], rel=0.1)
    assert any("rollout of retrieval" in record.body for record in incident.records)


def test_pods_and_cards_join_by_labels_and_by_no_number(incident):
    for entry in incident.truth["deployment"]:
        assert entry["pod"].split("-")[1] != entry["gpu"] or entry["node"] != "gpu-node-a"
        points = incident.series("DCGM_FI_DEV_GPU_TEMP", exported_pod=entry["pod"])
        assert {p.attributes["UUID"] for p in points} == {entry["gpu_uuid"]}
        assert {p.attributes["Hostname"] for p in points} == {entry["node"]}
        spans = served(incident, "whole", entry["pod"])
        assert {s.resource["k8s.node.name"] for s in spans} == {entry["node"]}
        assert {f"{s.resource['k8s.pod.ip']}:8000" for s in spans} == {entry["instance"]}


def test_one_tenants_prompts_grow(incident):
    second = incident.truth["second_cause"]
    roots = {span.trace: span for span in incident.spans if not span.parent}
    prompts = defaultdict(list)
    for span in attempts(incident):
        if "gen_ai.usage.input_tokens" in span.attributes and span.trace in roots:
            tenant = roots[span.trace].attributes["tenant.id"]
            when = "after" if span.start > nanoseconds(second["until"]) else "before"
            if span.start < nanoseconds(second["from"]) or when == "after":
                prompts[tenant, when].append(span.attributes["gen_ai.usage.input_tokens"])
    for tenant in {tenant for tenant, _ in prompts}:
        ratio = mean(prompts[tenant, "after"]) / mean(prompts[tenant, "before"])
        grown = second["factor"] * 0.85 if tenant == second["tenant"] else 1.0
        assert ratio == pytest.approx(grown, abs=0.25)


def test_ablations_name_the_cause(incident):
    cases = incident.truth["ablations"]
    window = "hardware_slowdown"
    ttft = {name: case[window]["ttft_p95_s"] for name, case in cases.items()}
    share = {name: case[window]["error_share"] for name, case in cases.items()}
    assert {case[window]["requests"] for case in cases.values()} == {
        cases["as_it_was"][window]["requests"]
    }
    assert ttft["without_throttling"] < 2.0
    assert share["without_throttling"] == 0
    assert cases["without_retries"][window]["attempts_per_request"] <= 1.0
    assert ttft["without_throttling"] < ttft["without_retries"] < ttft["as_it_was"]
    tenant = {
        name: cases[name]["after_drain"]["growing_tenant_ttft_p50_s"]
        for name in ("as_it_was", "without_growth")
    }
    assert tenant["without_growth"] < 0.85 * tenant["as_it_was"]
