"""The commands around the archive's books: review what was held, try again, verify, seal what is finished."""

from collections.abc import Iterator
from contextlib import contextmanager
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

    with _said_plainly():
        archive, model = _resources(Settings.from_environment())
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

    with _said_plainly():
        settings = Settings.from_environment()
        archive, model = _resources(settings)
        bag = seal_bag(archive.open_target(), archive.collection, model.identity(), out or settings.home / "bags")
    click.echo(f"{bag.folder}: {bag.num_photos} photos, {bag.num_files} files, {bag.num_bytes:,} bytes, valid")


@click.command()
@click.argument("reason")
def retry(reason: str) -> None:
    """Give photos that were refused for REASON (such as denied) another try: they become a new shard.

    The old rows stay. `albumen archive` then restores the new shard like any other.
    """
    from ops.archive.closing import open_books, refused_for
    from ops.archive.manifest import ARCHIVE_SHARD, take_snapshot

    with _said_plainly():
        archive, model = _resources(Settings.from_environment())
        target = archive.open_target()
        books = open_books(target, archive.collection, model.identity())
        again = refused_for(books, reason)
        if not again:
            reasons = sorted({row.reason for row in books.rows if row.reason})
            click.echo(f"no photo stands refused for {reason!r}; the ledger has the reasons {reasons}")
            return
        source, listing = archive.open_source(), archive.listing()
        manifest = take_snapshot(source, target, archive.collection, ARCHIVE_SHARD, again, listing)
    click.echo(f"{len(again)} photos are to be tried again, {len(manifest.shard_ids)} shards in all: albumen archive")


@click.command()
def verify() -> None:
    """Read everything at the target anew and hold it against its checksums; exit code 1 if a single bit changed.

    \b
    Meant for a schedule, such as once in three months.
    """
    from tqdm import tqdm

    from ops.archive.closing import open_books
    from ops.archive.fixity import verify as verify_books

    with _said_plainly():
        archive, model = _resources(Settings.from_environment())
        target, release = archive.open_target(), model.identity()
        books = open_books(target, archive.collection, release)
        with tqdm(total=len(books.rows), unit="photo", disable=None) as bar:
            fixity = verify_books(target, release, books, lambda *_: bar.update())
    for fault in fixity.faults:
        click.echo(fault, err=True)
    click.echo(f"{fixity.num_files} files of {len(books.rows)} photos read, {len(fixity.faults)} not as they should be")
    if fixity.faults:
        raise SystemExit(1)


@contextmanager
def _said_plainly() -> Iterator[None]:
    """Let what a person can cure end a command with one sentence and exit code 1."""
    from ops.releases import NoReleaseError
    from ops.storage.protocol import StorageError

    try:
        yield
    except (ValueError, StorageError, NoReleaseError) as error:
        raise click.ClickException(str(error)) from error


def _resources(settings: Settings) -> tuple["ArchiveStorage", "RestorationModel"]:
    from pipelines.local_servers import tracking_uri
    from pipelines.resources import ArchiveStorage, RestorationModel

    places = {"source": settings.archive_source, "target": settings.archive_target}
    reading = {"inventory": settings.archive_inventory, "source_profile": settings.source_profile}
    caches = {"cache": str(settings.home / "releases"), "finder_cache": str(settings.home / "cache")}
    uri = tracking_uri(settings)
    return (
        ArchiveStorage(**places, **reading, is_sample=settings.is_sample_archive),
        RestorationModel(
            choice=settings.model,
            tracking_uri=uri,
            device=settings.device,
            face_strength=settings.face_strength,
            tone_strength=settings.tone_strength,
            all_marks=settings.all_marks,
            **caches,
        ),
    )
