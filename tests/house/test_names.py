"""A setting that was misspelt is told, and nothing that means something is taken for one."""

from __future__ import annotations

import os
import re
import subprocess
import sys

import pytest
from pytest_django.fixtures import Settings

from config import names
from config.services.stack import BASE
from governance import checks
from tests.house.test_settings import PRODUCTION

FOLDERS = ("config", "governance", "reviews", "tests")


def test_the_reference_lists_every_setting_and_which_are_secret() -> None:
    rows = [row for row in (BASE / "docs/reference/settings.md").read_text().splitlines() if row.startswith("| `")]
    told = [found for row in rows for found in re.findall(r"`(PLACET_[A-Z_<>]+)`([^`|]*)", row)]
    listed = {name: "(secret)" in rest for name, rest in told}
    assert {name for name, secret in listed.items() if secret} == names.SECRETS | {names.CONNECTOR}
    assert {name for name, secret in listed.items() if not secret} == names.SETTINGS


@pytest.mark.parametrize(
    ("wrong", "right"),
    [("PLACET_OPEN_CASES_PER_LNE", "PLACET_OPEN_CASES_PER_LINE"), ("PLACET_HOST", "PLACET_HOSTS"),
     ("PLACET_HOSTS_FILE", "PLACET_HOSTS"), ("PLACET_CONECTOR_SHOP_URL", names.CONNECTOR),
     ("PLACET_REQIRE_MFA", "PLACET_REQUIRE_MFA")],
)  # fmt: skip
def test_a_misspelt_name_is_told_with_the_nearest_that_means_something(wrong: str, right: str) -> None:
    assert names.unknown({wrong: "x", "PATH": "/bin", "OTHER_PLACET_X": "y"}) == {wrong: right}


@pytest.mark.parametrize(
    "name",
    [*sorted(names.SETTINGS | names.SECRETS | names.TOOLS), "PLACET_SECRET_KEY_FILE", "PLACET_CONNECTOR_SHOP_URL",
     "PLACET_CONNECTOR_SHOP_URL_FILE", "PLACET_WEB_SERVICE_HOST", "PLACET_WEB_SERVICE_PORT_HTTP", "PLACET_PORT",
     "PLACET_WEB_PORT_8000_TCP_ADDR"],
)  # fmt: skip
def test_what_means_something_is_no_slip(name: str) -> None:
    assert names.unknown({name: "x"}) == {}


def test_what_compose_the_example_and_the_makefile_set_is_known() -> None:
    for file in ("docker-compose.yml", ".env.example", "Makefile", "Dockerfile"):
        said = set(re.findall(r"\bPLACET_[A-Z_]*[A-Z]\b(?!_?<)", (BASE / file).read_text()))
        assert names.unknown(dict.fromkeys(said - {"PLACET_CONNECTOR"}, "x")) == {}, file


def test_what_our_own_programs_ask_the_environment_for_is_known() -> None:
    asked = re.compile(r"""(?:environ(?:\.get)?[\[(]|getenv\(|_ENV, )\s*["'](PLACET_[A-Z_]+)["']""")
    files = [path for folder in FOLDERS for path in (BASE / folder).rglob("*.py")]
    said = {name for path in files for name in asked.findall(path.read_text(encoding="utf-8"))}
    assert len(said) > 20
    assert names.unknown(dict.fromkeys(said, "x")) == {}


def test_the_check_warns_and_says_which_name_was_meant(settings: Settings) -> None:
    settings.PLACET_UNKNOWN_NAMES = {}
    assert checks.unknown_names(None) == []
    settings.PLACET_UNKNOWN_NAMES = {"PLACET_HOST": "PLACET_HOSTS"}
    (message,) = checks.unknown_names(None)
    assert (message.id, message.hint) == ("placet.W005", "Is it PLACET_HOSTS?")
    assert message.msg == "PLACET_HOST is no setting of Placet: it changes nothing."


def test_each_process_says_it_at_its_start_and_never_the_value() -> None:
    environment = {"PATH": os.environ["PATH"], **PRODUCTION, "PLACET_SMTP_ULR": "smtp://u:hidden@host"}
    for program in ("import config.wsgi", "from config.celery import app; import django; django.setup()"):
        done = subprocess.run(
            [sys.executable, "-c", program], env=environment, cwd=BASE, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        said = done.stdout + done.stderr
        assert said.count("PLACET_SMTP_ULR") == 1
        assert "PLACET_SMTP_URL" in said
        assert "hidden" not in said
    done = subprocess.run(
        [sys.executable, "manage.py", "check"], env=environment, cwd=BASE, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0
    assert "placet.W005" in done.stderr
