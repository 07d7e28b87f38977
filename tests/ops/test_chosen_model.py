from pathlib import Path

import pytest

from ops.chosen_model import ModelChoice, chosen_identity, fetch_chosen
from ops.releases import NoReleaseError, load_release, register_release, write_release
from ops.tracking import mlflow_run
from tests.ops.small_networks import CONFIG, small_weights

pytestmark = pytest.mark.filterwarnings("ignore")  # mlflow's own


def test_the_shipped_model_needs_no_tracking_server(tmp_path: Path) -> None:
    shipped = write_release(tmp_path, CONFIG, small_weights(tmp_path / "trained"), {"edition": 3}, gain=1.0)
    identity, folder = fetch_chosen(ModelChoice.SHIPPED, "http://127.0.0.1:9", tmp_path / "cache", shipped)
    assert (identity.name, identity.version, folder) == ("albumen-standard", "3", shipped)
    assert identity == chosen_identity(ModelChoice.SHIPPED, "http://127.0.0.1:9", shipped)
    load_release(folder)


def test_the_trained_model_is_the_released_one(tmp_path: Path) -> None:
    uri, artifacts = f"sqlite:///{tmp_path}/mlflow.db", tmp_path / "artifacts"
    with mlflow_run(uri, artifacts, "released_model", {}) as log:
        made = write_release(tmp_path / "made", CONFIG, small_weights(tmp_path / "trained"), {}, gain=1.0)
        registered = register_release(uri, artifacts, made, log.run_id)
    identity, folder = fetch_chosen(ModelChoice.TRAINED, uri, tmp_path / "cache")
    assert identity == registered == chosen_identity(ModelChoice.TRAINED, uri)
    load_release(folder)


def test_a_missing_shipped_model_is_named_with_the_cure(tmp_path: Path) -> None:
    with pytest.raises(NoReleaseError, match="ALBUMEN_MODEL=trained"):
        chosen_identity(ModelChoice.SHIPPED, "", tmp_path / "nothing")
