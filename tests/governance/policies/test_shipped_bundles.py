"""The bundles that come with Placet: each loads, and its own tests hold."""

from __future__ import annotations

from pathlib import Path

import pytest

import governance
from governance.bundle_files import checked, read_folder

BUNDLES = sorted(folder.name for folder in (Path(governance.__file__).parent / "bundles").iterdir() if folder.is_dir())


@pytest.mark.parametrize("name", BUNDLES)
def test_every_shipped_bundle_passes_its_own_tests(name: str) -> None:
    found = checked(read_folder(Path(governance.__file__).parent / "bundles" / name))
    assert found.spec.name == name
    results = [result for _, _, result in found.report["tests"]]
    assert len(results) > 5
    assert set(results) == {"passed"}


def test_the_example_and_the_payments_of_the_demo_are_shipped() -> None:
    assert BUNDLES == ["payments", "refunds"]
