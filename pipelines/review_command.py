"""The commands around the archive's books: review what was held, seal what is finished."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from pipelines.settings import Settings

if TYPE_CHECKING:
    from pipelines.resources import ArchiveStorage, RestorationModel


@click.command()
@click.option("--port", type=click.IntRange(0, 65535), default=8700, show_default=True)
def review(port: int) -> None:
    """Show the results that wait for a person, on 127.0.0.1, to accept or reject them; Ctrl-C ends.

    \b
    The page has no login: to reach it from elsewhere, tunnel (ssh -L 8700:127.0.0.1:8700) or put an
    authenticating proxy in front (docs/archive/security.md).
    """
    import uvicorn

    from ops.archive.review_queue import open_queue
    from ops.decoding import child_decoders
    from pipelines.review_page import review_app

    settings = Settings.from_environment()
    archive, model = _resources(settings)
    source, target, release = archive.open_source(), archive.open_target(), model.identity()
    with child_decoders(num_children=2) as decode:
        app = review_app(lambda: open_queue(source, target, archive.collection, release, decode))
        click.echo(f"review queue: http://127.0.0.1:{port}   (Ctrl-C ends)")
        uvicorn.run(app, host="127.0.0.1", port=port, log_level="warning")


@click.command()
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), help="Where bags go (default: HOME/bags).")
def seal(out: Path | None) -> None:
    """Seal the finished collection as a BagIt bag with photos, masks, records and PREMIS, and validate it."""
    from ops.archive.bag import seal_bag

    settings = Settings.from_environment()
    archive, model = _resources(settings)
    try:
        bag = seal_bag(archive.open_target(), archive.collection, model.identity(), out or settings.home / "bags")
    except ValueError as error:
        click.echo(str(error), err=True)
        sys.exit(1)
    click.echo(f"{bag.folder}: {bag.num_photos} photos, {bag.num_files} files, {bag.num_bytes:,} bytes, valid")


@click.command()
@click.argument("reason")
def retry(reason: str) -> None:
    """Give photos that were refused for REASON (such as denied) another try: they become a new shard.

    The old rows stay. `albumen archive` then restores the new shard like any other.
    """
    from ops.archive.closing import open_books
    from ops.archive.manifest import ARCHIVE_SHARD, take_snapshot

    archive, model = _resources(Settings.from_environment())
    target = archive.open_target()
    rows = open_books(target, archive.collection, model.identity()).rows
    last = {row.key: row.reason for row in rows}  # of several rows of a photo the last one counts
    again = frozenset(key for key, refused_for in last.items() if refused_for == reason)
    if not again:
        click.echo(f"no photo is refused for {reason!r}; the reasons are {sorted({r for r in last.values() if r})}")
        return
    source, listing = archive.open_source(), archive.listing()
    manifest = take_snapshot(source, target, archive.collection, ARCHIVE_SHARD, again, listing)
    click.echo(f"{len(again)} photos are to be tried again, {len(manifest.shard_ids)} shards in all: albumen archive")


def _resources(settings: Settings) -> tuple["ArchiveStorage", "RestorationModel"]:
    from pipelines.local_servers import tracking_uri
    from pipelines.resources import ArchiveStorage, RestorationModel

    places = {"source": settings.archive_source, "target": settings.archive_target}
    inventory = settings.archive_inventory
    caches = {"cache": str(settings.home / "releases"), "finder_cache": str(settings.home / "cache")}
    uri = tracking_uri(settings)
    return (
        ArchiveStorage(**places, is_sample=settings.is_sample_archive, inventory=inventory),
        RestorationModel(choice=settings.model, tracking_uri=uri, device=settings.device, **caches),
    )
