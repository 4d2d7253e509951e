"""Names of OpenTelemetry: enumerations of the protocol and the words that views show for them."""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ["ENUMS", "SPAN_KINDS", "STATUS_CODES", "TEMPORALITIES"]

SPAN_KINDS = ("unspecified", "internal", "server", "client", "producer", "consumer")
STATUS_CODES = ("unset", "ok", "error")
TEMPORALITIES = ("unspecified", "delta", "cumulative")
_SEVERITIES = ("TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL")

ENUMS: Mapping[str, Mapping[str, int]] = {
    "SpanKind": {f"SPAN_KIND_{name.upper()}": number for number, name in enumerate(SPAN_KINDS)},
    "StatusCode": {
        f"STATUS_CODE_{name.upper()}": number for number, name in enumerate(STATUS_CODES)
    },
    "AggregationTemporality": {
        f"AGGREGATION_TEMPORALITY_{name.upper()}": number
        for number, name in enumerate(TEMPORALITIES)
    },
    "SeverityNumber": {
        "SEVERITY_NUMBER_UNSPECIFIED": 0,
        **{
            f"SEVERITY_NUMBER_{name}{step or ''}": 1 + 4 * place + max(step - 1, 0)
            for place, name in enumerate(_SEVERITIES)
            for step in (0, 2, 3, 4)
        },
    },
}
"""Numbers of every enumeration by the names of opentelemetry-proto."""
