"""From the name of a place to the `Storage` that serves it."""

from __future__ import annotations

from pathlib import Path

from ops.storage.folder import FolderStorage
from ops.storage.protocol import Storage, StorageError


def open_storage(location: str, profile: str = "") -> Storage:
    """Open "s3://bucket/prefix", with the credentials of an AWS ``profile`` if one is named, or a folder path.

    A bucket is asked once whether it is there and lets us in, which takes seconds at most. A folder need not exist:
    the first write creates it, and listing a missing one is an error.

    Raises:
        StorageUnreachableError: the bucket does not answer, does not exist, or refuses the credentials.
        StorageError: the location is empty or of an unknown kind.
    """
    if not location.strip():
        raise StorageError('the location is empty: give a folder path or "s3://bucket/prefix".')
    scheme, separator, rest = location.partition("://")
    if not separator:
        return FolderStorage(Path(location))
    if scheme != "s3":
        raise StorageError(f'{scheme}:// is no kind of storage known here: give a folder path or "s3://bucket/prefix".')
    from ops.storage.s3 import S3Storage

    bucket, _, prefix = rest.partition("/")
    storage = S3Storage(bucket, prefix, profile)
    storage.check_access()
    return storage
