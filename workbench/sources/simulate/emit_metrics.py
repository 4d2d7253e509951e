"""Metric points as the collector scrapes them, every 15 seconds."""

from collections.abc import Iterator, Sequence

from workbench.sources.simulate.engine import HistogramState
from workbench.sources.simulate.gateway import DURATION_BOUNDS, OPERATION_BOUNDS, TOKEN_BOUNDS
from workbench.sources.simulate.hardware import MEMORY_MHZ
from workbench.sources.simulate.otlp import (
    GATEWAY,
    SCHEMA_URL,
    Clock,
    Json,
    Value,
    attributes,
    retrieval,
    span_id,
)
from workbench.sources.simulate.replica import (
    FIRST_TOKEN_BOUNDS,
    INTER_TOKEN_BOUNDS,
    QUEUE_BOUNDS,
    ReplicaSample,
)
from workbench.sources.simulate.run import RETRIEVAL_BOUNDS, GpuSample, History, Scrape
from workbench.sources.simulate.scenario import (
    FALLBACK_MODEL,
    GPUS,
    PODS,
    REQUEST_MODEL,
    GpuCard,
    Host,
    Pod,
)

CUMULATIVE = 2
EXPORT_S = 300.0
FB_USED_MIB = 72_614  # weights, the whole KV cache, activations: reserved at start


def metric_lines(history: History) -> Iterator[Json]:
    """Yield one export request for each scrape and target, five minutes of a target together."""
    clock = Clock(history.scenario)
    lines: list[tuple[int, str, Json]] = []
    for scrape in history.scrapes:
        for target, line in _targets(history, clock, scrape):
            lines.append((int(scrape.time // EXPORT_S), target, line))
    for _, _, line in sorted(lines, key=lambda entry: entry[:2]):
        yield line


def _targets(history: History, clock: Clock, scrape: Scrape) -> Iterator[tuple[str, Json]]:
    yield "gateway", _line(GATEWAY.resource(), GATEWAY.scope, _gateway(clock, scrape))
    process = retrieval(scrape.retrieval_version)
    begun = history.scenario.deploy_s if scrape.retrieval_version else 0.0
    metric = _retrieval(clock, scrape, begun)
    yield "retrieval", _line(process.resource(), process.scope, [metric])
    for pod, sample in zip(PODS, scrape.replicas, strict=True):
        if sample is not None:
            resource = _target("vllm", pod.instance)
            yield pod.name, _line(resource, "vllm", _server(clock, scrape, pod))
    for host, cards in _by_host(scrape).items():
        if scrape.time != history.scenario.missing_scrape_s or host != GPUS[0].host:
            resource = _target("dcgm-exporter", f"{host.address}:9400")
            metrics = _cards(clock, scrape.time, host, cards)
            yield host.name, _line(resource, "dcgm-exporter", metrics)


def _line(resource: Json, scope: str, metrics: list[Json]) -> Json:
    return {
        "resourceMetrics": [
            {
                "resource": resource,
                "scopeMetrics": [{"scope": {"name": scope}, "metrics": metrics}],
                "schemaUrl": SCHEMA_URL,
            }
        ]
    }


def _target(job: str, instance: str) -> Json:
    """Return the resource of a Prometheus target: it knows an address, and no pod."""
    address, port = instance.split(":")
    values: dict[str, Value] = {
        "service.name": job,
        "service.instance.id": instance,
        "server.address": address,
        "server.port": port,
        "url.scheme": "http",
    }
    return {"attributes": attributes(values)}


def _named(name: str, unit: str) -> Json:
    return {"name": name, "unit": unit} if unit else {"name": name}


def _gauge(name: str, unit: str, points: list[Json]) -> Json:
    return _named(name, unit) | {"gauge": {"dataPoints": points}}


def _sum(name: str, unit: str, points: list[Json]) -> Json:
    body = {"dataPoints": points, "aggregationTemporality": CUMULATIVE, "isMonotonic": True}
    return _named(name, unit) | {"sum": body}


def _histogram(name: str, unit: str, points: list[Json]) -> Json:
    body = {"dataPoints": points, "aggregationTemporality": CUMULATIVE}
    return _named(name, unit) | {"histogram": body}


def _bucketed(
    values: dict[str, Value], times: dict[str, str], bounds: Sequence[float], state: HistogramState
) -> Json:
    return {
        "attributes": attributes(values),
        **times,
        "count": str(state.count),
        "sum": round(state.total, 6),
        "bucketCounts": [str(count) for count in state.counts],
        "explicitBounds": list(bounds),
    }


def _times(clock: Clock, scrape: Scrape, host: Host, begun: float = 0.0) -> dict[str, str]:
    return {
        "startTimeUnixNano": clock.ns(begun, host),
        "timeUnixNano": clock.ns(scrape.time, host),
    }


def _gateway(clock: Clock, scrape: Scrape) -> list[Json]:
    times = _times(clock, scrape, GATEWAY.host)
    chat: dict[str, Value] = {"gen_ai.operation.name": "chat", "gen_ai.provider.name": "vllm"}
    durations: list[Json] = []
    for (route, status), state in sorted(scrape.gateway.durations.items()):
        values: dict[str, Value] = {
            "http.request.method": "POST",
            "http.route": route,
            "http.response.status_code": status,
        }
        point = _bucketed(values, times, DURATION_BOUNDS, state)
        if state.exemplars:
            point["exemplars"] = [
                {
                    "timeUnixNano": clock.ns(exemplar.time, GATEWAY.host),
                    "asDouble": round(exemplar.value, 6),
                    "spanId": span_id(exemplar.trace_id, exemplar.span),
                    "traceId": exemplar.trace_id,
                }
                for exemplar in state.exemplars
            ]
        durations.append(point)
    operations = [
        _bucketed(
            chat | {"gen_ai.request.model": model} | ({"error.type": error} if error else {}),
            times,
            OPERATION_BOUNDS,
            state,
        )
        for (model, error), state in sorted(scrape.gateway.operations.items())
    ]
    tokens = [
        _bucketed(
            chat
            | {
                "gen_ai.request.model": model if model == FALLBACK_MODEL else REQUEST_MODEL,
                "gen_ai.response.model": model,
                "gen_ai.token.type": kind,
            },
            times,
            TOKEN_BOUNDS,
            state,
        )
        for (model, kind), state in sorted(scrape.gateway.tokens.items())
    ]
    metrics = [
        _histogram("http.server.request.duration", "s", durations),
        _histogram("gen_ai.client.operation.duration", "s", operations),
        _histogram("gen_ai.client.token.usage", "{token}", tokens),
    ]
    return [metric for metric in metrics if metric["histogram"]["dataPoints"]]


def _retrieval(clock: Clock, scrape: Scrape, begun: float) -> Json:
    process = retrieval(scrape.retrieval_version)
    values: dict[str, Value] = {
        "http.request.method": "POST",
        "http.route": "/search",
        "http.response.status_code": 200,
    }
    times = _times(clock, scrape, process.host, begun)
    point = _bucketed(values, times, RETRIEVAL_BOUNDS, scrape.retrieval)
    return _histogram("http.server.request.duration", "s", [point])


def _server(clock: Clock, scrape: Scrape, pod: Pod) -> list[Json]:
    sample = scrape.replicas[PODS.index(pod)]
    assert sample is not None
    labels: dict[str, Value] = {
        "model_name": pod.model,
        "engine": "0",
        "instance": pod.instance,
        "job": "vllm",
    }
    times = _times(clock, scrape, GPUS[pod.gpu].host)
    now = {"timeUnixNano": times["timeUnixNano"]}
    return [
        *_server_gauges(sample, labels, now),
        *_server_sums(sample, labels, times),
        *(
            _histogram(
                f"vllm:{name}_seconds",
                "",
                [_bucketed(labels, times, bounds, HistogramState(*state, ()))],
            )
            for name, bounds, state in (
                ("time_to_first_token", FIRST_TOKEN_BOUNDS, sample.first_token),
                ("inter_token_latency", INTER_TOKEN_BOUNDS, sample.inter_token),
                ("request_queue_time", QUEUE_BOUNDS, sample.queue),
            )
        ),
    ]


def _server_gauges(
    sample: ReplicaSample, labels: dict[str, Value], now: dict[str, str]
) -> Iterator[Json]:
    for name, value in (
        ("num_requests_running", float(sample.running)),
        ("num_requests_waiting", float(sample.waiting)),
        ("kv_cache_usage_perc", round(sample.kv_usage, 4)),
    ):
        point: Json = {"attributes": attributes(labels), **now, "asDouble": value}
        yield _gauge(f"vllm:{name}", "", [point])


def _server_sums(
    sample: ReplicaSample, labels: dict[str, Value], times: dict[str, str]
) -> Iterator[Json]:
    for name, value in (
        ("prompt_tokens", sample.prompt_tokens),
        ("generation_tokens", sample.generation_tokens),
        ("prefix_cache_queries", sample.cache_queries),
        ("prefix_cache_hits", sample.cache_hits),
        ("num_preemptions", sample.preemptions),
    ):
        point: Json = {"attributes": attributes(labels), **times, "asDouble": float(value)}
        yield _sum(f"vllm:{name}_total", "", [point])
    points: list[Json] = [
        {
            "attributes": attributes(labels | {"finished_reason": reason}),
            **times,
            "asDouble": float(count),
        }
        for reason, count in zip(("stop", "length"), sample.finished, strict=True)
    ]
    yield _sum("vllm:request_success_total", "", points)


def _by_host(scrape: Scrape) -> dict[Host, list[tuple[GpuCard, GpuSample]]]:
    hosts: dict[Host, list[tuple[GpuCard, GpuSample]]] = {}
    for card, sample in zip(GPUS, scrape.gpus, strict=True):
        hosts.setdefault(card.host, []).append((card, sample))
    return hosts


def _cards(
    clock: Clock, seconds: float, host: Host, cards: list[tuple[GpuCard, GpuSample]]
) -> list[Json]:
    time = clock.ns(seconds, host)
    metrics: list[Json] = []
    for name in (
        "GPU_TEMP",
        "POWER_USAGE",
        "SM_CLOCK",
        "MEM_CLOCK",
        "GPU_UTIL",
        "FB_USED",
        "CLOCKS_EVENT_REASONS",
    ):
        points: list[Json] = [
            {
                "attributes": attributes(_card_labels(card, sample)),
                "timeUnixNano": time,
                "asDouble": _reading(name, sample),
            }
            for card, sample in cards
        ]
        metrics.append(_gauge(f"DCGM_FI_DEV_{name}", "", points))
    return metrics


def _reading(name: str, sample: GpuSample) -> float:
    readings = {
        "GPU_TEMP": float(round(sample.temperature)),
        "POWER_USAGE": round(sample.power, 2),
        "SM_CLOCK": float(sample.clock_mhz),
        "MEM_CLOCK": float(MEMORY_MHZ),
        "GPU_UTIL": float(round(sample.busy * 100.0)),
        "FB_USED": float(FB_USED_MIB if sample.in_use else 0),
        "CLOCKS_EVENT_REASONS": float(sample.reasons),
    }
    return readings[name]


def _card_labels(card: GpuCard, sample: GpuSample) -> dict[str, Value]:
    """Return the exporter's labels; the pod is named only while it holds the card."""
    labels: dict[str, Value] = {
        "gpu": str(card.index),
        "UUID": card.uuid,
        "pci_bus_id": card.pci_bus_id,
        "device": f"nvidia{card.index}",
        "modelName": "NVIDIA H100 80GB HBM3",
        "Hostname": card.host.name,
        "DCGM_FI_DRIVER_VERSION": "580.105.08",
        "instance": f"{card.host.address}:9400",
        "job": "dcgm-exporter",
    }
    if sample.in_use:
        pod = next(pod for pod in PODS if GPUS[pod.gpu] == card)
        labels |= {"exported_pod": pod.name, "exported_container": "vllm"}
    return labels
