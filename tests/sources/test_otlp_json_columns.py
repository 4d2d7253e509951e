"""What a few dumps must look like to someone who types SQL; written by hand, value by value."""

from __future__ import annotations

import math
from functools import cache
from pathlib import Path
from typing import Any

import pytest

import workbench

DUMPS = Path(__file__).parent.parent / "dumps"


@cache
def incident(dump: str) -> workbench.Workbench:
    """A dump in a store of its own; tests only ask."""
    loaded = workbench.open()
    loaded.load(str(DUMPS / dump), progress=False)
    return loaded


def rows(dump: str, query: str) -> list[tuple[Any, ...]]:
    return incident(dump).sql(query).rows()


def test_ids_are_lower_case_hex() -> None:
    query = "select trace_id, span_id, parent_span_id from spans order by span_id"
    trace = "5b8efff798038103d269b633813fc60c"
    assert rows("ids_in_base64.jsonl", query) == [
        (trace, "eee19b7ec3c1b101", "eee19b7ec3c1b109"),
        (trace, "eee19b7ec3c1b102", "eee19b7ec3c1b101"),
    ]
    assert rows("ids_in_upper_case_hex.jsonl", query) == [
        (trace, "eee19b7ec3c1b174", "eee19b7ec3c1b173")
    ]


def test_an_absent_parent_is_null() -> None:
    query = "select count(*) from spans where parent_span_id is null"
    assert rows("parent_ids_empty_null_or_absent.jsonl", query) == [(3,)]


def test_an_attribute_named_like_a_column_is_prefixed() -> None:
    query = """select name, "attr.name", "attr.Trace_ID", "attr.duration_ns", "attr.service",
               duration_ns, service from spans"""
    assert rows("attribute_named_like_a_column.jsonl", query) == [
        ("GET /cart", "mine", "not an id", 7, "mine too", 1_000_000, "checkout")
    ]


def test_the_first_type_owns_a_key() -> None:
    query = 'select mixed, "mixed:int", "mixed:double", "mixed:bool" from spans order by span_id'
    assert rows("one_key_with_many_types.jsonl", query)[:4] == [
        ("1", None, None, None),
        (None, 1, None, None),
        (None, None, 1.0, None),
        (None, None, None, True),
    ]


def test_a_resource_attribute_answers_to_its_bare_key_where_it_is_alone() -> None:
    query = 'select zone, "resource.zone", "host.name", "resource.host.name" from spans '
    query += "order by span_id limit 2"
    assert rows("resource_and_scope_whole.jsonl", query) == [
        ("of the span", "a", "host-1", "host-1"),
        (None, "a", "host-1", "host-1"),
    ]


def test_times_and_names_that_are_missing_are_null() -> None:
    query = "select name, start_ns, end_ns, duration_ns, service from spans order by span_id"
    start = 1_544_712_660_000_000_000
    assert rows("times_and_names_missing.jsonl", query) == [
        (None, None, None, None, None),
        ("GET /cart", None, start + 1_000_000, None, None),
        ("GET /cart", start, None, None, None),
    ]


def test_a_time_beyond_int64_is_null_and_a_caveat() -> None:
    query = "select start_ns, end_ns, duration_ns from spans order by span_id"
    dump = "time_beyond_int64.jsonl"
    assert rows(dump, query) == [(2**63 - 1, None, None), (None, None, None)]
    assert rows(dump, "select len(caveats) > 0 from loads") == [(True,)]


def test_the_end_may_lie_before_the_start() -> None:
    assert rows("end_before_start.jsonl", "select end_ns - start_ns from spans") == [(-500,)]


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("text", "a"),
        ("none", ""),
        ("int", 42),
        ("double", 2.5),
        ("yes", True),
        ("no", False),
        ("bytes", b"\x00\x01\x02\xff"),
        ("list", '["a","b"]'),
        ("map", '{"x":1}'),
    ],
)
def test_an_attribute_keeps_its_type(key: str, value: Any) -> None:
    dump = "attributes_of_every_type.jsonl"
    for view in ("spans", "events", "links", "logs", "metrics", "exemplars"):
        assert rows(dump, f'select "{key}" from {view}') == [(value,)]
    assert rows(dump, f'select "resource.{key}" from spans') == [(value,)]


def test_every_digit_of_a_number_stays() -> None:
    query = "select count, low, start_ns, end_ns from spans"
    start = 1_544_712_660_000_000_000
    assert rows("integers_as_numbers.jsonl", query) == [
        (9_007_199_254_740_993, -(2**63), start + 123, start + 456_789)
    ]
    query = "select value_int, value from metrics where type = 'gauge'"
    assert rows("integers_as_numbers.jsonl", query) == [(2**63 - 1, float(2**63 - 1))]


def test_nan_and_infinity_are_numbers() -> None:
    query = "select value from metrics where type = 'gauge' order by value"
    for dump in ("nan_and_infinity_as_strings.jsonl", "nan_as_a_bare_word.jsonl"):
        values = [value for (value,) in rows(dump, query)]
        assert -math.inf in values
        assert any(math.isnan(value) for value in values)


def test_a_point_without_a_value_has_none() -> None:
    query = "select value, value_int, flags from metrics where type = 'gauge' order by flags"
    assert rows("point_without_a_value.jsonl", query) == [(1.5, None, 0), (None, None, 1)]


def test_temporality_and_direction_of_sums() -> None:
    query = "select temporality, is_monotonic from metrics order by metric"
    assert rows("sums_of_every_temporality.jsonl", query) == [
        ("unspecified", False),
        ("unspecified", False),
        ("unspecified", True),
        ("delta", False),
        ("delta", True),
        ("cumulative", False),
        ("cumulative", True),
    ]


def test_an_exponential_histogram_whole() -> None:
    query = """select count, sum, min, max, scale, zero_count, zero_threshold, positive_offset,
               positive_bucket_counts, negative_offset, negative_bucket_counts, temporality
               from metrics where metric = 'size'"""
    assert rows("exponential_histogram_with_negative_buckets.jsonl", query) == [
        (11, -3.5, -8.0, 4.0, -1, 2, 0.001, -2, [1, 0, 3], 3, [5], "delta")
    ]


def test_a_summary_keeps_the_quantile_of_zero() -> None:
    query = "select quantiles, quantile_values, count, sum, temporality from metrics"
    assert rows("summary_with_quantiles.jsonl", query) == [
        ([0.0, 0.5, 0.99, 1.0], [1.0, 20.5, 99.0, 120.0], 40, 1234.5, None)
    ]


def test_a_log_body_as_text() -> None:
    query = "select body, body_type from logs order by log_row"
    assert rows("log_bodies_of_every_type.jsonl", query)[:9] == [
        ("a", "string"),
        ("", "string"),
        ("42", "int"),
        ("2.5", "double"),
        ("true", "bool"),
        ("false", "bool"),
        ("AAEC/w==", "bytes"),
        ('["a","b"]', "array"),
        ('{"x":1}', "kvlist"),
    ]


def test_flags_stay_positive() -> None:
    query = "select max(flags) from (from spans union all by name from logs)"
    assert rows("flags_with_the_highest_bit.jsonl", query) == [(2**32 - 1,)]


def test_the_order_and_emptiness_of_an_attribute_list_are_kept() -> None:
    query = """select key, type from raw.attribute_shapes as shape
               join raw.spans using (shape_id) order by shape.position"""
    assert rows("empty_values.jsonl", query) == [
        ("none", "empty"),
        ("absent", "empty"),
        ("null", "empty"),
        ("text", "string"),
        ("after", "string"),
    ]
