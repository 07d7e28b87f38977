"""All that is known of the photos of a collection, in one table: what was listed, and what was found when read."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict

import pandas as pd

from ops.archive.ledger import LedgerRow
from ops.archive.manifest import Manifest

_READ = {
    "status": "str",
    "reason": "str",
    "container": "str",
    "num_pages": "Int64",
    "width": "Int64",
    "height": "Int64",
    "bits": "Int64",
    "is_grey": "boolean",
    "has_icc": "boolean",
    "source_sha256": "str",
}


def photo_table(manifest: Manifest, rows: Iterable[LedgerRow]) -> pd.DataFrame:
    """Join the manifest and the ledger.

    Args:
        manifest: of the collection.
        rows: of its finished shards, of one release.

    Returns:
        A row for each of the manifest's, in its order: its columns, and status, reason, container, num_pages, width,
        height, bits, is_grey, has_icc, source_sha256 and pixels (width times height of page one); missing where no run
        has read the photo yet, or could not.
    """
    read = pd.DataFrame(
        [{name: value for name, value in asdict(row).items() if name in {"shard", "key", *_READ}} for row in rows],
        columns=["shard", "key", *_READ],
    ).astype({"shard": "str", "key": "str", **_READ})
    table = manifest.table.merge(read, how="left", on=["shard", "key"], validate="one_to_one")
    table["pixels"] = table["width"] * table["height"]
    return table
