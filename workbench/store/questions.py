"""What may be asked as SQL: one statement, and one that reads."""

from __future__ import annotations

import re

import duckdb

from workbench.errors import QueryError

__all__ = ["check_question", "words_of"]

_TYPES = duckdb.StatementType
_WRITING = frozenset(("insert", "update", "delete", "merge", "copy"))
_READING_PRAGMAS = frozenset(
    (
        *("database_list", "database_size", "functions", "show", "show_databases", "show_tables"),
        *("show_tables_expanded", "storage_info", "table_info", "version"),
    )
)
_EXPLAIN = re.compile(r"explain\s*(\([^)]*\)|analyze\b)?\s*", re.IGNORECASE)


def check_question(connection: duckdb.DuckDBPyConnection, query: str) -> None:
    """Refuse what is not exactly one statement that reads.

    Raises
    ------
    QueryError
        When there is no statement, more than one, or one that does more than read.
    duckdb.Error
        When DuckDB cannot parse it.
    """
    statements = connection.extract_statements(query)
    if not statements:
        raise QueryError("The SQL holds no query; write one that begins with 'select'.", query)
    if len(statements) > 1:
        raise QueryError(
            f"The SQL holds {len(statements)} statements, and one is expected; ask them one after"
            " the other.",
            query,
        )
    if not _reads(connection, statements[0]):
        raise QueryError(
            f"A question only reads, and {' '.join(words_of(query)[:3])!r} … does more; begin with"
            " 'select'. To change or copy what is stored, open a copy of the file with DuckDB.",
            query,
        )


def words_of(query: str) -> list[str]:
    """The words, names, texts and marks of a statement, as written, without comments."""
    written = query.encode()
    tokens = duckdb.tokenize(query)
    ends = [offset for offset, _ in tokens[1:]] + [len(written)]
    return [
        written[start:end].decode(errors="replace").strip()
        for (start, kind), end in zip(tokens, ends, strict=True)
        if kind != duckdb.token_type.comment
    ]


def _reads(connection: duckdb.DuckDBPyConnection, statement: duckdb.Statement) -> bool:
    words = [word.lower() for word in words_of(statement.query)]
    if statement.type == _TYPES.PRAGMA:
        return words[1] in _READING_PRAGMAS
    if statement.type == _TYPES.EXPLAIN:
        # "explain analyze" runs what it explains.
        begin = statement.query.lower().index("explain")
        explained = _EXPLAIN.sub("", statement.query[begin:], count=1)
        return all(_reads(connection, each) for each in connection.extract_statements(explained))
    # A "pivot" is several statements to DuckDB; "with x as (insert …) select …" is a select.
    writes = any(
        before in ("as", "materialized") and bracket == "(" and word in _WRITING
        for before, bracket, word in zip(words, words[1:], words[2:], strict=False)
    )
    return statement.type in {_TYPES.SELECT, _TYPES.MULTI} and not writes
