"""The API against its description: data that fit and data that do not, made by schemathesis."""

import re
from collections.abc import Iterator
from typing import Any, TypeAlias

import pytest
import schemathesis
from fastapi import FastAPI
from hypothesis import HealthCheck, settings
from schemathesis.config import SchemathesisConfig
from schemathesis.python import asgi
from schemathesis.schemas import APIOperation

from app.http.application import create_app
from app.http.readiness import Warmup
from app.settings import Settings
from indexer.intake.addition import Addition
from indexer.outcome import Outcome, Status
from indexer.pipeline import Indexer
from retrieval.domain import Profile
from retrieval.search import SearchEngine
from retrieval.storage.records import Failure
from tests.fakes import TWO_VIDEOS, FakeEncoders, id_of, library_of
from tests.places import ROOT

Case: TypeAlias = schemathesis.Case[APIOperation[Any, Any, Any, Any]]


def broken(_self: Indexer, _job_id: str, addition: Addition, *_: object) -> Outcome:
    return Outcome(addition.where, None, Status.FAILED, failure=Failure("not_media", "no media"))


schemathesis.serializer.alias("application/offset+octet-stream", "application/octet-stream")
schema = schemathesis.openapi.from_path(
    ROOT / "docs" / "openapi.json",
    config=SchemathesisConfig.from_dict(
        {
            "checks": {
                # Half of what can be wrong, a schema cannot say: see `well_formed_data_are_taken_as_such`.
                "positive_data_acceptance": {"enabled": False},
                "missing_required_header": {"expected-statuses": [400, 401, 412, 415, 422]},
                "negative_data_rejection": {"expected-statuses": [400, 401, 403, 404, 405, 409, 412, 413, 415, 422]},
            }
        }
    ),
).exclude(path_regex="/events$")


BEYOND_SCHEMAS = re.compile(
    r"filter\.\w+: no operator"
    r"|(filter\.)?recorded_(at|from|to)"  # a text that is no time
    r"|(title|tags\.\d+): .*after validation"  # nothing but spaces
    r"|name: "  # what cannot be the name of a speaker
    r"|\w+: Input should be a valid integer, not -?\d+\.0$"  # which a schema calls an integer
)


def well_formed_data_are_taken_as_such(_: object, response: schemathesis.Response, case: Case) -> None:
    """What fits the description is refused for what it means, never for its form: no field is to blame for that."""
    is_well_formed = case.meta is not None and case.meta.generation.mode.is_positive
    if is_well_formed and response.status_code == 422:
        problem = response.json()
        assert problem.get("param") is None or BEYOND_SCHEMAS.match(problem["detail"]), problem["detail"]


def name_a_video_that_is_there(part: object) -> None:
    """Make every id of a video one of the library's: what is made up would hardly get past the first look."""
    if isinstance(part, dict):
        if isinstance(part.get("video_id"), str):
            part["video_id"] = id_of("a.mp4")
        for inner in part.values():
            name_a_video_that_is_there(inner)
    elif isinstance(part, list):
        for inner in part:
            name_a_video_that_is_there(inner)


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FastAPI]:
    """The whole API on a small library, with encoders that are quick and an indexer that finds every file broken."""
    folder = tmp_path_factory.mktemp("library")
    library_of(folder, TWO_VIDEOS).close()
    api = create_app(Settings(data_dir=folder, profile=Profile.LITE))
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(Warmup, "start", lambda warmup, _: setattr(warmup, "reason", None))
        patched.setattr(Indexer, "index", broken)
        patched.setattr("app.http.application.SearchEngine", lambda library, _: SearchEngine(library, FakeEncoders()))
        yield api
        asgi.shutdown_lifespans()


@pytest.mark.filterwarnings("ignore:Do not use the `random` module:hypothesis.errors.HypothesisDeprecationWarning")
@schema.parametrize()
@settings(max_examples=10, deadline=None, suppress_health_check=list(HealthCheck), database=None, derandomize=True)
def test_the_api_does_what_its_description_says(case: Case, api: FastAPI) -> None:
    if case.meta is not None and case.meta.generation.mode.is_positive and case.method != "DELETE":
        name_a_video_that_is_there(case.path_parameters)
        name_a_video_that_is_there(case.body)
    case.call_and_validate(app=api, additional_checks=[well_formed_data_are_taken_as_such])
