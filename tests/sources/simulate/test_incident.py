"""Cause and effect agree: the card, its replica, and what users saw of it."""

from collections import Counter, defaultdict

import pytest

from tests.sources.simulate.dump import (
    SECOND,
    attempts,
    gauge,
    latency,
    mean,
    per_output_token,
    quantile,
    served,
)

# Physics of the card


def test_the_card_heats_from_the_failure_and_stays_at_its_limit(incident, cause):
    temperature = incident.series("DCGM_FI_DEV_GPU_TEMP", UUID=cause["gpu_uuid"])
    failure = incident.phase("cooling_failure")
    assert all(49 <= p.value <= 54 for p in temperature if p.time <= failure)
    slowed = incident.phase("hardware_slowdown") + 30 * SECOND
    flat = [p.value for p in temperature if slowed <= p.time < incident.phase("drain")]
    assert max(flat) - min(flat) <= 1
    assert 76 <= mean(flat) <= 77.5
    others = [
        p
        for p in incident.series("DCGM_FI_DEV_GPU_TEMP")
        if p.attributes["UUID"] != cause["gpu_uuid"]
    ]
    assert max(p.value for p in others) <= 56


def test_throttling_lowers_clock_and_power_but_neither_use_nor_memory_clock(incident, cause):
    def at(metric, window):
        return mean(gauge(incident, f"DCGM_FI_DEV_{metric}", window, UUID=cause["gpu_uuid"]))

    assert at("SM_CLOCK", "normal") == 1980
    assert at("SM_CLOCK", "software_slowdown") == pytest.approx(1305, abs=90)
    assert at("SM_CLOCK", "hardware_slowdown") == pytest.approx(700, abs=60)
    assert at("POWER_USAGE", "normal") == pytest.approx(434, abs=15)
    assert at("POWER_USAGE", "hardware_slowdown") == pytest.approx(220, abs=12)
    for window in ("normal", "software_slowdown", "hardware_slowdown"):
        assert at("GPU_UTIL", window) >= 98
        assert at("MEM_CLOCK", window) == 2619


def test_clock_event_reasons_follow_the_phases(incident, cause):
    reasons = incident.series("DCGM_FI_DEV_CLOCKS_EVENT_REASONS", UUID=cause["gpu_uuid"])
    for point in reasons:
        bits = int(point.value)
        software = incident.phase("software_slowdown") <= point.time < incident.phase("released")
        assert bool(bits & 0x20) == software
    hardware = [p.time for p in reasons if int(p.value) & 0x40]
    assert abs(hardware[0] - incident.phase("hardware_slowdown")) <= 30 * SECOND
    said = [r for r in incident.records if cause["gpu_uuid"] in r.body and r.severity >= 13]
    assert [("SW" in r.body, "HW" in r.body) for r in said] == [(True, False), (False, True)]


def test_the_phases_come_at_the_stated_minutes(incident):
    clock = {name: text[11:19] for name, text in incident.truth["phases"].items()}
    assert clock["cooling_failure"] == "14:01:00"
    assert "14:04:30" <= clock["software_slowdown"] <= "14:05:30"
    assert "14:07:30" <= clock["hardware_slowdown"] <= "14:08:30"
    assert clock["drain"] == "14:24:00"


def test_prefill_slows_more_than_the_clock_allows_decode_to(incident, cause):
    normal, slow = (
        served(incident, window, cause["pod"]) for window in ("normal", "hardware_slowdown")
    )
    first, second = (
        sum(latency(s, "time_in_model_prefill") for s in spans)
        / sum(s.attributes["gen_ai.usage.prompt_tokens"] for s in spans)
        for spans in (normal, slow)
    )
    assert 2.2 <= second / first <= 3.6
    assert per_output_token(slow) / per_output_token(normal) >= 1.8


# The service


def test_normal_figures(incident):
    ttft = [
        span.attributes["gen_ai.response.time_to_first_chunk"]
        for span in attempts(incident)
        if span.start < incident.window("normal")[1]
    ]
    assert quantile(ttft, 0.5) == pytest.approx(0.3, abs=0.05)
    assert quantile(ttft, 0.95) == pytest.approx(1.3, abs=0.25)
    spans = served(incident, "normal")
    assert per_output_token(spans) == pytest.approx(0.027, abs=0.003)
    assert mean(gauge(incident, "vllm:kv_cache_usage_perc", "normal")) == pytest.approx(
        0.33, abs=0.05
    )
    prompts = [s.attributes["gen_ai.usage.prompt_tokens"] for s in spans]
    outputs = [s.attributes["gen_ai.usage.completion_tokens"] for s in spans]
    assert quantile(prompts, 0.5) == pytest.approx(5000, rel=0.06)
    assert quantile(outputs, 0.5) == pytest.approx(300, rel=0.06)
    start, end = incident.window("whole")
    roots = [span for span in incident.spans if not span.parent]
    assert len(roots) / ((end - start) / SECOND) == pytest.approx(2.8, rel=0.05)
    good = [span for span in attempts(incident) if "gen_ai.usage.input_tokens" in span.attributes]
    cached = sum(s.attributes["gen_ai.usage.cache_read.input_tokens"] for s in good)
    assert cached / sum(s.attributes["gen_ai.usage.input_tokens"] for s in good) == pytest.approx(
        1 / 3, abs=0.05
    )


def test_kv_admission_is_the_cliff(incident, cause, healthy):
    """Two thirds of the clock slow requests down; a third makes them queue."""

    def ttft(window, pod):
        first = [latency(span, "time_to_first_token") for span in served(incident, window, pod)]
        return quantile(first, 0.5), quantile(first, 0.95)

    windows = ("normal", "software_slowdown", "hardware_slowdown")
    medians = [ttft(window, cause["pod"])[0] for window in windows]
    assert medians[0] < medians[1] < medians[2]
    assert medians[1] < 1.5
    waiting = [
        mean(gauge(incident, "vllm:num_requests_waiting", w, instance=cause["instance"]))
        for w in windows
    ]
    assert waiting[0] < 0.5
    assert waiting[1] < 1.5
    assert waiting[2] > 4
    kv = gauge(
        incident, "vllm:kv_cache_usage_perc", "hardware_slowdown", instance=cause["instance"]
    )
    assert mean(kv) > 0.75
    for pod in healthy:
        assert ttft("hardware_slowdown", pod)[1] < 2.5
    seen = [
        span.attributes["gen_ai.response.time_to_first_chunk"]
        for span in attempts(incident)
        if span.attributes["server.address"] == cause["instance"].split(":")[0]
        and incident.window("hardware_slowdown")[0] <= span.start < incident.phase("drain")
        and not span.status
    ]
    assert 5 <= quantile(seen, 0.5) <= 10
    assert 12 <= quantile(seen, 0.95) <= 15


def test_retries_multiply_the_load_and_stop_at_two(incident, cause):
    address = cause["instance"].split(":")[0]
    start, end = incident.window("hardware_slowdown")
    sent = [span for span in attempts(incident) if span.attributes["server.address"] == address]
    per_trace = Counter(span.trace for span in sent if start <= span.start < end)
    assert max(per_trace.values()) == 3
    minutes = defaultdict(Counter)
    for span in sent:
        minutes[(span.start - start) // (60 * SECOND)][span.trace] += 1
    peak = max(mean(minutes[m].values()) for m in range((end - start) // (60 * SECOND)))
    assert mean(per_trace.values()) > 1.7
    assert peak > 2
    for span in incident.spans:
        assert span.attributes.get("http.request.resend_count", 0) <= 2
    for span in sent:
        if span.attributes.get("error.type") == "TimeoutError":
            assert span.seconds == pytest.approx(15, abs=1e-5)
            assert span.events[0]["name"] == "exception"


def test_a_retry_links_to_the_attempt_before_it(incident):
    by_id = {span.id: span for span in incident.spans}
    retries = [
        span for span in attempts(incident) if "http.request.resend_count" in span.attributes
    ]
    assert len(retries) > 400
    for span in retries:
        previous = by_id[span.links[0]["spanId"]]
        assert previous.trace == span.trace
        assert previous.status["code"] == 2
        assert previous.end < span.start


def test_aborted_generations_keep_running(incident, cause):
    by_id = {span.id: span for span in incident.spans}
    late = [
        span
        for span in served(incident, "hardware_slowdown", cause["pod"])
        if by_id[span.parent].attributes.get("error.type") == "TimeoutError"
        and span.end > by_id[span.parent].end + SECOND
    ]
    assert len(late) > 100


def test_part_of_the_requests_fall_back_or_fail_and_all_recovers(incident, cause):
    roots = {span.trace: span for span in incident.spans if not span.parent}
    fallback = [roots[s.trace] for s in incident.named("chat qwen3-4b") if s.trace in roots]
    assert len(fallback) > 100
    assert all(root.attributes["http.response.status_code"] == 200 for root in fallback)
    failed = [s for s in roots.values() if s.attributes["http.response.status_code"] >= 500]
    assert len(failed) > 20
    settled = incident.phase("drain") + 60 * SECOND
    after = [s for s in attempts(incident) if s.start > settled]
    assert not any(span.status for span in after)
    ttft = [s.attributes["gen_ai.response.time_to_first_chunk"] for s in after]
    assert quantile(ttft, 0.5) < 0.5
    assert {s.attributes["server.address"] for s in after}.isdisjoint(
        {cause["instance"].split(":")[0]}
    )


def test_sessions_stay_with_their_replica(incident):
    drain = incident.phase("drain")
    homes = defaultdict(set)
    moved = defaultdict(set)
    for span in attempts(incident):
        if session := span.attributes.get("gen_ai.conversation.id"):
            before = span.start < drain
            (homes if before else moved)[session].add(span.attributes["server.address"])
    assert all(len(home) == 1 for home in homes.values())
    gone = incident.truth["cause"]["instance"].split(":")[0]
    for session, home in moved.items():
        assert session not in homes or homes[session] == home or homes[session] == {gone}
