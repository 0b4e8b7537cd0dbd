"""Prints what errors of the drivers mean, made as the drivers make them: `[[dialect, case, class, text]]`.

.venv-warehouses/bin/python -m tests.collectors.sources.sql.engines.refused
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from importlib import import_module
from typing import Any

from leverwatch.collectors.sources.sql.engines.registry import engine_of
from leverwatch.collectors.sources.sql.errors import of_a_driver, translated
from tests.collectors.sources.sql.engines.cases import ADDRESSES, config


def trino() -> Iterator[tuple[str, Exception]]:
    """Errors of a server of Trino are dictionaries with a name of the error."""
    errors = import_module("trino.exceptions")
    for case, name in (
        ("table", "TABLE_NOT_FOUND"), ("column", "COLUMN_NOT_FOUND"), ("permission", "PERMISSION_DENIED"),
        ("type", "TYPE_MISMATCH"), ("timeout", "EXCEEDED_TIME_LIMIT"),
    ):  # fmt: skip
        yield case, errors.TrinoUserError({"errorName": name, "errorType": "USER_ERROR", "message": "row canary"})
    yield "credentials", errors.HttpError("error 401: b'canary'")
    yield "unreachable", errors.TrinoConnectionError("failed to execute: Max retries exceeded with url: canary")


def athena() -> Iterator[tuple[str, Exception]]:
    """Errors of a query of Athena are its words, and others those of Amazon's client."""
    errors, amazon = import_module("pyathena.error"), import_module("botocore.exceptions")
    yield (
        "table",
        errors.OperationalError("TABLE_NOT_FOUND: line 1:15: Table 'db.calls' does not exist"),
    )
    yield "column", errors.OperationalError("COLUMN_NOT_FOUND: line 1:8: Column 'tokens' cannot be resolved")
    yield (
        "type",
        errors.OperationalError("TYPE_MISMATCH: line 3:2: Cannot apply operator: varchar >= timestamp(3)"),
    )
    yield "credentials", amazon.NoCredentialsError()
    denied = {"Error": {"Code": "AccessDeniedException", "Message": "canary is not authorized"}}
    yield "permission", amazon.ClientError(denied, "StartQueryExecution")
    limit = {"Error": {"Code": "TooManyRequestsException", "Message": "Rate exceeded"}}
    yield "rate limit", amazon.ClientError(limit, "StartQueryExecution")
    yield "unreachable", amazon.EndpointConnectionError(endpoint_url="https://canary")


def bigquery() -> Iterator[tuple[str, Exception]]:
    """Google's errors are those of HTTP with words, which its DB-API wraps."""
    google, wrap = import_module("google.api_core.exceptions"), import_module("google.cloud.bigquery.dbapi")
    yield "table", wrap.DatabaseError(google.NotFound("Not found: Table project:usage.calls, canary"))
    yield "column", wrap.DatabaseError(google.BadRequest("Unrecognized name: tokens at [3:12]"))
    yield "permission", wrap.DatabaseError(google.Forbidden("Access Denied: Table project:usage.calls: canary"))
    yield "type", wrap.DatabaseError(google.BadRequest("No matching signature for operator >= for types: STRING"))
    yield "timeout", wrap.DatabaseError(google.BadRequest("Operation timed out after 30 seconds: Job timed out"))
    yield "rate limit", wrap.DatabaseError(google.Forbidden("Quota exceeded: Your project exceeded quota"))
    yield (
        "credentials",
        import_module("google.auth.exceptions").DefaultCredentialsError("canary.json was not found"),
    )
    yield "unreachable", import_module("google.auth.exceptions").TransportError("canary")


def snowflake() -> Iterator[tuple[str, Exception]]:
    """Errors of Snowflake have a number."""
    errors = import_module("snowflake.connector.errors")
    for case, number in (
        ("table", 2003), ("column", 904), ("permission", 3001), ("type", 100038), ("timeout", 630),
    ):  # fmt: skip
        yield case, errors.ProgrammingError(msg="SQL error: canary", errno=number)
    yield "credentials", errors.DatabaseError(msg="Incorrect username or password was specified.", errno=250001)
    yield "unreachable", errors.OperationalError(msg="Could not connect to Snowflake backend", errno=250001)


def databricks() -> Iterator[tuple[str, Exception]]:
    """Errors of Databricks begin with a condition of Spark."""
    errors = import_module("databricks.sql.exc")
    for case, text in _SPARK:
        yield case, errors.ServerOperationError(text)
    yield "permission", errors.ServerOperationError("[INSUFFICIENT_PERMISSIONS] canary")
    yield "credentials", errors.RequestError("Error during request to server: Invalid access token.")
    yield "unreachable", errors.RequestError("Error during request to server: Max retries exceeded")


_SPARK = (
    ("table", "[TABLE_OR_VIEW_NOT_FOUND] The table or view `calls` cannot be found. SQLSTATE: 42P01"),
    ("column", "[UNRESOLVED_COLUMN.WITH_SUGGESTION] A column, variable, or function with name `tokens` canary"),
    ("type", "[DATATYPE_MISMATCH.BINARY_OP_DIFF_TYPES] Cannot resolve canary"),
    ("timeout", "Query timed out after 30 seconds"),
)


def spark() -> Iterator[tuple[str, Exception]]:
    """Errors of PyHive are answers of Thrift, and those of its transport."""
    errors, transport = import_module("pyhive.exc"), import_module("thrift.transport.TTransport")
    for case, text in _SPARK:
        yield case, errors.OperationalError(f"TExecuteStatementResp(errorMessage='Error running query: {text}')")
    yield "unreachable", transport.TTransportException(1, "Could not connect to any of [('127.0.0.1', 1)]")


def sqlserver() -> Iterator[tuple[str, Exception]]:
    """Errors of SQL Server have a number."""
    errors = import_module("pymssql")
    for case, number in (
        ("table", 208), ("column", 207), ("permission", 229), ("type", 8114), ("timeout", 20003), ("locked", 1222),
        ("credentials", 18456), ("unreachable", 20009),
    ):  # fmt: skip
        yield (
            case,
            errors.OperationalError((number, b"Invalid object: canary. DB-Lib error message 0, severity 9")),
        )


def redshift() -> Iterator[tuple[str, Exception]]:
    """Errors of Redshift are dictionaries with an SQLSTATE."""
    errors = import_module("redshift_connector.error")
    for case, state in (
        ("table", "42P01"), ("column", "42703"), ("permission", "42501"), ("type", "42883"), ("timeout", "57014"),
        ("credentials", "28000"),
    ):  # fmt: skip
        yield case, errors.ProgrammingError({"S": "ERROR", "C": state, "M": "canary"})
    yield "unreachable", errors.InterfaceError("communication error: canary")


if __name__ == "__main__":
    found: list[Any] = []
    for dialect, made in (
        ("trino", trino), ("athena", athena), ("bigquery", bigquery), ("snowflake", snowflake),
        ("databricks", databricks), ("spark", spark), ("sqlserver", sqlserver), ("redshift", redshift),
    ):  # fmt: skip
        engine = engine_of(config(ADDRESSES[dialect], "plain zoned").address.get_backend_name())
        for case, error in made():
            said = translated("source db", engine, error)
            found.append([dialect, case, type(said).__name__, str(said), of_a_driver(error)])
    json.dump(found, sys.stdout)
