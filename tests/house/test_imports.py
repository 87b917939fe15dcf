from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from config.services.stack import BASE

LINT = Path(sys.executable).parent / "lint-imports"


def _lint(folder: Path) -> subprocess.CompletedProcess[str]:
    command = [str(LINT), "--no-cache", "--config", "pyproject.toml"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def test_every_import_follows_the_contracts() -> None:
    done = _lint(BASE)
    assert done.returncode == 0, done.stdout


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    for name in ("config", "governance", "reviews"):
        shutil.copytree(BASE / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(BASE / "pyproject.toml", tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("module", "text", "contract"),
    [
        ("governance/halt.py", "import reviews.models\n", "Judgement depends on authority"),
        ("governance/policy/tiers.py", "import django\n", "Policy is pure"),
        ("governance/nobody_placed_this.py", "", "Inside governance"),
        ("reviews/nobody_placed_this.py", "", "Inside reviews"),
        ("reviews/models/__init__.py", "import reviews.judge\n", "Inside reviews"),
        ("reviews/web/__init__.py", "import reviews.api\n", "Agent input never reaches a screen"),
        ("config/services/web.py", "import config.settings\n", "The local services know nothing"),
    ],
)
def test_a_wrong_import_breaks_its_contract(copy: Path, module: str, text: str, contract: str) -> None:
    with (copy / module).open("a") as file:
        file.write(text)
    done = _lint(copy)
    broken = [line for line in done.stdout.splitlines() if line.endswith("BROKEN")]
    assert done.returncode != 0
    assert any(contract in line for line in broken), broken
