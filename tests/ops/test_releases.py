import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from ops.releases import NoReleaseError, _identity, fetch_release, load_release, register_release, write_release
from ops.tensor_files import save_tensors
from ops.tracking import mlflow_run
from tests.ops.small_networks import AGE, CONFIG, TONE, constant_age, small_weights, sure_reader

pytestmark = pytest.mark.filterwarnings("ignore")  # mlflow's own


def test_a_release_restores_as_the_networks_it_was_made_from(tmp_path: Path) -> None:
    weights = small_weights(tmp_path / "trained")
    first = write_release(tmp_path / "releases", CONFIG, weights, {}, gain=1.0)
    photo = torch.rand(1, 3, 32, 32)
    assert torch.equal(load_release(first)(photo).restored, load_release(first)(photo).restored)
    assert write_release(tmp_path / "other", CONFIG, weights, {"note": "same"}, gain=2.0).name == first.name


@pytest.mark.parametrize("gain", [0.0, -0.3, float("nan")])
def test_a_model_without_gain_is_never_released(tmp_path: Path, gain: float) -> None:
    with pytest.raises(ValueError, match="not released"):
        write_release(tmp_path / "releases", CONFIG, small_weights(tmp_path), {}, gain)


@pytest.mark.parametrize("name", ["model.safetensors", "model.json"])
def test_a_release_that_was_tampered_with_is_refused(tmp_path: Path, name: str) -> None:
    folder = write_release(tmp_path / "releases", CONFIG, small_weights(tmp_path), {}, gain=1.0)
    data = (folder / name).read_bytes()
    swapped = data[:-1] + bytes([data[-1] ^ 1]) if name.endswith("tensors") else data.replace(b": 64,", b": 48,")
    assert swapped != data
    (folder / name).write_bytes(swapped)
    with pytest.raises(ValueError, match="is not the release it says"):
        load_release(folder)


def test_the_newest_registered_release_is_the_one_that_is_fetched(tmp_path: Path) -> None:
    uri, artifacts = f"sqlite:///{tmp_path}/mlflow.db", tmp_path / "artifacts"
    with pytest.raises(NoReleaseError, match="make demo"):
        fetch_release(uri, tmp_path / "cache")
    for number in range(2):
        torch.manual_seed(number)
        with mlflow_run(uri, artifacts, "released_model", {}) as log:
            folder = write_release(tmp_path / "made", CONFIG, small_weights(tmp_path / f"{number}"), {}, gain=1.0)
            registered = register_release(uri, artifacts, folder, log.run_id)
    found, fetched = fetch_release(uri, tmp_path / "cache")
    assert found == registered
    assert found.version == "2"
    photo = torch.rand(1, 3, 24, 24)
    assert torch.equal(load_release(fetched)(photo).restored, load_release(folder)(photo).restored)


def test_a_release_written_before_a_setting_existed_is_still_what_it_says(tmp_path: Path) -> None:
    folder = write_release(tmp_path, CONFIG, small_weights(tmp_path / "trained"), {}, gain=1.0)
    record = json.loads((folder / "model.json").read_text())
    del record["config"]["sure"], record["config"]["confirm"]
    record["sha256"] = _identity(folder / "model.safetensors", record["config"])
    (folder / "model.json").write_text(json.dumps(record))
    finder = load_release(folder).find_defects
    assert (finder.sure, finder.confirm) == (0, ())


def test_second_looks_are_those_of_the_release_unless_somebody_does_without(tmp_path: Path) -> None:
    config = replace(CONFIG, confirm=(0.1, 0.05))
    folder = write_release(tmp_path, config, small_weights(tmp_path / "trained"), {}, gain=1.0)
    assert load_release(folder).find_defects.confirm == (0.1, 0.05)
    assert load_release(folder, all_marks=True).find_defects.confirm == ()


def test_a_release_with_a_tone_reader_takes_tone_back_as_asked(tmp_path: Path) -> None:
    weights = small_weights(tmp_path / "trained")
    without = write_release(tmp_path, CONFIG, weights, {}, gain=1.0)
    save_tensors(tmp_path / "tone.safetensors", sure_reader().state_dict())
    config = replace(CONFIG, tone=TONE, least_sureness=0.6)
    folder = write_release(tmp_path, config, weights | {"tone": (tmp_path / "tone.safetensors", "")}, {}, gain=1.0)
    photo = torch.rand(1, 3, 32, 32)
    first, none = (load_release(folder, tone_strength=strength)(photo) for strength in (1.0, 0.0))
    assert first.facts["tone_change"] > 0 == none.facts["tone_change"]
    assert torch.equal(none.restored, load_release(without)(photo).restored)
    assert "least_sureness" not in (without / "model.json").read_text()


def test_a_release_with_an_age_reader_judges_unless_all_marks_are_to_count(tmp_path: Path) -> None:
    weights = small_weights(tmp_path / "trained")
    without = write_release(tmp_path, CONFIG, weights, {}, gain=1.0)
    save_tensors(tmp_path / "age.safetensors", constant_age(0.3).state_dict())
    config = replace(CONFIG, age=AGE, least_aged_prob=0.4, telling_share=0.02)
    folder = write_release(tmp_path, config, weights | {"age": (tmp_path / "age.safetensors", "")}, {}, gain=1.0)
    rule, photo = load_release(folder).age, torch.rand(1, 3, 32, 32)
    assert rule is not None
    assert (rule.least_prob, rule.telling_share) == (0.4, 0.02)
    assert rule.aged_prob(photo) == pytest.approx(0.3)
    for trusting in (load_release(folder, all_marks=True), load_release(without)):
        assert trusting.age is None
    assert "least_aged_prob" not in (without / "model.json").read_text()
