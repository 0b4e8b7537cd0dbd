"""Every error that Amazon documents for these two actions, and those that all of its services share."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest
from botocore.session import Session

from leverwatch.collectors.daily.errors import CredentialsRefused, PermissionRefused, RateLimited, SchemaDiffers
from leverwatch.collectors.errors import CollectorError, SourceUnavailable
from leverwatch.collectors.interface import SourceState
from tests.collectors.sources.cloudwatch.amazon import KEYS, Scripted, error, metric, result, source

DAY = date(2026, 11, 26)
ERRORS: list[tuple[str, int, type[CollectorError], str]] = [
    ("ThrottlingException", 400, RateLimited, "too many requests"),
    ("Throttling", 400, RateLimited, "too many requests"),
    ("RequestLimitExceeded", 503, RateLimited, "too many requests"),
    ("ExpiredToken", 403, CredentialsRefused, "expired"),
    ("ExpiredTokenException", 400, CredentialsRefused, "expired"),
    ("RequestExpired", 400, CredentialsRefused, "the clock here"),
    ("InvalidClientTokenId", 403, CredentialsRefused, "not accepted"),
    ("UnrecognizedClientException", 400, CredentialsRefused, "not accepted"),
    ("MissingAuthenticationToken", 403, CredentialsRefused, "not accepted"),
    ("MissingAuthenticationTokenException", 400, CredentialsRefused, "not accepted"),
    ("IncompleteSignature", 400, CredentialsRefused, "not accepted"),
    ("NotAuthorized", 400, CredentialsRefused, "not accepted"),
    ("OptInRequired", 403, CredentialsRefused, "not accepted"),
    ("SignatureDoesNotMatch", 403, CredentialsRefused, "signature"),
    ("InvalidSignatureException", 400, CredentialsRefused, "signature"),
    ("RequestTimeTooSkewed", 403, CredentialsRefused, "the clock here"),
    ("AccessDenied", 403, PermissionRefused, "may not call cloudwatch:ListMetrics"),
    ("AccessDeniedException", 400, PermissionRefused, "may not call cloudwatch:ListMetrics"),
    ("InvalidParameterValue", 400, SchemaDiffers, "check `regions`"),
    ("InvalidParameterValueException", 400, SchemaDiffers, "check `regions`"),
    ("InvalidParameterCombination", 400, SchemaDiffers, "check `regions`"),
    ("InvalidQueryParameter", 400, SchemaDiffers, "check `regions`"),
    ("MalformedQueryString", 404, SchemaDiffers, "check `regions`"),
    ("MissingAction", 400, SchemaDiffers, "check `regions`"),
    ("MissingParameter", 400, SchemaDiffers, "check `regions`"),
    ("InvalidAction", 400, SchemaDiffers, "check `regions`"),
    ("UnknownOperationException", 404, SchemaDiffers, "check `regions`"),
    ("ValidationError", 400, SchemaDiffers, "check `regions`"),
    ("InvalidNextToken", 400, SourceUnavailable, "no longer there"),
    ("InternalServiceFault", 500, SourceUnavailable, "the service failed"),
    ("InternalServiceError", 500, SourceUnavailable, "the service failed"),
    ("InternalFailure", 500, SourceUnavailable, "the service failed"),
    ("ServiceUnavailable", 503, SourceUnavailable, "the service failed"),
    ("SomethingNew", 400, SourceUnavailable, "refuses the question"),
    ("SomethingNew", 429, RateLimited, "too many requests"),
]


@pytest.mark.parametrize(("code", "status", "kind", "said"), ERRORS)
def test_each_error_says_what_to_fix_and_nothing_that_amazon_says(
    served: Scripted, tmp_path: Path, code: str, status: int, kind: type[CollectorError], said: str
) -> None:
    served.answer = lambda _operation, _asked: error(code, status)

    with pytest.raises(kind, match=said) as caught:
        source(served.url, tmp_path).trial(DAY)

    assert str(caught.value).startswith("source cloud: CloudWatch of us-east-1: ")
    assert not [it for it in ("arn:", *KEYS.values()) if it in str(caught.value)]
    assert caught.value.__cause__ is None
    assert len(served.asked) == 1


def test_all_errors_that_the_library_knows_of_these_actions_are_among_them() -> None:
    service = Session().get_service_model("cloudwatch")
    shapes = [it for name in ("ListMetrics", "GetMetricData") for it in service.operation_model(name).error_shapes]

    assert shapes
    codes = {str(name) for it in shapes for name in (it.name, it.metadata["error"]["code"])}
    assert codes <= {code for code, *_ in ERRORS}


def test_an_error_loses_no_day_before_it_and_its_days_are_asked_for_again(
    served: Scripted, tmp_path: Path
) -> None:
    fails = True

    def answer(operation: str, asked: dict[str, Any]) -> tuple[int, Any]:
        if operation == "ListMetrics":
            return 200, {"Metrics": [metric("Invocations", ModelId="m")]}
        if fails and asked["StartTime"] < served.now.timestamp() - 20 * 86_400:
            return error("AccessDenied", 403)
        day = served.now.replace(hour=0).fromtimestamp(asked["StartTime"], served.now.tzinfo)
        return 200, {"MetricDataResults": [result(it, {day: 1.0}) for it in asked["MetricDataQueries"]]}

    served.answer = answer
    stored: dict[str, bytes] = {}
    days: list[set[date]] = []

    def run() -> None:
        for batch in source(served.url, tmp_path, history="40d").collect(SourceState(0, lambda: dict(stored))):
            stored.update({key: it for key, it in batch.state.items() if it is not None})
            days.append({row.day for row in batch.usage})

    with pytest.raises(PermissionRefused):
        run()
    before = source(served.url, tmp_path, history="40d").days(stored)
    fails = False
    run()
    after = source(served.url, tmp_path, history="40d").days(stored)

    assert days[0]
    assert before.answered < after.answered
    assert before.open_questions > 0 == after.open_questions
