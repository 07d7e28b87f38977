"""Where a training tells what happens: numbers, settings and pictures of a run, to MLflow or to nobody."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
os.environ.setdefault("MLFLOW_ALLOW_MODEL_CODE_EXECUTION", "false")
os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")
logging.getLogger("mlflow.store.db.utils").setLevel(logging.WARNING)  # every table it creates is a line otherwise


class RunLog(Protocol):
    """What a training loop needs from a tracker."""

    def settings(self, values: Mapping[str, object]) -> None:
        """Record what the run was started with."""

    def scalars(self, step: int, values: Mapping[str, float]) -> None:
        """Record numbers of one step."""

    def picture(self, name: str, png: bytes) -> None:
        """Record a picture, e.g. ``"samples.png"``."""


@dataclass
class MemoryLog:
    """Keeps the curves in memory; for tests and for plotting what was just trained."""

    curves: dict[str, list[tuple[int, float]]] = field(default_factory=dict)

    def settings(self, values: Mapping[str, object]) -> None:
        """Settings are not kept."""

    def scalars(self, step: int, values: Mapping[str, float]) -> None:
        """Append each value to the curve of its name."""
        for name, value in values.items():
            self.curves.setdefault(name, []).append((step, value))

    def picture(self, name: str, png: bytes) -> None:
        """Pictures are not kept."""


@dataclass
class MlflowLog:
    """Writes to one MLflow run; ``run_id`` finds it again."""

    run_id: str

    def settings(self, values: Mapping[str, object]) -> None:
        """Log parameters; MLflow keeps 6,000 characters of each."""
        import mlflow

        mlflow.MlflowClient().log_batch(
            self.run_id, params=[mlflow.entities.Param(name, str(value)[:6000]) for name, value in values.items()]
        )

    def scalars(self, step: int, values: Mapping[str, float]) -> None:
        """Log all values of one step in one request."""
        import time

        import mlflow

        now = int(time.time() * 1000)
        metrics = [mlflow.entities.Metric(name, value, now, step) for name, value in values.items()]
        mlflow.MlflowClient().log_batch(self.run_id, metrics=metrics)

    def picture(self, name: str, png: bytes) -> None:
        """Store a picture among the run's artifacts."""
        import tempfile

        import mlflow

        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / name
            path.write_bytes(png)
            mlflow.MlflowClient().log_artifact(self.run_id, str(path))


@dataclass(frozen=True)
class PartLog:
    """One of several trainings in the same run: all that it says is named ``part.name``."""

    log: RunLog
    part: str

    def settings(self, values: Mapping[str, object]) -> None:
        """Record what this part was started with."""
        self.log.settings({f"{self.part}.{name}": value for name, value in values.items()})

    def scalars(self, step: int, values: Mapping[str, float]) -> None:
        """Record numbers of one step of this part."""
        self.log.scalars(step, {f"{self.part}.{name}": value for name, value in values.items()})

    def picture(self, name: str, png: bytes) -> None:
        """Record a picture of this part."""
        self.log.picture(f"{self.part}.{name}", png)


@contextmanager
def mlflow_run(tracking_uri: str, artifacts: Path, name: str, tags: Mapping[str, str]) -> Iterator[MlflowLog]:
    """Open one run in the experiment ``albumen`` and close it as finished or failed.

    Args:
        tracking_uri: e.g. ``sqlite:///.albumen/mlflow.db``.
        artifacts: folder for the pictures and models of the experiment, used when it is created.
        name: of the run, e.g. ``clean_vae``.
        tags: e.g. the Dagster run that started it.
    """
    import mlflow

    experiment_id = ensure_experiment(tracking_uri, artifacts)
    with mlflow.start_run(experiment_id=experiment_id, run_name=name, tags=dict(tags)) as run:
        yield MlflowLog(run.info.run_id)


def ensure_experiment(tracking_uri: str, artifacts: Path) -> str:
    """Point MLflow at ``tracking_uri`` and return the experiment's id; the first call creates database and experiment.

    Two processes that create the same sqlite database at once break each other: call this once before starting them.
    """
    import mlflow

    mlflow.set_tracking_uri(tracking_uri)
    client = mlflow.MlflowClient()
    found = client.get_experiment_by_name("albumen")
    if found is not None:
        return str(found.experiment_id)
    return str(client.create_experiment("albumen", artifact_location=artifacts.resolve().as_uri()))
