"""Jobs run from a terminal: the same jobs, recorded by the same instance, as if launched in the UI."""

from collections.abc import Mapping

import dagster as dg

from pipelines.partitions import archive_shards
from pipelines.settings import Settings


def run_archive(settings: Settings, instance: dg.DagsterInstance) -> bool:
    """Scan the configured collection, restore each of its shards, close the books; False as soon as a run fails."""
    from ops.archive.manifest import collection_name

    if not run_job("scan_archive", instance):
        return False
    collection = collection_name(settings.archive_source)
    shards = [key for key in instance.get_dynamic_partitions(str(archive_shards.name)) if key.startswith(collection)]
    restored = all(run_job("restore_archive", instance, {"dagster/partition": shard}) for shard in sorted(shards))
    return restored and run_job("report_archive", instance)


def run_ablations(instance: dg.DagsterInstance, scale: str, share: float) -> bool:
    """Run all ablations of ``scale`` with ``share`` of its steps; False if one failed."""
    settings = {"config": {"scale": scale, "share": share}}
    steps = job_by_name("run_ablations").graph.node_names()
    return run_job("run_ablations", instance, ops=dict.fromkeys(steps, settings))


def run_training(instance: dg.DagsterInstance, scale: str, job: str = "train_and_release") -> bool:
    """Run ``job`` with all its steps at ``scale``; False if it failed, the reason was then printed."""
    form = {"config": {"scale": scale}}
    return run_job(job, instance, ops=dict.fromkeys(steps_with_scale(job), form))


def steps_with_scale(job: str) -> list[str]:
    """The steps of ``job`` whose launch form has a scale."""
    steps = [step for step in job_by_name(job).all_node_defs if isinstance(step, dg.OpDefinition)]
    return [step.name for step in steps if "scale" in getattr(step.config_schema.config_type, "fields", ())]


def run_job(
    name: str,
    instance: dg.DagsterInstance,
    tags: Mapping[str, str] | None = None,
    ops: Mapping[str, object] | None = None,
) -> bool:
    """Run the job ``name`` to its end, with the launch forms ``ops``; False if it failed, the reason was printed."""
    job = dg.build_reconstructable_job("pipelines.job_runs", "job_by_name", (name,), {})
    run_config: dict[str, object] = {
        "loggers": {"console": {"config": {}}},  # pipelines/console.py instead of Dagster's own
        "ops": ops or {},
    }
    with dg.execute_job(job, instance=instance, run_config=run_config, tags=tags) as result:
        return bool(result.success)


def job_by_name(name: str) -> dg.JobDefinition:
    """The job ``name`` of this installation; worker processes build it anew by this function."""
    from pipelines.definitions import defs

    return defs.resolve_job_def(name)
