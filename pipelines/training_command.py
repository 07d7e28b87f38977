"""The command `albumen train`: from photos to a released model at one scale."""

import os
import sys

import click
import dagster as dg

from pipelines.local_servers import prepare_home
from pipelines.run_config import Scale
from pipelines.settings import Settings


@click.command()
@click.option("--scale", type=click.Choice([scale.value for scale in Scale]), default=Scale.SMOKE.value)
@click.option("--faces", is_flag=True, help="Then train the face generator too, and release with it if it helps.")
@click.option("--baselines", is_flag=True, help="Afterwards train every baseline with as many crops (train_baselines).")
@click.option("--gpus", type=click.IntRange(min=1), help="Train each network in so many processes (ALBUMEN_GPUS).")
def train(scale: str, *, faces: bool, baselines: bool, gpus: int | None) -> None:
    """Make the pairs, train every network, score them, release the model: the job train_and_release.

    SMOKE takes minutes on two cores, STANDARD (the shipped weights) a few hours, PAPER needs a GPU. What is trained is
    kept: stopped at any time, the same command goes on. A model that does not beat the untouched input is not released.

    With --faces the job train_faces follows; ALBUMEN_FACE_PHOTOS names portraits to learn from. Its generator is
    released only if held-out faces come nearer to the truth by it.

    With --gpus 2 and ALBUMEN_DEVICE=cuda every training runs on two GPUs and stays the same training: stopped, it goes
    on with any number of them. In the UI, ALBUMEN_GPUS and the resource `compute` say the same.

    \b
    Example:  albumen train --scale STANDARD --gpus 2
    """
    from pipelines.job_runs import run_training

    if gpus is not None:
        os.environ["ALBUMEN_GPUS"] = str(gpus)  # every step is a process of its own and reads its settings anew
    settings = Settings.from_environment()
    prepare_home(settings)
    with dg.DagsterInstance.get() as instance:
        jobs = ["train_and_release", *(["train_faces"] if faces else []), *(["train_baselines"] if baselines else [])]
        is_done = all(run_training(instance, scale, job) for job in jobs)
    click.echo(
        (settings.home / "results/scores.md").read_text() if is_done else "the run stopped; the reason stands above",
        err=not is_done,
    )
    sys.exit(0 if is_done else 1)
