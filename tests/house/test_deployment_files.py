from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import psycopg
import pytest
import yaml

from config.services.account import home, unprivileged
from config.services.postgres import Postgres, find_binaries
from config.services.process import Family
from config.services.stack import BASE, forget

COMPOSE, SETTINGS = BASE / "docker-compose.yml", BASE / "docs" / "reference" / "settings.md"
OURS = ("api", "web", "worker", "beat", "migrate")


@pytest.fixture(scope="module")
def services() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(COMPOSE.read_text())["services"]
    return found


def _validate(path: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec", str(path)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_the_compose_file_fits_the_compose_specification(tmp_path: Path) -> None:
    done = _validate(COMPOSE)
    assert done.returncode == 0, done.stdout
    wrong = tmp_path / "docker-compose.yml"
    wrong.write_text(COMPOSE.read_text().replace("interval:", "intervall:"))
    assert _validate(wrong).returncode != 0


def test_every_process_of_ours_and_its_two_stores_are_there(services: dict[str, Any]) -> None:
    assert set(services) == {*OURS, "postgres", "redis"}


def test_every_container_runs_small(services: dict[str, Any]) -> None:
    for name, service in services.items():
        assert service["read_only"] is True, name
        assert service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        assert int(service["user"].split(":")[0]) > 0, name
        assert service["mem_limit"], name
        assert not service.get("privileged"), name
        if name != "migrate":
            assert service["healthcheck"]["test"], name


def test_only_migrate_and_the_database_know_the_owners_password(services: dict[str, Any]) -> None:
    for name, service in services.items():
        knows = "PLACET_OWNER_PASSWORD" in str(service.get("environment", {}))
        assert knows == (name in ("migrate", "postgres")), name


def test_api_and_web_wait_for_migrate_and_publish_to_the_host_alone(services: dict[str, Any]) -> None:
    for name in ("api", "web"):
        assert services[name]["environment"]["PLACET_SURFACE"] == name
        assert services[name]["depends_on"]["migrate"] == {"condition": "service_completed_successfully"}
        assert all(port.startswith("127.0.0.1:") for port in services[name]["ports"])
    assert not any("ports" in services[name] for name in ("postgres", "redis", "worker", "beat", "migrate"))


def test_every_setting_of_the_compose_file_is_explained_in_the_example() -> None:
    asked = set(re.findall(r"\$\{([A-Z_]+)", COMPOSE.read_text()))
    offered = set(re.findall(r"^([A-Z_]+)=", (BASE / ".env.example").read_text(), re.MULTILINE))
    assert asked == offered


# What the compose file decides itself, or what production has no use for.
_NOT_FROM_ENV = {
    "PLACET_MODE", "PLACET_SURFACE", "PLACET_ROLE", "DATABASE_URL", "DATABASE_OWNER_URL", "REDIS_URL", "PLACET_QUEUE",
    "PLACET_CONNECTOR_<NAME>_URL", "PLACET_RECORDS_OWNER_URL", "PLACET_DATA", "PLACET_STATIC", "PLACET_STATIC_ROOT",
    "PLACET_DEBUG",
}  # fmt: skip


def test_every_setting_of_the_reference_reaches_the_containers(services: dict[str, Any]) -> None:
    listed = set(re.findall(r"`((?:PLACET|DATABASE|REDIS|OPA)_[A-Z_<>]+)`", SETTINGS.read_text()))
    assert listed >= _NOT_FROM_ENV
    for name in ("api", "web", "worker", "beat"):
        assert listed - _NOT_FROM_ENV - set(services[name]["environment"]) == set(), name


def test_the_image_has_no_root_and_the_locked_versions() -> None:
    text = (BASE / "Dockerfile").read_text()
    assert re.search(r"^USER 10001:10001$", text, re.MULTILINE)
    assert "--require-hashes -c requirements.lock" in text
    for source in re.findall(r"^COPY (?!--from)(.+) \S+$", text, re.MULTILINE):
        for name in source.split():
            assert (BASE / name).exists(), name


def test_the_lock_names_no_host_and_hashes_everything() -> None:
    text = (BASE / "requirements.lock").read_text()
    assert "://" not in text
    pins = re.findall(r"^([a-z0-9-]+(?:\[[a-z,]+\])?)==[^ ]+", text, re.MULTILINE)
    assert len(pins) > 80
    entries = re.split(r"\n(?=[a-z0-9])", text.strip())
    assert all("--hash=sha256:" in entry for entry in entries)


def test_every_dependency_is_in_the_lock() -> None:
    project = tomllib.loads((BASE / "pyproject.toml").read_text())
    wanted = [*project["project"]["dependencies"], *project["dependency-groups"]["dev"]]
    locked = set(re.findall(r"^([a-z0-9-]+)", (BASE / "requirements.lock").read_text(), re.MULTILINE))
    names = {re.split(r"[\[<>=;]", line)[0].strip().lower().replace("_", "-") for line in wanted}
    assert names <= locked


def test_make_help_explains_every_target() -> None:
    shown = subprocess.run(["make", "help"], cwd=BASE, capture_output=True, text=True, check=True).stdout
    phony = re.search(r"^\.PHONY: (.+)$", (BASE / "Makefile").read_text(), re.MULTILINE)
    assert phony is not None
    for target in phony[1].split():
        assert re.search(rf"^  make {target} +\S", shown, re.MULTILINE), target


def test_the_check_of_a_change_is_make_test() -> None:
    script = BASE / ".ci" / "run"
    assert script.stat().st_mode & 0o111
    assert "make test" in script.read_text()
    subprocess.run(["sh", "-n", str(script)], check=True)


def test_no_file_knows_the_machine_it_was_written_on() -> None:
    tracked = subprocess.run(["git", "ls-files"], cwd=BASE, capture_output=True, text=True, check=True).stdout.split()
    # the folder above may well be /tmp or /app, which files name for reasons of their own
    place = f"{BASE}/"
    for name in tracked:
        path = BASE / name
        if path.suffix in {".png", ".woff2", ".ico"} or not path.is_file():
            continue
        assert place not in path.read_text(encoding="utf-8", errors="replace"), name


def test_the_container_database_gets_two_roles_from_its_scripts(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    family = Family(tmp_path)
    try:
        server = Postgres(tmp_path, "super", durable=False).start(family)
        account = unprivileged()
        psql = find_binaries(home(tmp_path, account), account) / "psql"
        passwords = {"PLACET_OWNER_PASSWORD": "own'er", "PLACET_APP_PASSWORD": "app"}
        for script in sorted((BASE / "config" / "database").glob("*.sql")):
            command = [str(psql), "-X", "-v", "ON_ERROR_STOP=1", "-f", str(script), server.url("postgres")]
            subprocess.run(command, env=passwords, check=True, capture_output=True)
        with psycopg.connect(server.url("postgres", "placet_owner", "own'er"), autocommit=True) as owner:
            owner.execute("create table mine (a int)")
        with psycopg.connect(server.url("postgres", "placet_app", "app"), autocommit=True) as app:
            for forbidden in ("create table yours (a int)", "select * from mine", "alter table mine add b int"):
                with pytest.raises(psycopg.errors.InsufficientPrivilege):
                    app.execute(forbidden)
    finally:
        family.stop()
        forget(tmp_path)
