"""The command `albumen ablations`: every ablation of a scale, at the budget one can afford."""

import sys

import click
import dagster as dg

from pipelines.local_servers import prepare_home
from pipelines.run_config import Scale
from pipelines.settings import Settings


@click.command()
@click.option("--scale", type=click.Choice([scale.value for scale in Scale]), default=Scale.SMOKE.value)
@click.option("--share", type=click.FloatRange(0, 1, min_open=True), default=1.0, help="Part of the scale's steps.")
def ablations(scale: str, share: float) -> None:
    """Train every ablation of a scale and print their table.

    Needs the pairs and the detector of that scale: run `make demo`, or the job train_and_release, first.

    \b
    Example:  albumen ablations --scale SMOKE --share 0.1
    """
    from pipelines.job_runs import run_ablations

    settings = Settings.from_environment()
    prepare_home(settings)
    with dg.DagsterInstance.get() as instance:
        if not run_ablations(instance, scale, share):
            sys.exit(1)
    click.echo((settings.home / f"results/ablations/{scale}-{share:g}/ablations.md").read_text())
