"""Jobs: what is run together, and with which executor."""

import dagster as dg

PAIR_SHARDS = dg.AssetSelection.assets("degraded_pair_shards")
FACE_STUDY = dg.AssetSelection.assets("face_injection_study")
ARCHIVE_SHARD = dg.AssetSelection.assets("restored_shard")

train_and_release = dg.define_asset_job(
    "train_and_release",
    selection=dg.AssetSelection.groups("corpora", "dataset", "training", "baselines", "evaluation") - PAIR_SHARDS,
    description="Photos to pairs to networks to scores to a released model. Two stages at a time, one thread each.",
    executor_def=dg.multiprocess_executor.configured({"max_concurrent": 2}),
)

make_pair_shards = dg.define_asset_job(
    "make_pair_shards",
    selection=PAIR_SHARDS,
    description="One part of the synthetic pairs; as a backfill over all parts, a large set by many processes.",
    executor_def=dg.in_process_executor,
)

train_faces = dg.define_asset_job(
    "train_faces",
    selection=(dg.AssetSelection.groups("faces") - FACE_STUDY) | dg.AssetSelection.assets("released_model"),
    description="Faces, the generator that restores them, whether it may, the release anew; after train_and_release.",
    executor_def=dg.in_process_executor,
)

train_baselines = dg.define_asset_job(
    "train_baselines",
    selection=dg.AssetSelection.groups("trained_baselines") | dg.AssetSelection.assets("scores"),
    description="Every trained baseline with as many crops as ours, then the table anew with all; after the main job.",
    executor_def=dg.multiprocess_executor.configured({"max_concurrent": 2}),
)

run_ablations = dg.define_asset_job(
    "run_ablations",
    selection=dg.AssetSelection.groups("ablations"),
    description="Every ablation at equal budget, their table, and the gap of domains; needs a trained detector.",
    executor_def=dg.in_process_executor,  # one after another: what two of them train alike is trained once
)

judge_by_eye = dg.define_asset_job(
    "judge_by_eye",
    selection=dg.AssetSelection.groups("preference"),
    description="Old photos without truth, a blind study for `albumen study`, and the votes so far.",
    executor_def=dg.in_process_executor,
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

seal_archive = dg.define_asset_job(
    "seal_archive",
    selection=dg.AssetSelection.assets("sealed_bag"),
    description="Seal the finished collection as a BagIt bag.",
    executor_def=dg.in_process_executor,
)
