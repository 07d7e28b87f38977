"""One small installation, trained once and shared by the tests of this folder."""

import warnings
from collections.abc import Iterator
from dataclasses import dataclass, fields, replace

import dagster as dg
import pytest

from ops.baseline_recipes import BaselineRecipes
from pipelines.settings import Settings


@dataclass(frozen=True)
class Installation:
    settings: Settings
    definitions: dg.Definitions
    instance: dg.DagsterInstance

    def run(self, job: str, partition: str | None = None) -> dg.ExecuteInProcessResult:
        definition = self.definitions.resolve_job_def(job)
        return definition.execute_in_process(instance=self.instance, partition_key=partition, raise_on_error=False)


def shrink(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make the demo's recipe a matter of seconds; the code that it runs stays the same."""
    from ops import baseline_recipes, recipes

    smoke = recipes.SMOKE
    short = replace(smoke.clean_vae.schedule, steps=4, steady_steps=2, batch_size=2, crop_px=32)
    slow = replace(short, steps=60, steady_steps=30, batch_size=4, learning_rate=3e-3, ema_decay=0.9)
    prior = smoke.deep_image_prior
    whole = smoke.dataset.degradation
    faded = replace(  # one kind of ageing, which so short a training can undo
        whole,
        version="faded",
        undamaged_share=0.0,
        prints=replace(whole.prints, probability=0.0),
        blur=replace(whole.blur, probability=0.0),
        noise=replace(whole.noise, probability=0.0),
        grain=replace(whole.grain, probability=0.0),
        resolution=replace(whole.resolution, probability=0.0),
        jpeg=replace(whole.jpeg, probability=0.0),
        shading=replace(whole.shading, probability=0.0),
        halation=replace(whole.halation, probability=0.0),
        fading=replace(
            whole.fading, probability=1.0, weights=(1, 0, 0), contrast=(0.5, 0.5), lift=(0.2, 0.2), cast=0.0
        ),
    )
    tiny = replace(
        smoke,
        dataset=replace(
            smoke.dataset,
            degradation=faded,
            train_pairs=24,
            validation_pairs=3,
            held_out_pairs=3,
            pair_px=64,
            pairs_per_shard=12,
        ),
        clean_vae=replace(smoke.clean_vae, schedule=short),
        degraded_vae=replace(smoke.degraded_vae, schedule=short),
        face=replace(smoke.face, schedule=short),
        detector=replace(smoke.detector, schedule=replace(short, steps=20, steady_steps=10)),
        inpainter=replace(smoke.inpainter, schedule=replace(short, batch_size=4)),
        mapping=replace(smoke.mapping, schedule=slow),
        tone=replace(smoke.tone, num_windows=64, schedule=replace(short, batch_size=8)),
        age=replace(smoke.age, num_windows=16, window_px=48, schedule=replace(short, batch_size=8)),
        deep_image_prior=replace(prior, fitting=replace(prior.fitting, steps=3)),
    )
    monkeypatch.setattr(recipes, "SMOKE", tiny)
    monkeypatch.setattr(baseline_recipes, "SMOKE", shrunk_baselines(baseline_recipes.SMOKE))
    monkeypatch.setattr("ops.archive.sample_collection.NUM_PHOTOS", 3)
    monkeypatch.setattr("ops.archive.sample_collection.LONGEST_PX", 96)


def shrunk_baselines(baselines: BaselineRecipes) -> BaselineRecipes:
    """Two updates of two crops for every trained baseline, three steps for the fitted one."""
    trained = [field.name for field in fields(baselines) if hasattr(getattr(baselines, field.name), "schedule")]
    schedules = {name: getattr(baselines, name).schedule for name in trained}
    briefly = {
        name: replace(getattr(baselines, name), schedule=replace(schedule, steps=2, batch_size=2, crop_px=32))
        for name, schedule in schedules.items()
    }
    prior = baselines.stopped_prior
    return replace(baselines, **briefly, stopped_prior=replace(prior, fitting=replace(prior.fitting, steps=3)))


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """Definitions over a temporary home that stays offline, with an instance of its own."""
    from pipelines.assets.corpora import PhotoLocations
    from pipelines.definitions import build_definitions

    home = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for name in ("CLEAN_PHOTOS", "OLD_PHOTOS", "FACE_PHOTOS", "ARCHIVE_SOURCE", "ARCHIVE_TARGET"):
            patch.delenv(f"ALBUMEN_{name}", raising=False)
        patch.delenv("MLFLOW_TRACKING_URI", raising=False)
        patch.setenv("ALBUMEN_HOME", str(home))
        patch.setenv("ALBUMEN_MODEL", "trained")
        shrink(patch)
        (home / "mlflow").mkdir()
        settings = Settings.from_environment()
        definitions = build_definitions(settings)
        offline = PhotoLocations(clean=None, old=None, textures=None, faces=None, fetches_packages=False)
        definitions = replace_resource(definitions, "photos", offline)
        with dg.DagsterInstance.ephemeral() as instance:
            yield Installation(settings, definitions, instance)


def replace_resource(definitions: dg.Definitions, name: str, resource: object) -> dg.Definitions:
    return dg.Definitions(
        assets=definitions.assets,
        asset_checks=definitions.asset_checks,
        jobs=definitions.jobs,
        schedules=definitions.schedules,
        sensors=definitions.sensors,
        loggers=definitions.loggers,
        resources={**(definitions.resources or {}), name: resource},
    )
