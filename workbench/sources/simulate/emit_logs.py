"""Log records: the gateway's complaints, the servers' statistics, the driver, the operators."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from workbench.sources.simulate.emit_traces import CHAT, ROOT
from workbench.sources.simulate.gateway import MAX_RETRIES, Attempt, Request
from workbench.sources.simulate.hardware import HARDWARE_THERMAL, SOFTWARE_THERMAL
from workbench.sources.simulate.otlp import (
    GATEWAY,
    RETRIEVAL_VERSIONS,
    SCHEMA_URL,
    Clock,
    Json,
    Process,
    Value,
    any_value,
    attributes,
    server,
    span_id,
)
from workbench.sources.simulate.run import History
from workbench.sources.simulate.scenario import (
    APP_HOST,
    FALLBACK_MODEL,
    GPUS,
    PODS,
    SCRAPE_S,
    GpuCard,
)

INFO, WARN, ERROR = (9, "INFO"), (13, "WARN"), (17, "ERROR")
EXPORT_S = 60.0
ROLLOUTS = Process(
    "argo-rollouts", "1.8.3", "argo-rollouts-59c7d6b8f-jt5xn", "10.42.0.4", APP_HOST, "controller"
)


@dataclass(frozen=True, slots=True)
class Record:
    """One log record before it is written."""

    process: Process
    time: float
    severity: tuple[int, str]
    body: str
    values: dict[str, Value] = field(default_factory=dict[str, Value])
    trace_id: str = ""
    span: int = 0


def log_lines(history: History) -> Iterator[Json]:
    """Yield one export request for each minute and process; records in order of time."""
    clock = Clock(history.scenario)
    batches: dict[tuple[int, Process], list[Record]] = {}
    for record in sorted(_records(history), key=lambda record: record.time):
        if record.time < history.scenario.duration_s:
            key = int(record.time // EXPORT_S), record.process
            batches.setdefault(key, []).append(record)
    for (_, process), batch in sorted(
        batches.items(), key=lambda item: (item[0][0], item[0][1].service, item[0][1].pod)
    ):
        scope = {"name": process.scope}
        yield {
            "resourceLogs": [
                {
                    "resource": process.resource(),
                    "scopeLogs": [
                        {
                            "scope": scope,
                            "logRecords": [_written(clock, record) for record in batch],
                        }
                    ],
                    "schemaUrl": SCHEMA_URL,
                }
            ]
        }


def _written(clock: Clock, record: Record) -> Json:
    time = clock.ns(record.time, record.process.host)
    number, text = record.severity
    result: Json = {
        "timeUnixNano": time,
        "observedTimeUnixNano": time,
        "severityNumber": number,
        "severityText": text,
        "body": any_value(record.body),
        "attributes": attributes(record.values),
    }
    if not record.trace_id:
        return result | {"traceId": "", "spanId": ""}
    return result | {
        "flags": 1,
        "traceId": record.trace_id,
        "spanId": span_id(record.trace_id, record.span),
    }


def _records(history: History) -> Iterator[Record]:
    for request in history.requests:
        yield from _request_records(request)
    yield from _statistics(history)
    for number, card in enumerate(GPUS):
        yield from _driver(history, number, card)
    yield from _operations(history)


def _request_records(request: Request) -> Iterator[Record]:
    trace_id = request.plan.trace_id
    for attempt in request.attempts:
        if attempt.outcome in ("timeout", "rejected"):
            yield _failure(request, attempt)
        if attempt.replica is None:
            body = f"falling back to {FALLBACK_MODEL} after {attempt.number} failed attempts"
            values: dict[str, Value] = {"tenant.id": request.plan.tenant.name}
            yield Record(GATEWAY, attempt.start, WARN, body, values, trace_id, ROOT)
    if not request.ended:
        return
    route, status = request.plan.route, request.status
    seconds = request.end - request.plan.arrival
    if status >= 500:
        body = f"POST {route} failed with {status} after {seconds:.1f} s"
        yield Record(GATEWAY, request.end, ERROR, body, {}, trace_id, ROOT)
    elif request.plan.sampled_log:
        body = f"POST {route} {status} in {seconds:.3f} s"
        yield Record(GATEWAY, request.end, INFO, body, {}, trace_id, ROOT)


def _failure(request: Request, attempt: Attempt) -> Record:
    pod = PODS[attempt.replica or 0]
    what = (
        f"no first token from {pod.name} ({pod.instance}) within 15.0 s"
        if attempt.outcome == "timeout"
        else f"503 from {pod.name} ({pod.instance}): request queue is full"
    )
    body = f"{what}, attempt {attempt.number + 1} of {MAX_RETRIES + 1}"
    values: dict[str, Value] = {"server.address": pod.address}
    return Record(
        GATEWAY, attempt.end, WARN, body, values, request.plan.trace_id, CHAT + attempt.number
    )


def _statistics(history: History) -> Iterator[Record]:
    """The line that each model server prints about itself."""
    for before, scrape in zip(history.scrapes, history.scrapes[1:], strict=False):
        for pod, old, new in zip(PODS, before.replicas, scrape.replicas, strict=True):
            if old is None or new is None:
                continue
            hits = new.cache_hits / max(1, new.cache_queries)
            body = (
                "Engine 000: "
                f"Avg prompt throughput: {(new.prompt_tokens - old.prompt_tokens) / SCRAPE_S:.1f} "
                "tokens/s, Avg generation throughput: "
                f"{(new.generation_tokens - old.generation_tokens) / SCRAPE_S:.1f} tokens/s, "
                f"Running: {new.running} reqs, Waiting: {new.waiting} reqs, "
                f"GPU KV cache usage: {new.kv_usage:.1%}, Prefix cache hit rate: {hits:.1%}"
            )
            yield Record(server(pod), scrape.time + 0.004, INFO, body)


def _driver(history: History, number: int, card: GpuCard) -> Iterator[Record]:
    """What the node's health agent says when a card's clock event reasons change."""
    agent = Process(
        "gpu-health-agent",
        "4.4.1",
        f"gpu-health-{card.host.name[-1]}",
        card.host.address,
        card.host,
        "nvml",
    )
    reasons = 0
    for scrape in history.scrapes:
        sample = scrape.gpus[number]
        name = f"GPU {card.index} ({card.pci_bus_id}, {card.uuid})"
        state = f"SM clock {sample.clock_mhz} MHz, {sample.temperature:.0f} C"
        values: dict[str, Value] = {"gpu": str(card.index), "hw.id": card.uuid}
        for bit, label, severity in (
            (SOFTWARE_THERMAL, "SW thermal slowdown", WARN),
            (HARDWARE_THERMAL, "HW thermal slowdown", ERROR),
        ):
            if sample.reasons & bit and not reasons & bit:
                body = f"{name}: {label} active, {state}"
                yield Record(agent, scrape.time + 1.3, severity, body, values)
            elif reasons & bit and not sample.reasons & bit:
                body = f"{name}: {label} cleared, {state}"
                yield Record(agent, scrape.time + 1.3, INFO, body, values)
        reasons = sample.reasons


def _operations(history: History) -> Iterator[Record]:
    old, new = RETRIEVAL_VERSIONS
    deploy = history.scenario.deploy_s
    yield Record(
        ROLLOUTS, deploy - 41.0, INFO, f"rollout of retrieval {old} -> {new} started (1 replica)"
    )
    yield Record(
        ROLLOUTS, deploy, INFO, f"rollout of retrieval {old} -> {new} completed, old pod removed"
    )
    if history.killed_replica is None:
        return
    pod = PODS[history.killed_replica]
    drain, kill = history.phases["drain"], history.phases["kill"]
    lost = sum(generation.lost for generation in history.generations[history.killed_replica])
    body = f"{pod.name} ({pod.instance}) taken out of rotation by an operator"
    yield Record(GATEWAY, drain, INFO, body)
    yield Record(server(pod), drain + 0.2, WARN, "received SIGTERM, no new requests accepted")
    body = f"grace period over with {lost} requests unfinished, exiting"
    yield Record(server(pod), kill - 0.05, WARN, body)
