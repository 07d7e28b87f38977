"""From bucket to bucket: a collection's manifest, its restored shards, the report that closes the books."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import dagster as dg

from ops.corpora.records import Corpus
from pipelines.assets.evaluation import released_model
from pipelines.partitions import archive_shards
from pipelines.resources import ArchiveStorage, Home, RestorationModel
from pipelines.run_config import RunScale

if TYPE_CHECKING:
    from ops.archive.ledger import LedgerRow


@dg.asset(group_name="archive", code_version="1")
def sample_collection(
    config: RunScale, clean_photos: Corpus, archive: ArchiveStorage
) -> dg.MaterializeResult[str]:  # fmt: skip
    """Fills an archive that nobody configured with held-out photos damaged by our own synthesis; else does nothing."""
    from ops.archive.sample_collection import fill_sample_collection

    done = fill_sample_collection(archive.source, clean_photos, config.recipe.dataset, archive.is_sample)
    return dg.MaterializeResult(value=done, metadata={"collection": done})


@dg.asset(group_name="archive", deps=[sample_collection], code_version="1", kinds={"parquet"})
def archive_manifest(context: dg.AssetExecutionContext, archive: ArchiveStorage) -> dg.MaterializeResult[str]:
    """Lists the collection; what is new or changed since the last snapshot becomes new shards."""
    from ops.archive.manifest import ShardLimits, take_snapshot

    limits = ShardLimits(num_photos=256, num_bytes=256 * 2**20)
    manifest = take_snapshot(archive.open_source(), archive.open_target(), archive.collection, limits)
    context.instance.add_dynamic_partitions(str(archive_shards.name), list(manifest.shard_ids))
    return dg.MaterializeResult(
        value=manifest.collection,
        metadata={
            "photos": len(manifest.table),
            "bytes": int(manifest.table["size"].sum()),
            "shards": len(manifest.shard_ids),
            "source": manifest.source,
            "first photos": dg.MetadataValue.md(manifest.table.head(20).to_markdown(index=False)),
        },
    )


@dg.asset(
    group_name="archive",
    deps=[archive_manifest, released_model],
    partitions_def=archive_shards,
    pool="accelerator",
    code_version="1",
    kinds={"pytorch"},
)
def restored_shard(
    context: dg.AssetExecutionContext, archive: ArchiveStorage, model: RestorationModel
) -> dg.MaterializeResult[None]:
    """Restores what is missing of one shard with the chosen model (``ALBUMEN_MODEL``) and closes its ledger."""
    from ops.archive.manifest import find_shard
    from ops.archive.samples import sample_sheet
    from ops.archive.shard import restore_shard
    from ops.pictures import markdown_picture

    source, target = archive.open_source(), archive.open_target()
    release, restorer = model.load()
    shard = find_shard(target, context.partition_key)
    report = restore_shard(shard, source, target, restorer, release, restorer.recipe, _progress(context))
    return dg.MaterializeResult(
        metadata={
            "restored": report.num_restored,
            "refused": dict(report.refusals),
            "done by an earlier run": report.num_done_before,
            "model": f"{release.name} {release.version} ({release.digest})",
            "ledger": f"{target.location}/{report.ledger_key}",
            "samples": dg.MetadataValue.md(
                markdown_picture(sample_sheet(report.rows, source, target, count=4), "samples")
            ),
        },
    )


@dg.asset(group_name="archive", deps=[restored_shard], code_version="1", kinds={"markdown"})
def archive_report(
    archive: ArchiveStorage, home: Home, model: RestorationModel
) -> dg.MaterializeResult[dict[str, int]]:
    """The books of the collection for the chosen model: how many restored, how many refused and why, with samples."""
    from ops.archive.closing import close_books
    from ops.pictures import markdown_picture

    books = close_books(
        archive.open_source(), archive.open_target(), archive.collection, model.identity(), home.results
    )
    return dg.MaterializeResult(
        value=books.counts,
        metadata={
            "summary": dg.MetadataValue.md(books.summary),
            "samples": dg.MetadataValue.md(markdown_picture(books.samples, "before, defects found, after")),
        },
    )


def _progress(context: dg.AssetExecutionContext) -> Callable[[int, int, "LedgerRow"], None]:
    """A line in the log for every photo."""

    def report(done: int, total: int, row: "LedgerRow") -> None:
        outcome = row.status if row.reason is None else f"{row.status} ({row.reason})"
        context.log.info(f"{done}/{total}  {row.key}  {outcome}  {row.seconds:.1f} s")

    return report
