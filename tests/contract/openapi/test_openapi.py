"""What the API documents promise: generated calls, valid and not, get documented answers and never a server error."""

from __future__ import annotations

from typing import Any

import schemathesis
from schemathesis.config import SchemathesisConfig
from schemathesis.schemas import BaseSchema

from shared.settings import read_settings
from tests.contract.openapi.conftest import DOORS, SERVICES, World

CONFIG: dict[str, Any] = {
    "seed": 20260302,
    "generation": {"deterministic": True, "max-examples": 6, "database": "none"},
    "phases": {"stateful": {"enabled": False}},
    "checks": {
        # A call may fit the document and still be refused for what it asks (a person that does not exist), and the other way
        # round the reader of JSON and queries is more tolerant than the document (a number for a day, a parameter twice).
        "positive_data_acceptance": {"enabled": False},
        "negative_data_rejection": {"enabled": False},
    },
}
CLAIMS: dict[str, Any] = {
    # Every other POST is a hospital's message to claims, so none is undocumented there.
    **CONFIG,
    "checks": {**CONFIG["checks"], "unsupported_method": {"enabled": False}, "allow_header_conformance": {"enabled": False}},
}


def document(service: str, config: dict[str, Any] = CONFIG) -> BaseSchema:
    app = SERVICES[service].app(read_settings(service, {}))
    schema = schemathesis.openapi.from_dict(app.openapi(), config=SchemathesisConfig.from_dict(config))
    schema.app = DOORS[service]
    return schema


def check(case: schemathesis.Case[Any], world: World) -> None:
    case.call_and_validate(headers={"Authorization": f"Bearer {world.token}"})


@document("enrollment").parametrize()
def test_enrollment(case: schemathesis.Case[Any], world: World) -> None:
    check(case, world)


@document("claims", CLAIMS).parametrize()
def test_claims(case: schemathesis.Case[Any], world: World) -> None:
    check(case, world)


@document("workinjury-bridge").parametrize()
def test_workinjury_bridge(case: schemathesis.Case[Any], world: World) -> None:
    check(case, world)


@document("gateway").parametrize()
def test_gateway(case: schemathesis.Case[Any], world: World) -> None:
    check(case, world)
