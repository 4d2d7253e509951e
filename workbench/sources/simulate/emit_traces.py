"""Spans of every process, from what happened."""

import math
from collections.abc import Iterator
from dataclasses import dataclass

from workbench.sources.simulate.gateway import (
    MAX_RETRIES,
    NETWORK_S,
    Attempt,
    Request,
    Stage,
    before_model,
)
from workbench.sources.simulate.otlp import (
    GATEWAY,
    SCHEMA_URL,
    Clock,
    Json,
    Process,
    Value,
    attributes,
    retrieval,
    server,
    span_id,
)
from workbench.sources.simulate.replica import Generation
from workbench.sources.simulate.run import History
from workbench.sources.simulate.scenario import FALLBACK_MODEL, PODS, REQUEST_MODEL, Scenario

INTERNAL, SERVER, CLIENT = 1, 2, 3
LOCAL_PARENT, REMOTE_PARENT = 0x101, 0x301  # sampled; whether the parent is remote is known
ROOT, RETRIEVE, SEARCH_SERVER, EMBED, SEARCH, TOOL, CHAT, SERVE = 0, 1, 2, 3, 4, 8, 16, 24
EXPORT_S = 60.0  # the collector's batches, by end of span
FALLBACK_ADDRESS = "small-models.internal"


@dataclass(frozen=True, slots=True)
class Call:
    """A span before it is written: when and where it was, and what it says."""

    process: Process
    number: int
    parent: int | None
    name: str
    kind: int
    start: float
    end: float
    values: dict[str, Value]


def trace_lines(history: History) -> Iterator[Json]:
    """Yield one export request for each batch and process.

    A span is written when it ends, so what never ended is not there, its children may be. Within
    a batch the spans of one trace stand together, as the collector's groupbytrace leaves them.
    """
    clock = Clock(history.scenario)
    batches: dict[tuple[int, Process], list[Json]] = {}
    for request in history.requests:
        for process, end, span in _request_spans(history.scenario, clock, request):
            if end < history.scenario.duration_s:
                batches.setdefault((int(end // EXPORT_S), process), []).append(span)
    for (_, process), spans in sorted(
        batches.items(), key=lambda item: (item[0][0], item[0][1].service, item[0][1].pod)
    ):
        scope = {"name": process.scope, "version": process.version}
        yield {
            "resourceSpans": [
                {
                    "resource": process.resource(),
                    "scopeSpans": [{"scope": scope, "spans": spans}],
                    "schemaUrl": SCHEMA_URL,
                }
            ]
        }


def has_spans(scenario: Scenario, request: Request) -> bool:
    """Return whether anything of a request ended within the dump, and so was written."""
    clock = Clock(scenario)
    return any(end < scenario.duration_s for _, end, _ in _request_spans(scenario, clock, request))


def _request_spans(
    scenario: Scenario, clock: Clock, request: Request
) -> Iterator[tuple[Process, float, Json]]:
    trace_id = request.plan.trace_id
    for position, stage in enumerate(before_model(request.plan)):
        for call in _stage_calls(scenario, request, stage, position):
            yield call.process, call.end, _span(clock, trace_id, call)
    for attempt in request.attempts:
        if attempt.outcome != "open":
            yield GATEWAY, attempt.end, _chat(clock, request, attempt)
        generation = attempt.generation
        if generation and attempt.replica is not None and not math.isnan(generation.finished):
            call = _served(generation, attempt.replica, trace_id)
            yield call.process, call.end, _span(clock, trace_id, call)
    if request.ended:
        yield GATEWAY, request.end, _root(clock, request)


def _span(clock: Clock, trace_id: str, call: Call) -> Json:
    remote = call.kind == SERVER and call.parent is not None
    host = call.process.host
    return {
        "traceId": trace_id,
        "spanId": span_id(trace_id, call.number),
        "parentSpanId": "" if call.parent is None else span_id(trace_id, call.parent),
        "flags": REMOTE_PARENT if remote else LOCAL_PARENT,
        "name": call.name,
        "kind": call.kind,
        "startTimeUnixNano": clock.ns(call.start, host),
        "endTimeUnixNano": clock.ns(call.end, host),
        "attributes": attributes(call.values),
        "status": {},
    }


def _root(clock: Clock, request: Request) -> Json:
    plan = request.plan
    values: dict[str, Value] = {
        "http.request.method": "POST",
        "http.route": plan.route,
        "url.scheme": "https",
        "tenant.id": plan.tenant.name,
        "http.response.status_code": request.status,
    }
    if plan.session:
        values["session.id"] = plan.session
    if request.status >= 500:
        values["error.type"] = str(request.status)
    name = f"POST {plan.route}"
    call = Call(GATEWAY, ROOT, None, name, SERVER, plan.arrival, request.end, values)
    span = _span(clock, plan.trace_id, call)
    if request.status >= 500:
        span["status"] = {"code": 2}
    return span


def _stage_calls(
    scenario: Scenario, request: Request, stage: Stage, position: int
) -> Iterator[Call]:
    if stage.kind == "tool":
        values: dict[str, Value] = {
            "gen_ai.operation.name": "execute_tool",
            "gen_ai.tool.name": stage.name,
            "gen_ai.tool.type": "function",
        }
        name = f"execute_tool {stage.name}"
        yield Call(GATEWAY, TOOL + position, ROOT, name, INTERNAL, stage.start, stage.end, values)
        return
    yield Call(
        GATEWAY,
        RETRIEVE,
        ROOT,
        "retrieval kb",
        CLIENT,
        stage.start,
        stage.end,
        {
            "gen_ai.operation.name": "retrieval",
            "gen_ai.data_source.id": "kb",
            "gen_ai.retrieval.top_k": 8,
            "server.address": "retrieval",
            "server.port": 8080,
        },
    )
    yield from _retrieval_calls(scenario, request, stage)


def _retrieval_calls(scenario: Scenario, request: Request, stage: Stage) -> Iterator[Call]:
    """What the retrieval service does: embed the question, search the vector database."""
    process = retrieval(1 if stage.end - NETWORK_S >= scenario.deploy_s else 0)
    start, end = stage.start + NETWORK_S, stage.end - NETWORK_S
    embed = start + 0.0012
    search = embed + request.plan.embeddings_s + 0.0006
    yield Call(
        process,
        SEARCH_SERVER,
        RETRIEVE,
        "POST /search",
        SERVER,
        start,
        end,
        {
            "http.request.method": "POST",
            "http.route": "/search",
            "url.scheme": "http",
            "http.response.status_code": 200,
        },
    )
    yield Call(
        process,
        EMBED,
        SEARCH_SERVER,
        "embeddings bge-m3",
        CLIENT,
        embed,
        embed + request.plan.embeddings_s,
        {
            "gen_ai.operation.name": "embeddings",
            "gen_ai.provider.name": "tei",
            "gen_ai.request.model": "bge-m3",
            "server.address": "embedder",
        },
    )
    yield Call(
        process,
        SEARCH,
        SEARCH_SERVER,
        "search kb_chunks",
        CLIENT,
        search,
        search + request.plan.search_s,
        {
            "db.system.name": "qdrant",
            "db.operation.name": "search",
            "db.collection.name": "kb_chunks",
            "server.address": "qdrant",
            "server.port": 6334,
        },
    )


def _chat(clock: Clock, request: Request, attempt: Attempt) -> Json:
    plan = request.plan
    pod = None if attempt.replica is None else PODS[attempt.replica]
    values: dict[str, Value] = {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "vllm",
        "gen_ai.request.model": REQUEST_MODEL if pod else FALLBACK_MODEL,
        "server.address": pod.address if pod else FALLBACK_ADDRESS,
        "server.port": 8000,
    }
    if plan.session:
        values["gen_ai.conversation.id"] = plan.session
    if attempt.number and pod:
        values["http.request.resend_count"] = attempt.number
    if attempt.outcome == "ok":
        values |= _answer(request, attempt)
    elif attempt.outcome == "rejected":
        values |= {"http.response.status_code": 503, "error.type": "503"}
    else:
        values["error.type"] = "TimeoutError"
    name = f"chat {values['gen_ai.request.model']}"
    number = CHAT + attempt.number
    call = Call(GATEWAY, number, ROOT, name, CLIENT, attempt.start, attempt.end, values)
    span = _span(clock, plan.trace_id, call)
    _add_events(clock, span, attempt)
    if attempt.number:
        previous = span_id(plan.trace_id, number - 1)
        relation = "retry_of" if attempt.number <= MAX_RETRIES and pod else "fallback_of"
        span["links"] = [
            {
                "traceId": plan.trace_id,
                "spanId": previous,
                "attributes": attributes({"link.relation": relation}),
            }
        ]
    return span


def _answer(request: Request, attempt: Attempt) -> dict[str, Value]:
    plan = request.plan
    cached = attempt.generation.cached_tokens if attempt.generation else 0
    served = FALLBACK_MODEL if attempt.replica is None else PODS[attempt.replica].model
    return {
        "gen_ai.response.model": served,
        "gen_ai.response.finish_reasons": [finish_reason(plan.output_tokens)],
        "gen_ai.usage.input_tokens": plan.prompt_tokens,
        "gen_ai.usage.cache_read.input_tokens": cached,
        "gen_ai.usage.output_tokens": plan.output_tokens,
        "gen_ai.response.time_to_first_chunk": _seconds(attempt.first_token - attempt.start),
    }


def finish_reason(output_tokens: int) -> str:
    """Return why a generation ended: at its own stop, or at the limit of tokens."""
    return "length" if output_tokens >= 1000 else "stop"


def _add_events(clock: Clock, span: Json, attempt: Attempt) -> None:
    host = GATEWAY.host
    if attempt.outcome == "ok":
        time = clock.ns(attempt.first_token, host)
        span["events"] = [{"timeUnixNano": time, "name": "first_token"}]
        return
    pod = "" if attempt.replica is None else PODS[attempt.replica].name
    kind, message = (
        ("TimeoutError", f"no first token from {pod} within 15.0 s")
        if attempt.outcome == "timeout"
        else ("UpstreamOverloaded", f"503 from {pod}: request queue is full")
    )
    values: dict[str, Value] = {"exception.type": kind, "exception.message": message}
    span["events"] = [
        {
            "timeUnixNano": clock.ns(attempt.end, host),
            "name": "exception",
            "attributes": attributes(values),
        }
    ]
    span["status"] = {"code": 2, "message": message}


def _served(generation: Generation, replica: int, trace_id: str) -> Call:
    """The model server's own span, under the names that vLLM gives its attributes."""
    pod = PODS[replica]
    first, end = generation.first_token, generation.finished
    values: dict[str, Value] = {
        "gen_ai.response.model": pod.model,
        "gen_ai.request.id": f"chatcmpl-{trace_id}-{generation.attempt}",
        "gen_ai.request.max_tokens": 1000,
        "gen_ai.usage.prompt_tokens": generation.prompt_tokens,
        "gen_ai.usage.completion_tokens": generation.generated,
        "gen_ai.latency.time_in_queue": _seconds(generation.scheduled - generation.arrival),
        "gen_ai.latency.time_in_model_prefill": _seconds(first - generation.scheduled),
        "gen_ai.latency.time_in_model_decode": _seconds(end - first),
        "gen_ai.latency.time_to_first_token": _seconds(first - generation.arrival),
        "gen_ai.latency.e2e": _seconds(end - generation.arrival),
    }
    return Call(
        server(pod),
        SERVE + generation.attempt,
        CHAT + generation.attempt,
        "llm_request",
        SERVER,
        generation.arrival,
        end,
        values,
    )


def _seconds(value: float) -> float:
    return round(value, 6)
