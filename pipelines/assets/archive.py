"""From bucket to bucket: a collection's manifest, its restored shards, the report that closes the books."""

from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING

import dagster as dg

from ops.corpora.records import Corpus
from pipelines.assets.evaluation import released_model
from pipelines.credentials import ContentCredentials
from pipelines.partitions import archive_shards
from pipelines.resources import ArchiveCopies, ArchiveStorage, Home, RestorationModel
from pipelines.run_config import CopyWish, RunScale

if TYPE_CHECKING:
    from ops.archive.ledger import LedgerRow


@dg.asset(group_name="archive", code_version="1")
def sample_collection(
    config: RunScale, clean_photos: Corpus | None, archive: ArchiveStorage
) -> dg.MaterializeResult[str]:  # fmt: skip
    """Fills an archive that nobody configured with held-out photos damaged by our own synthesis; else does nothing."""
    from ops.archive.sample_collection import fill_sample_collection

    done = fill_sample_collection(archive.source, clean_photos, config.recipe.dataset, archive.is_sample)
    return dg.MaterializeResult(value=done, metadata={"collection": done})


@dg.asset(
    group_name="archive",
    deps=[sample_collection],
    freshness_policy=dg.FreshnessPolicy.time_window(fail_window=timedelta(hours=26)),  # a night without a scan
    code_version="2",
    kinds={"parquet"},
)
def archive_manifest(context: dg.AssetExecutionContext, archive: ArchiveStorage) -> dg.MaterializeResult[str]:
    """Lists the collection; what is new or changed since the last snapshot becomes new shards."""
    from ops.archive.manifest import ARCHIVE_SHARD, take_snapshot

    source, target = archive.open_source(), archive.open_target()
    manifest = take_snapshot(source, target, archive.collection, ARCHIVE_SHARD, listing=archive.listing())
    context.instance.add_dynamic_partitions(str(archive_shards.name), list(manifest.shard_ids))
    return dg.MaterializeResult(
        value=manifest.collection,
        metadata={
            "photos": len(manifest.table),
            "bytes": int(manifest.table["size"].sum()),
            "shards": len(manifest.shard_ids),
            "source": manifest.source,
            "listed by": archive.inventory or "listing",
            "first photos": dg.MetadataValue.md(manifest.table.head(20).to_markdown(index=False)),
        },
    )


@dg.asset(
    group_name="archive",
    deps=[archive_manifest, released_model],
    partitions_def=archive_shards,
    pool="accelerator",
    code_version="2",
    kinds={"pytorch"},
)
def restored_shard(
    context: dg.AssetExecutionContext,
    config: CopyWish,
    archive: ArchiveStorage,
    model: RestorationModel,
    credentials: ContentCredentials,
    copies: ArchiveCopies,
) -> dg.MaterializeResult[None]:
    """Restores what is missing of one shard with the chosen model (``ALBUMEN_MODEL``) and closes its ledger."""
    from ops.archive.copies import Copies
    from ops.archive.manifest import find_shard
    from ops.archive.recipe import archive_craft
    from ops.archive.samples import sample_sheet
    from ops.archive.shard import restore_shard
    from ops.archive.streaming import Pace
    from ops.decoding import child_decoders
    from ops.pictures import markdown_picture

    source, target = archive.open_source(), archive.open_target()
    shard = find_shard(target, context.partition_key)
    release, restorer = model.load(context.log.info)
    with child_decoders(num_children=2) as decode, child_decoders(num_children=1) as convert:
        wish = Copies(*config.over(copies), convert)
        craft = archive_craft(release, restorer, decode, credentials.signer(release), wish)
        report = restore_shard(shard, source, target, craft, Pace(), _progress(context))
    return dg.MaterializeResult(
        metadata={
            "restored": report.num_restored,
            "refused": dict(report.refusals),
            "access copies": sum(row.access_key is not None for row in report.rows),
            "review sheets": sum(row.sheet_key is not None for row in report.rows),
            "done by an earlier run": report.num_done_before,
            "model": f"{release.name} {release.version} ({release.digest})",
            "ledger": f"{target.location}/{report.ledger_key}",
            "busy seconds": {stage: round(seconds, 1) for stage, seconds in report.seconds.items()},
            "samples": dg.MetadataValue.md(
                markdown_picture(sample_sheet(report.rows, source, target, count=4), "samples")
            ),
        },
    )


@dg.asset(
    group_name="archive",
    deps=[restored_shard],
    freshness_policy=dg.FreshnessPolicy.time_window(fail_window=timedelta(hours=26)),
    code_version="1",
    kinds={"markdown"},
)
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


@dg.asset(group_name="archive", deps=[archive_report], code_version="1", kinds={"bagit"})
def sealed_bag(archive: ArchiveStorage, home: Home, model: RestorationModel) -> dg.MaterializeResult[None]:
    """The finished collection as a validated BagIt bag; refuses while shards are open or photos wait for a person."""
    from ops.archive.bag import seal_bag

    bag = seal_bag(archive.open_target(), archive.collection, model.identity(), home.bags)
    return dg.MaterializeResult(
        metadata={
            "bag": dg.MetadataValue.path(bag.folder),
            "photos": bag.num_photos,
            "files": bag.num_files,
            "bytes": bag.num_bytes,
        }
    )


def _progress(context: dg.AssetExecutionContext) -> Callable[[int, int, "LedgerRow"], None]:
    """A line in the log for every photo."""

    def report(done: int, total: int, row: "LedgerRow") -> None:
        """How many are done, which one it was, and how it ended."""
        outcome = row.status if row.reason is None else f"{row.status} ({row.reason})"
        context.log.info(f"{done}/{total}  {row.key}  {outcome}  {row.seconds:.1f} s")

    return report
