"""What is served is what its OpenAPI document says, whatever is asked (schemathesis)."""

from __future__ import annotations

from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from monitoring.web.openapi import document
from tests.monitoring.web.house import House

SCHEMA = schemathesis.openapi.from_dict(document())
ASKED = SCHEMA.exclude(path="/v1/feed")  # It does not end.


@pytest.fixture
def url(open_house: House) -> str:
    return open_house.url


@ASKED.parametrize()
@settings(max_examples=15, suppress_health_check=list(HealthCheck))
def test_whatever_is_asked_is_answered_as_it_says(case: schemathesis.Case[Any], url: str) -> None:
    case.call_and_validate(
        base_url=url,
        checks=[
            not_a_server_error,
            status_code_conformance,
            content_type_conformance,
            response_schema_conformance,
        ],
    )


def test_every_path_is_there(url: str) -> None:
    assert set(document()["paths"]) == {
        "/v1/events", "/v1/alerts", "/v1/alerts/{alert}", "/v1/alerts/{alert}/{act}",
        "/v1/alerts/acts", "/v1/feed", "/v1/audit", "/tlog/{path}",
    }  # fmt: skip
