"""Requests that the OpenAPI document makes, valid and not, with a token of each role: no 5xx, and answers as the document says."""

import json

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from channel_world import ARENA
from detente.api.openapi import document
from detente.api.tokens import TokenRole
from hostile_world import Served

ENDLESS = "/arenas/{arena}/events"  # its refusals are read in test_no_leak.py
MAY = {"disclosed": TokenRole.BOARD, "members": TokenRole.HOST, "metrics": TokenRole.HOST}  # elsewhere an officer may
ROUTES = sorted((method, path) for path, methods in json.loads(document())["paths"].items() for method in methods)
CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    served = Served(tmp_path_factory.mktemp("schema") / "channel.db")
    with served.serving():
        served.found(served.sequencer, answer_tick_ms=0)
        yield served


@pytest.mark.parametrize("mode", list(GenerationMode))
@pytest.mark.parametrize(("method", "path"), [each for each in ROUTES if each[1] != ENDLESS])
def test_whatever_the_document_lets_one_send_is_answered_as_it_says(served, method, path, mode):
    operation = schemathesis.openapi.from_dict(json.loads(document()))[path][method]
    headers = {role: served.headers("A", role) for role in TokenRole} | {None: {}}
    url = str(served.http.base_url)
    cases = operation.as_strategy(mode)
    may = MAY.get(path.rpartition("/")[2], TokenRole.OFFICER)
    roles = st.sampled_from([may] * 12 + [*TokenRole, None])
    here = st.sampled_from([True] * 4 + [False])

    @settings(max_examples=40, phases=[Phase.generate], suppress_health_check=list(HealthCheck), database=None)
    @given(case=cases, role=roles, is_here=here)
    def answers(case, role, is_here):
        if is_here and "arena" in case.path_parameters:
            case.path_parameters["arena"] = ARENA
        case.validate_response(case.call(url, headers=headers[role]), checks=CHECKS)

    try:
        answers()
    except Unsatisfiable:
        assert mode is GenerationMode.NEGATIVE  # there is nothing in it that could be wrong
