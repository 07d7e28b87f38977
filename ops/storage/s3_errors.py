"""What went wrong with a bucket, in one sentence: where, what, and the cure. Never a secret.

Only the error's code and class are used: messages of servers and of urllib3 may quote signed URLs.
"""

from __future__ import annotations

import contextlib
from ipaddress import ip_address
from urllib.parse import urlsplit

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectionError,
    HTTPClientError,
    NoCredentialsError,
    PartialCredentialsError,
)

from ops.storage.protocol import StorageUnreachableError

_CREDENTIALS = "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY (or AWS_PROFILE) to those of this endpoint"
_CURES = {
    "NoSuchBucket": "the bucket does not exist: create it, or correct the location",
    "InvalidAccessKeyId": f"the access key is unknown there: {_CREDENTIALS}",
    "SignatureDoesNotMatch": f"the secret key does not belong to the access key: {_CREDENTIALS}",
    "AccessDenied": "these credentials may not do this: allow s3:ListBucket, s3:GetObject and, on the target, "
    "s3:PutObject",
    "ExpiredToken": "the session token has expired: log in again",
    "RequestTimeTooSkewed": "this machine's clock differs from the server's: set the clock",
    "SlowDown": "the server asks for fewer requests, even after waiting: run again later or with fewer runs at once",
    "InvalidBucketName": "no bucket can have this name: 3 to 63 lower-case letters, digits, dots and hyphens",
    "PermanentRedirect": "the bucket is in another region: set AWS_REGION to it",
}
_CURES |= {
    "400": f"the request was refused without a reason, as for an expired token: log in again, or {_CREDENTIALS}",
    "403": _CURES["AccessDenied"],
    "301": _CURES["PermanentRedirect"],
    "503": _CURES["SlowDown"],
}


_PASSING = {"SlowDown", "InternalError", "RequestTimeout", "ServiceUnavailable", "Throttling", "429"}
_PASSING |= {"500", "502", "503", "504"}


def is_passing(error: ClientError | BotoCoreError) -> bool:
    """Whether the same request may succeed a little later: throttled, a server's own failure, a broken connection."""
    return isinstance(error, ConnectionError | HTTPClientError) or error_code(error) in _PASSING


def error_code(error: ClientError | BotoCoreError) -> str:
    """The server's word for the failure ("NoSuchKey", or the HTTP status where it has no body)."""
    return str(error.response["Error"].get("Code", "")) if isinstance(error, ClientError) else type(error).__name__


def check_endpoint(endpoint: str) -> None:
    """Refuse an endpoint that no store has: the addresses where clouds hand out credentials, and what is not HTTP.

    Raises:
        StorageUnreachableError: with the cure.
    """
    url = urlsplit(endpoint)
    host = url.hostname or ""
    with contextlib.suppress(ValueError):  # a name, which the resolver of this installation answers for
        if ip_address(host).is_link_local:
            raise StorageUnreachableError(f"{host} is a link-local address, no S3 store: correct AWS_ENDPOINT_URL_S3.")
    if url.scheme not in {"http", "https"}:
        raise StorageUnreachableError(f"{url.scheme}:// is no way to an S3 store: correct AWS_ENDPOINT_URL_S3.")


def explain(error: ClientError | BotoCoreError, bucket: str, endpoint: str) -> str:
    """One sentence that names bucket, endpoint, failure and cure."""
    place = f"bucket {bucket!r} at {_without_userinfo(endpoint)}"
    code = error_code(error)
    if isinstance(error, NoCredentialsError | PartialCredentialsError):
        return f"{place}: no credentials found: {_CREDENTIALS}."
    if isinstance(error, ConnectionError | HTTPClientError):  # refused, timed out, reset, unknown host
        return (
            f"{place} does not answer ({code}): start the server, check the network, or correct AWS_ENDPOINT_URL_S3 "
            "and the location."
        )
    return f"{place}: {_CURES.get(code, 'look this code up in the manual of the server')} ({code})."


def _without_userinfo(endpoint: str) -> str:
    url = urlsplit(endpoint)
    return f"{url.scheme}://{url.netloc.rpartition('@')[2]}"
