"""The three generic top-level names must be ours: another package called ``ops`` would be imported in silence."""

import subprocess
import sys
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parent.parent


@pytest.mark.parametrize("name", ["models", "ops", "pipelines"])
def test_the_package_is_the_one_of_this_checkout(name: str) -> None:
    assert Path(__import__(name).__file__ or "").parent == CHECKOUT / name
    assert set(packages_distributions().get(name, ["albumen"])) == {"albumen"}


def test_definitions_load_without_the_heavy_libraries() -> None:
    code = (
        "import sys, pipelines.definitions; "
        "print([m for m in ('torch', 'mlflow', 'cv2', 'pandas', 'boto3') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code], cwd=CHECKOUT, check=False, capture_output=True, text=True
    )
    assert done.stdout.strip() == "[]", done.stderr


def test_no_module_with_assets_postpones_its_annotations() -> None:
    """Dagster reads the annotations of configs and assets when it loads them."""
    postponed = [
        p for p in (CHECKOUT / "pipelines").rglob("*.py") if "from __future__ import annotations" in p.read_text()
    ]
    assert not postponed
