"""Jobs: what is run together, and with which executor."""

import dagster as dg

ARCHIVE_SHARD = dg.AssetSelection.assets("restored_shard")

train_and_release = dg.define_asset_job(
    "train_and_release",
    selection=dg.AssetSelection.groups("corpora", "dataset", "training", "baselines", "evaluation", "faces"),
    description="Photos to pairs to networks to scores to a released model. Two stages at a time, one thread each.",
    executor_def=dg.multiprocess_executor.configured({"max_concurrent": 2}),
)

scan_archive = dg.define_asset_job(
    "scan_archive",
    selection=dg.AssetSelection.assets("sample_collection", "archive_manifest"),
    description="List the collection and add what is new as shards.",
    executor_def=dg.in_process_executor,
)

restore_archive = dg.define_asset_job(
    "restore_archive",
    selection=ARCHIVE_SHARD,
    description="Restore one shard of the collection with the released model.",
    executor_def=dg.in_process_executor,
)

report_archive = dg.define_asset_job(
    "report_archive",
    selection=dg.AssetSelection.assets("archive_report"),
    description="Close the books: every photo of the manifest restored or refused.",
    executor_def=dg.in_process_executor,
)
