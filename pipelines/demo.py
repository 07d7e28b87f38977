"""`make demo`: the main job end to end, in one terminal, on photos that need no account and no download by hand."""

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import dagster as dg

from pipelines.job_runs import run_archive, run_job
from pipelines.local_servers import create_dev_buckets, prepare_home, share_cores
from pipelines.settings import Settings


def run_demo(settings: Settings, say: Callable[[str], None], *, with_s3: bool) -> int:
    """Train small networks, score them, restore a small archive, and say where to look. Returns an exit code."""
    with ExitStack() as running:
        if with_s3:
            settings = running.enter_context(_archive_in_s3(settings))
        share_cores()
        prepare_home(settings)
        say(f"Everything goes to {settings.home}. A second run only does what is missing.")
        with dg.DagsterInstance.get() as instance:
            return 0 if _run_jobs(settings, instance, say) else _failed(settings, say)


def _run_jobs(settings: Settings, instance: dg.DagsterInstance, say: Callable[[str], None]) -> bool:
    say("\n1/4  Photos -> damaged pairs -> networks -> scores -> released model")
    if not run_job("train_and_release", instance):
        return False
    say(f"\n2/4  The archive: {settings.archive_source} -> {settings.archive_target}")
    if not run_archive(settings, instance):
        return False
    say("\n3/4  Faces found in the photos -> what restores them -> whether it may -> the release anew")
    if not run_job("train_faces", instance):
        return False
    say("\n4/4  The rivals, each with as many crops as ours -> the table with every row")
    if not run_job("train_baselines", instance):
        return False
    say((settings.home / "results/scores.md").read_text())
    say(_where_to_look(settings))
    return True


@contextmanager
def _archive_in_s3(settings: Settings) -> Iterator[Settings]:
    """Settings whose archive lies in buckets of a local S3 server, which runs while the block does."""
    from ops.storage.local_s3_server import local_s3_server

    with local_s3_server(settings.home / "s3") as server:
        os.environ.update(server.environment())
        os.environ.update(create_dev_buckets(settings))
        yield Settings.from_environment()


def _failed(settings: Settings, say: Callable[[str], None]) -> int:
    say(
        f"\nThe demo stopped; the reason stands above, the whole log in {settings.home}/dagster. Run it again to go on."
    )
    return 1


def _where_to_look(settings: Settings) -> str:
    results = settings.home / "results"
    restored = Path(settings.archive_target) / "restored"
    return f"""
Where to look
  scores           {results / "scores.md"}
  pictures         {results / "comparison.png"}
  before and after {results / "archive.png"}
  restored photos  {restored if "://" not in settings.archive_target else settings.archive_target + "/restored"}
  everything       make dev   (Dagster's asset graph, MLflow's curves and models)
  your own photo   .venv/bin/albumen restore PHOTO --out restored/"""
