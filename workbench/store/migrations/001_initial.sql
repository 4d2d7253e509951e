-- Times are nanoseconds since 1970 UTC; `*_unsigned` holds a time that does not fit a BIGINT.
-- Attribute columns are added by loads and listed in raw.keys.
create schema raw;

create table raw.migrations (number integer, name varchar, applied_at timestamp);

create table raw.loads (
    load_id integer,
    path varchar,
    format varchar,
    file_hash varchar,          -- of the bytes on disk: finds the same file at once
    content_hash varchar,       -- of the decompressed bytes: finds the same dump packed otherwise
    file_bytes bigint,
    loaded_at timestamp,
    seconds double,
    spans bigint,
    span_events bigint,
    span_links bigint,
    logs bigint,
    metric_points bigint,
    exemplars bigint,
    duplicates bigint,
    rejected bigint,
    first_ns bigint,
    last_ns bigint,
    services varchar[],
    caveats varchar[],
    workbench_version varchar
);

create table raw.quarantine (
    load_id integer,
    path varchar,
    position varchar,
    reason varchar,
    raw varchar
);

create table raw.findings (
    load_id integer,
    kind varchar,
    subject varchar,
    count bigint,
    detail varchar
);

create table raw.annotations (
    annotation_id integer,
    time_ns bigint,
    end_ns bigint,
    text varchar
);

create table raw.attribute_shapes (
    shape_id bigint,
    position integer,
    key varchar,
    type varchar,
    occurrence integer
);

create table raw.keys (
    signal varchar,
    key varchar,
    type varchar,
    occurrence integer,
    "column" varchar,           -- null: an element of other_attributes
    element varchar,            -- its name there
    count bigint,
    cardinality bigint,         -- approximate above some thousand
    example varchar
);

create table raw.resources (
    load_id integer,
    resource_id bigint,
    schema_url varchar,
    dropped_attributes_count bigint,
    shape_id bigint,
    other_attributes map(varchar, varchar)
);

create table raw.scopes (
    load_id integer,
    scope_id bigint,
    name varchar,
    version varchar,
    schema_url varchar,
    dropped_attributes_count bigint,
    shape_id bigint,
    other_attributes map(varchar, varchar)
);

create table raw.spans (
    load_id integer,
    span_row bigint,
    trace_id varchar,
    span_id varchar,
    parent_span_id varchar,
    trace_state varchar,
    flags bigint,
    name varchar,
    kind bigint,
    start_ns bigint,
    start_unsigned ubigint,
    end_ns bigint,
    end_unsigned ubigint,
    status_code bigint,
    status_message varchar,
    dropped_attributes_count bigint,
    dropped_events_count bigint,
    dropped_links_count bigint,
    resource_id bigint,
    scope_id bigint,
    shape_id bigint,
    other_attributes map(varchar, varchar)
);

create table raw.span_events (
    load_id integer,
    span_row bigint,
    position bigint,
    time_ns bigint,
    time_unsigned ubigint,
    name varchar,
    dropped_attributes_count bigint,
    shape_id bigint,
    other_attributes map(varchar, varchar)
);

create table raw.span_links (
    load_id integer,
    span_row bigint,
    position bigint,
    linked_trace_id varchar,
    linked_span_id varchar,
    trace_state varchar,
    flags bigint,
    dropped_attributes_count bigint,
    shape_id bigint,
    other_attributes map(varchar, varchar)
);

create table raw.logs (
    load_id integer,
    log_row bigint,
    time_ns bigint,
    time_unsigned ubigint,
    observed_time_ns bigint,
    observed_time_unsigned ubigint,
    severity_number bigint,
    severity_text varchar,
    body varchar,
    body_type varchar,
    event_name varchar,
    trace_id varchar,
    span_id varchar,
    flags bigint,
    dropped_attributes_count bigint,
    resource_id bigint,
    scope_id bigint,
    shape_id bigint,
    other_attributes map(varchar, varchar)
);

create table raw.number_points (
    load_id integer,
    point_row bigint,
    metric varchar,
    description varchar,
    unit varchar,
    metadata varchar,
    type varchar,
    temporality bigint,
    is_monotonic boolean,
    start_ns bigint,
    start_unsigned ubigint,
    time_ns bigint,
    time_unsigned ubigint,
    flags bigint,
    resource_id bigint,
    scope_id bigint,
    value double,
    value_int bigint,
    shape_id bigint,
    other_attributes map(varchar, varchar)
);

create table raw.histogram_points (
    load_id integer,
    point_row bigint,
    metric varchar,
    description varchar,
    unit varchar,
    metadata varchar,
    type varchar,
    temporality bigint,
    is_monotonic boolean,
    start_ns bigint,
    start_unsigned ubigint,
    time_ns bigint,
    time_unsigned ubigint,
    flags bigint,
    resource_id bigint,
    scope_id bigint,
    count ubigint,
    sum double,
    min double,
    max double,
    explicit_bounds double[],
    bucket_counts ubigint[],
    scale bigint,
    zero_count ubigint,
    zero_threshold double,
    positive_offset bigint,
    positive_bucket_counts ubigint[],
    negative_offset bigint,
    negative_bucket_counts ubigint[],
    shape_id bigint,
    other_attributes map(varchar, varchar)
);

create table raw.summary_points (
    load_id integer,
    point_row bigint,
    metric varchar,
    description varchar,
    unit varchar,
    metadata varchar,
    type varchar,
    temporality bigint,
    is_monotonic boolean,
    start_ns bigint,
    start_unsigned ubigint,
    time_ns bigint,
    time_unsigned ubigint,
    flags bigint,
    resource_id bigint,
    scope_id bigint,
    count ubigint,
    sum double,
    quantiles double[],
    quantile_values double[],
    shape_id bigint,
    other_attributes map(varchar, varchar)
);

create table raw.exemplars (
    load_id integer,
    point_row bigint,
    position bigint,
    time_ns bigint,
    time_unsigned ubigint,
    value double,
    value_int bigint,
    trace_id varchar,
    span_id varchar,
    shape_id bigint,
    other_attributes map(varchar, varchar)
);
