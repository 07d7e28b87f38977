"""Noticing change in a collection with a small memory: one slice of the listing at a time, one checksum a round.

A round goes through all keys in slices. Its checksum is a sum over keys and states, so it grows slice by slice. When a
round ends with another sum than the round before, something is new, changed or gone. What is kept between two looks is
one key and two checksums, however many photos there are.
"""

from __future__ import annotations

import hashlib
import heapq
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from itertools import islice

from ops.storage.protocol import Storage, StoredObject


@dataclass(frozen=True)
class Watch:
    """Where a round stands.

    Attributes:
        after: the last key looked at; "" at the start of a round.
        total: checksum of this round so far, hexadecimal.
        known: checksum of the last whole round; "" before the first.
    """

    after: str = ""
    total: str = "0"
    known: str = ""

    @classmethod
    def from_cursor(cls, cursor: str | None) -> Watch:
        """Read what `cursor` wrote; anything else, such as the cursor of an older version, starts anew."""
        try:
            return cls(**json.loads(cursor or "{}"))
        except (ValueError, TypeError):
            return cls()

    @property
    def cursor(self) -> str:
        """The watch as text."""
        return json.dumps(asdict(self), ensure_ascii=False)

    @property
    def is_round_over(self) -> bool:
        """Whether the last look came to the end of the listing."""
        return self.after == ""


def look(source: Storage, watch: Watch, num_keys: int) -> Watch:
    """Look at the next ``num_keys`` keys; `Watch.known` changes only when a round ends."""
    total, last, count = int(watch.total, 16), watch.after, 0
    for each in _slice(source, watch.after, num_keys):
        digest = hashlib.sha256(f"{each.key}\0{each.size}\0{each.etag}".encode(errors="surrogatepass")).digest()
        total, last, count = (total + int.from_bytes(digest)) % 2**256, each.key, count + 1
    if count == num_keys:
        return Watch(last, f"{total:x}", watch.known)
    return Watch(known=f"{total:064x}")


def _slice(source: Storage, after: str, num_keys: int) -> Iterator[StoredObject]:
    """The next keys in order; a store that lists in another order has to be asked for everything behind ``after``."""
    listing = source.list(after=after)
    if source.lists_in_order:
        return islice(listing, num_keys)
    return iter(heapq.nsmallest(num_keys, listing, key=lambda each: each.key))
