"""An S3 bucket as a `Storage`: AWS, or any server that keeps the promise of conditional writes.

The only user of boto3. Credentials, region and endpoint come from boto3's own chain (AWS_ACCESS_KEY_ID,
AWS_SECRET_ACCESS_KEY, AWS_PROFILE, AWS_ENDPOINT_URL_S3 ...), or a profile that is named, never from an argument that
could be logged. The words of every error are in `ops.storage.s3_errors`.
"""

from __future__ import annotations

import base64
import hashlib
import random
import re
import time
from collections.abc import Callable, Iterator
from typing import Any

from boto3.session import Session
from botocore.client import Config
from botocore.exceptions import BotoCoreError, ClientError, ProfileNotFound

from ops.storage.protocol import (
    RESERVED,
    AccessDeniedError,
    ObjectMissingError,
    PromiseBrokenError,
    SourceChangedError,
    StorageUnreachableError,
    StoredObject,
    WriteOutcome,
    check_key,
)
from ops.storage.s3_errors import check_endpoint, error_code, explain, is_passing

_PATIENT = Config(
    retries={
        "mode": "standard",
        "total_max_attempts": 3,
    },  # its quota is shared and soon spent in a storm: see _patiently
    connect_timeout=5,
    read_timeout=60,
    max_pool_connections=32,
)
_PATIENCE_S = 90.0  # a server that is restarted is back in 30 s; a storm of 503 takes minutes at most
_LONGEST_PAUSE_S = 8.0
_HASTY = Config(retries={"mode": "standard", "total_max_attempts": 2}, connect_timeout=3, read_timeout=10)
_ATTEMPTS = 4  # of what botocore never retries: a body that breaks while it is read, a put that met another
_MISSING = {"404", "NoSuchKey", "NotFound"}
_TAKEN = {"412", "PreconditionFailed", "409", "ConditionalRequestConflict"}


class S3Storage:
    """The objects of one bucket below one prefix, with the credentials of an AWS profile if one is named."""

    def __init__(self, bucket: str, prefix: str = "", profile: str = "") -> None:
        self._bucket = bucket
        self._prefix = prefix.strip("/") + "/" if prefix.strip("/") else ""
        try:
            self._session = Session(profile_name=profile or None)
        except ProfileNotFound as error:
            raise StorageUnreachableError(
                f"{self.location}: there is no AWS profile {profile!r}: add it to ~/.aws/config, or name another."
            ) from error
        self._client = _client(self._session, _PATIENT)

    @property
    def location(self) -> str:
        """The bucket and prefix as "s3://bucket/prefix"."""
        return f"s3://{self._bucket}/{self._prefix}".rstrip("/")

    @property
    def lists_in_order(self) -> bool:
        """Only AWS surely does."""
        return _is_aws(self._client)

    def check_access(self) -> None:
        """Ask once, with little patience, whether the bucket is there and lets us list it.

        A listing, because only its refusals carry a reason: the answer to a HEAD has no body.

        Raises:
            StorageUnreachableError: with endpoint, bucket and cure, within some seconds.
        """
        try:
            _client(self._session, _HASTY).list_objects_v2(Bucket=self._bucket, Prefix=self._prefix, MaxKeys=1)
        except (ClientError, BotoCoreError) as error:
            raise self._unreachable(error) from error

    def list(self, prefix: str = "", after: str = "") -> Iterator[StoredObject]:
        """Stream the listing page by page.

        Only AWS surely lists in byte order (SeaweedFS 4.48 shows "a/b" before "a-1"), so only there the server
        may skip to `after`; elsewhere the skipping is done here, at the price of reading the whole listing.
        The empty "folder" objects that consoles create are no photos and are left out.
        """
        request = {"Bucket": self._bucket, "Prefix": self._prefix + prefix}
        if after and _is_aws(self._client):
            request["StartAfter"] = self._prefix + after
        try:
            for page in self._client.get_paginator("list_objects_v2").paginate(**request):
                for item in page.get("Contents", ()):
                    key = item["Key"].removeprefix(self._prefix)
                    is_marker = key.endswith("/") and item["Size"] == 0
                    is_reserved = f"/{RESERVED}" in f"/{key}"
                    if key > after and not is_marker and not is_reserved:
                        yield StoredObject(key, item["Size"], item["ETag"].strip('"'))
        except (ClientError, BotoCoreError) as error:
            raise self._unreachable(error) from error

    def find(self, key: str) -> StoredObject | None:
        """Describe one object; None where there is none."""
        head = self._head(key)
        return None if head is None else StoredObject(key, head["ContentLength"], head["ETag"].strip('"'))

    def read(self, key: str, etag: str | None = None) -> bytes:
        """Read an object whole; a body that breaks off, or fails its checksum, is read again from the start."""
        seen: list[bytes] = []
        for attempt in range(_ATTEMPTS):
            answer = self._open(key, etag)
            try:
                data: bytes = answer["Body"].read()
            except BotoCoreError as error:
                broken = error
            else:
                if _is_as_stored(answer, data) or data in seen:  # read twice alike: then the ETag is no MD5 here
                    return data
                seen.append(data)
            time.sleep(0.1 * 2**attempt)
        if seen:
            raise StorageUnreachableError(
                f"{self.location}: {key!r} was read {_ATTEMPTS} times and never twice alike: check the network, "
                "memory and disks between here and there, then run again."
            )
        raise self._unreachable(broken) from broken

    def write_once(self, key: str, data: bytes) -> WriteOutcome:
        """Put `data` where nothing is yet; where something is, compare.

        "Taken" may be the echo of our own put, repeated after a lost answer: so the comparison decides.
        """
        check_key(key, self.location)
        for attempt in range(_ATTEMPTS):
            try:
                self._put(key, data, IfNoneMatch="*")
                return WriteOutcome.CREATED
            except (ClientError, BotoCoreError) as error:
                if error_code(error) not in _TAKEN:
                    raise self._unreachable(error) from error
                taken = error
            head = self._head(key)
            if head is not None:
                return WriteOutcome.IDENTICAL if self._holds(key, head, data) else WriteOutcome.CONFLICT
            time.sleep(0.1 * 2**attempt)  # another put of this key is under way and may yet fail
        raise self._unreachable(taken) from taken

    def write_replace(self, key: str, data: bytes) -> None:
        """Put `data` in the place of what is there."""
        check_key(key, self.location)
        try:
            self._put(key, data)
        except (ClientError, BotoCoreError) as error:
            raise self._unreachable(error) from error

    def probe_conditional_writes(self) -> None:
        """Put twice under one reserved key; the second put must be turned away.

        Many servers accept the condition and ignore it. The object stays: the archive needs no right to delete.
        """
        key = f"{RESERVED}-probe"
        turned_away = False
        for data in (b"first", b"second"):
            try:
                self._put(key, data, IfNoneMatch="*")
                turned_away = False
            except (ClientError, BotoCoreError) as error:
                if error_code(error) not in _TAKEN:
                    raise self._unreachable(error) from error
                turned_away = True
        if not turned_away:
            raise PromiseBrokenError(
                f"{self.location} at {self._endpoint} ignores If-None-Match, so a second writer would overwrite the "
                "first. Use a store with conditional writes (AWS S3, SeaweedFS 4.48 or later) or a folder."
            )

    @property
    def _endpoint(self) -> str:
        return self._client.meta.endpoint_url

    def _put(self, key: str, data: bytes, **condition: str) -> None:
        digest = base64.b64encode(hashlib.sha256(data).digest()).decode()
        _patiently(
            self._client.put_object,
            Bucket=self._bucket,
            Key=self._prefix + key,
            Body=data,
            ChecksumSHA256=digest,
            **condition,
        )

    def _open(self, key: str, etag: str | None) -> dict[str, Any]:
        check_key(key, self.location)
        condition = {} if etag is None else {"IfMatch": f'"{etag}"'}
        try:
            return _patiently(self._client.get_object, Bucket=self._bucket, Key=self._prefix + key, **condition)
        except (ClientError, BotoCoreError) as error:
            if error_code(error) in _MISSING:
                raise ObjectMissingError(f"{self.location}: no object {key!r}. List the bucket again.") from error
            if error_code(error) in _TAKEN:
                message = f"{self.location}: {key!r} changed since it was listed (expected {etag}). List it again."
                raise SourceChangedError(message) from error
            if error_code(error) == "AccessDenied":
                raise AccessDeniedError(
                    f"{self.location}: {key!r} may not be read: allow s3:GetObject on it, then list the bucket again."
                ) from error
            raise self._unreachable(error) from error

    def _head(self, key: str) -> dict[str, Any] | None:
        check_key(key, self.location)
        try:
            return _patiently(
                self._client.head_object, Bucket=self._bucket, Key=self._prefix + key, ChecksumMode="ENABLED"
            )
        except (ClientError, BotoCoreError) as error:
            if error_code(error) in _MISSING:
                return None
            raise self._unreachable(error) from error

    def _holds(self, key: str, head: dict[str, Any], data: bytes) -> bool:
        if head["ContentLength"] != len(data):
            return False
        stored = head.get("ChecksumSHA256")
        if stored is not None and "-" not in stored:  # "...-3" would be a digest of three parts' digests
            return stored == base64.b64encode(hashlib.sha256(data).digest()).decode()
        return self.read(key) == data

    def _unreachable(self, error: ClientError | BotoCoreError) -> StorageUnreachableError:
        return StorageUnreachableError(explain(error, self._bucket, self._endpoint))


def _patiently(request: Callable[..., Any], **arguments: object) -> Any:  # noqa: ANN401  what boto3 answers
    """Repeat a request while its failure is a passing one and patience lasts, in growing and uneven steps."""
    deadline, pause = time.monotonic() + _PATIENCE_S, 0.2
    while True:
        try:
            return request(**arguments)
        except (ClientError, BotoCoreError) as error:
            if not is_passing(error) or time.monotonic() + pause > deadline:
                raise
        time.sleep(pause * random.uniform(0.5, 1.0))  # noqa: S311  not a secret
        pause = min(2 * pause, _LONGEST_PAUSE_S)


def _is_as_stored(answer: dict[str, Any], data: bytes) -> bool:
    """Whether the body is what the ETag says, as far as it says: that of a plain object in one part is its MD5."""
    etag = answer["ETag"].strip('"')
    is_md5 = re.fullmatch(r"[0-9a-f]{32}", etag) and "SSECustomerAlgorithm" not in answer
    if not is_md5 or str(answer.get("ServerSideEncryption", "")).startswith("aws:kms"):
        return True
    return hashlib.md5(data, usedforsecurity=False).hexdigest() == etag


def create_bucket(bucket: str) -> None:
    """Create a bucket unless it is there; for the local server of the demo and the tests.

    Raises:
        StorageUnreachableError: the server does not answer, or refuses.
    """
    client = _client(Session(), _HASTY)
    try:
        client.create_bucket(Bucket=bucket)
    except (ClientError, BotoCoreError) as error:
        if error_code(error) not in {"BucketAlreadyOwnedByYou", "BucketAlreadyExists"}:
            raise StorageUnreachableError(explain(error, bucket, client.meta.endpoint_url)) from error


def _client(session: Session, config: Config) -> Any:  # noqa: ANN401  boto3 makes its client classes at run time
    client = session.client("s3", config=config)
    check_endpoint(client.meta.endpoint_url)
    if _is_aws(client):
        return client
    # Other servers are reached as host/bucket: "bucket.localhost" has no address.
    return session.client("s3", config=config.merge(Config(s3={"addressing_style": "path"})))


def _is_aws(client: Any) -> bool:  # noqa: ANN401  as above
    return ".amazonaws.com" in client.meta.endpoint_url
