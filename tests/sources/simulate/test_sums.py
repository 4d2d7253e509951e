"""The truth's sums, and laws between signals, recomputed from raw JSON."""

from collections import defaultdict
from itertools import pairwise

import pytest

from tests.sources.simulate.dump import SECOND, attempts, latency, mean, quantile, served


def test_truth_sums_can_be_had_from_the_spans(incident):
    for window, pods in incident.truth["sums"].items():
        for pod, sums in pods.items():
            spans = served(incident, window, pod)
            assert len(spans) == sums["generations"]
            for part, key in (
                ("time_in_queue", "queue_s"),
                ("time_in_model_prefill", "prefill_s"),
                ("time_in_model_decode", "decode_s"),
            ):
                total = sum(latency(span, part) for span in spans)
                assert total == pytest.approx(sums[key], rel=1e-6, abs=1e-3)
            for name, key in (("prompt", "prompt_tokens"), ("completion", "generated_tokens")):
                total = sum(span.attributes[f"gen_ai.usage.{name}_tokens"] for span in spans)
                assert total == sums[key]


def test_truth_of_requests_can_be_had_from_the_roots(incident):
    for window, sums in incident.truth["requests"].items():
        start, end = incident.window(window)
        roots = [s for s in incident.spans if not s.parent and start <= s.start < end]
        assert len(roots) == sums["ended"]
        failed = sum(s.attributes["http.response.status_code"] >= 500 for s in roots)
        assert failed == sums["errors"]
        seconds = [span.seconds for span in roots]
        for share, key in ((0.5, "duration_p50_s"), (0.95, "duration_p95_s")):
            assert quantile(seconds, share) == pytest.approx(sums[key], abs=1e-5)
    assert incident.truth["ablations"]["as_it_was"] == incident.truth["requests"]


def test_tokens_of_spans_are_tokens_of_counters(incident):
    """Apart from requests that never ended, and what a killed pod counted unseen."""
    for entry in incident.truth["deployment"]:
        spans = served(incident, "whole", entry["pod"])
        stated = incident.truth["tokens"][entry["pod"]]
        for counter, attribute in (("prompt", "prompt"), ("generation", "completion")):
            series = incident.series(f"vllm:{counter}_tokens_total", instance=entry["instance"])
            values = [point.value for point in series]
            assert values == sorted(values)
            total = sum(s.attributes[f"gen_ai.usage.{attribute}_tokens"] for s in spans)
            missing = stated["without_span"][counter] - stated["after_last_scrape"][counter]
            assert values[-1] - values[0] == total + missing
            assert abs(missing) < 0.02 * total
        if entry["pod"] != incident.truth["cause"]["pod"]:
            assert stated["after_last_scrape"] == {"prompt": 0, "generation": 0}


def test_littles_law_holds_for_each_replica(incident, cause):
    """The gauges' mean against the spans' arrivals x time, and the truth's exact account."""
    start, end = incident.window("whole")
    for entry in incident.truth["deployment"]:
        stop = incident.phase("drain") if entry["pod"] == cause["pod"] else end
        in_system = defaultdict(float)
        for state in ("running", "waiting"):
            name = f"vllm:num_requests_{state}"
            for point in incident.series(name, instance=entry["instance"]):
                if point.time <= stop:
                    in_system[point.time] += point.value
        spent = sum(
            (min(span.end, stop) - span.start) / SECOND
            for span in served(incident, "whole", entry["pod"])
            if span.start < stop
        )
        assert mean(in_system.values()) == pytest.approx(
            spent / ((stop - start) / SECOND), rel=0.05
        )
        law = incident.truth["little"][entry["pod"]]
        assert law["mean_in_system"] == pytest.approx(
            law["arrivals_per_s"] * law["mean_time_s"], rel=1e-4
        )


def test_request_histograms_count_the_root_spans(incident):
    roots = [span for span in incident.spans if not span.parent]
    series = defaultdict(list)
    for point in incident.series("http.server.request.duration"):
        if point.resource["service.name"] == "gateway":
            series[tuple(sorted(point.attributes.items()))].append(point)
    assert sum(int(points[-1].body["count"]) for points in series.values()) == len(roots)
    assert sum(points[-1].body["sum"] for points in series.values()) == pytest.approx(
        sum(span.seconds for span in roots), abs=0.05
    )
    for points in series.values():
        for before, after in pairwise(points):
            for old, new in zip(
                before.body["bucketCounts"], after.body["bucketCounts"], strict=True
            ):
                assert int(old) <= int(new)


def test_warnings_match_the_failed_attempts(incident):
    failed = [span for span in attempts(incident) if span.status]
    warned = {r.span for r in incident.records if "attempt" in r.body and r.severity == 13}
    assert {span.id for span in failed} <= warned
    assert len(failed) > 500
