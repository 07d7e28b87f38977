"""An archive run with everything that goes wrong, on a real S3 server: do the books balance at the end?

``python -m benchmarks.archive_run 2000`` makes that many small photos of mixed formats, one in twenty of them broken,
lists them, replaces and deletes some, and lets three worker processes restore all shards, each shard by two of them,
through a proxy that fails one request in eight, while workers are killed with -9. The restorer is a blur: what is
measured is the archive run, not a network. Prints one Markdown table; ends with an error if a single promise is broken.
"""

from __future__ import annotations

import hashlib
import json
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from benchmarks.fault_proxy import fault_proxy
from ops.archive.closing import open_books
from ops.archive.craft import Craft
from ops.archive.ledger import LedgerRow
from ops.archive.manifest import Manifest, ShardLimits, read_manifest, take_snapshot
from ops.archive.provenance import ReleaseIdentity
from ops.archive.review_rules import ReviewRules
from ops.archive.shard import restore_shard
from ops.archive.streaming import Pace
from ops.decoding import DecodeBudget, child_decoders
from ops.images import decode_photo, encode_jpeg, encode_photo, encode_png
from ops.restoration import Restoration
from ops.storage.local_s3_server import local_s3_server
from ops.storage.locations import open_storage
from ops.storage.protocol import Storage, StorageError

RELEASE = ReleaseIdentity("blur", "1", "b1" * 32)
COLLECTION = "mixed"
NUM_WORKERS, NUM_KILLS, FAULT_SHARE = 3, 12, 1 / 8
NUM_REPLACED, NUM_DELETED = 5, 3
_FAULTS = ("503", "reset", "slow", "lost answer", "cut upload", "cut", "flip")
_FORMATS = ("JPEG", "PNG", "TIFF", "JP2", "WEBP")
_POISON = (b"no photo", b"", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\x7f\xff\xff\xff\x7f\xff\xff\xff\x08\x02\0\0\0\0\0\0\0")


def main(num_objects: int) -> None:
    """Run everything in a temporary folder."""
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as folder, local_s3_server(Path(folder)) as server:
        from ops.storage.s3 import create_bucket

        os.environ.update(server.environment())
        create_bucket("bench")
        source, target = open_storage("s3://bench/originals"), open_storage("s3://bench/results")
        for number, data in enumerate(_photos(num_objects)):
            source.write_once(f"box-{number % 7}/{number:05d}", data)
        manifest = take_snapshot(
            source, target, COLLECTION, ShardLimits(num_photos=100, num_bytes=2**30, num_pixels=2**30)
        )
        print(f"{num_objects} photos in {len(manifest.shard_ids)} shards", flush=True)
        _change_some(source, manifest)
        before = _listing(source)
        dice = random.Random(1)  # noqa: S311

        def plan(_: str, __: str) -> str:
            """The fault of a request, "" for none."""
            return dice.choice(_FAULTS) if dice.random() < FAULT_SHARE else ""

        started = time.perf_counter()
        with fault_proxy(server.endpoint_url, plan) as proxy:
            reports, num_kills = _run_workers(os.environ | {"AWS_ENDPOINT_URL_S3": proxy.url}, dice)
        wall = time.perf_counter() - started
        _audit(source, target, manifest, before)
        again = _finish([_start(dict(os.environ), 0)])
        assert sum(each.get("restored", 0) for each in again) == 0, "a rerun after success restored something"
        clean = _clean_run(source, target)
        _print_table(
            num_objects, wall, num_kills, proxy.seen, reports, open_books(target, COLLECTION, RELEASE).rows, clean
        )


def work(number: int) -> None:
    """One worker process: restore every second shard first, then the others; a line of JSON for each."""
    torch.set_num_threads(1)
    source, target = open_storage("s3://bench/originals"), open_storage("s3://bench/results")
    manifest = read_manifest(target, COLLECTION)
    assert manifest is not None
    shards = manifest.shard_ids
    mine = [each for at, each in enumerate(shards) if (at + number) % NUM_WORKERS < 2]
    calls: list[int] = []
    with child_decoders(2, DecodeBudget()) as decode:
        craft = Craft(lambda old: _blur(old, calls), RELEASE, "blur=3", decode, ReviewRules(1, 1, 0, 1), {})
        for shard in mine:
            calls.clear()
            try:
                report = restore_shard(manifest.shard(shard), source, target, craft, Pace(8, 10_000_000))
            except StorageError as error:  # the run stops, the next start goes on
                sys.exit(str(error))
            line = {"shard": shard, "restored": len(calls), "seconds": dict(report.seconds)}
            print(json.dumps(line), flush=True)
    kilobytes = [resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    print(json.dumps({"rss_mb": [each // 1024 for each in kilobytes]}))


def _blur(old: Tensor, calls: list[int]) -> Restoration:
    calls.append(1)
    mask = torch.zeros_like(old[:, :1])
    mask[..., :4, :4] = 1
    return Restoration(F.avg_pool2d(old, 3, 1, 1, count_include_pad=False), mask, {"damaged_fraction": 0.01})


def _photos(count: int) -> Iterator[bytes]:
    """Small photos of noise: five formats, 8 and 16 bits, grey and colour; every twentieth is none."""
    generator = torch.Generator().manual_seed(0)
    for number in range(count):
        pixels = torch.rand(1, 3, 48 + number % 3 * 16, 64, generator=generator)
        container = _FORMATS[number % 5]
        if container == "JPEG":
            data = encode_jpeg(pixels)
        else:
            like = decode_photo(encode_png(pixels))
            like = replace(like, bits=16 if number % 2 else 8, is_grey=number % 4 == 3)
            data = encode_photo(pixels, like, container)
        if number % 20 == 19:
            data = (*_POISON, data[: len(data) // 2])[number // 20 % 4]
        yield data


def _change_some(source: Storage, manifest: Manifest) -> None:
    from boto3.session import Session  # noqa: TID251  nothing in the project deletes, so storage cannot

    keys = list(manifest.table["key"])
    for key in keys[:: len(keys) // NUM_REPLACED][:NUM_REPLACED]:
        source.write_replace(key, encode_png(torch.zeros(1, 3, 8, 8)))
    client = Session().client("s3")
    for key in keys[7 :: len(keys) // NUM_DELETED][:NUM_DELETED]:
        client.delete_object(Bucket="bench", Key=f"originals/{key}")


def _start(environment: dict[str, str], number: int) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "benchmarks.archive_run", "--worker", str(number)]
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)


def _run_workers(environment: dict[str, str], dice: random.Random) -> tuple[list[dict[str, Any]], int]:
    """Keep the workers going until each ended by itself, killing one every few seconds."""
    running = {number: _start(environment, number) for number in range(NUM_WORKERS)}
    num_kills, next_kill = 0, time.monotonic() + 8
    outputs: list[subprocess.Popen[str]] = []
    while running:
        time.sleep(0.2)
        if num_kills < NUM_KILLS and time.monotonic() > next_kill:
            running[dice.choice(list(running))].kill()
            num_kills, next_kill = num_kills + 1, time.monotonic() + dice.uniform(3, 9)
        for number, process in list(running.items()):
            if process.poll() is not None:
                outputs.append(process)
                if process.returncode == 0:
                    del running[number]
                else:
                    running[number] = _start(environment, number)
    return _finish(outputs), num_kills


def _finish(processes: list[subprocess.Popen[str]]) -> list[dict[str, Any]]:
    """What the workers printed, as far as they came."""
    texts = [process.communicate()[0] for process in processes]
    return [json.loads(line) for text in texts for line in text.splitlines() if line.endswith("}")]


def _listing(source: Storage) -> list[tuple[str, int, str]]:
    return sorted((each.key, each.size, each.etag) for each in source.list())


def _audit(source: Storage, target: Storage, manifest: Manifest, before: list[tuple[str, int, str]]) -> None:
    """Every promise, checked from the bytes."""
    assert _listing(source) == before, "an original was touched"
    rows = open_books(target, COLLECTION, RELEASE).rows
    assert sorted(row.key for row in rows) == sorted(manifest.table["key"]), "the books do not balance"
    reasons = Counter(row.reason for row in rows)
    assert (reasons["source-changed"], reasons["source-gone"]) == (NUM_REPLACED, NUM_DELETED), reasons
    published = {each.key for each in target.list("restored/")}
    assert published == {row.output_key for row in rows if row.output_key}, "something is published and not booked"
    for row in rows:
        if row.output_key:
            data = target.read(row.output_key)
            assert hashlib.sha256(data).hexdigest() == row.output_sha256, f"{row.output_key} is not what is booked"
            assert decode_photo(data).pixels.shape[-1] == row.width


def _clean_run(source: Storage, target: Storage) -> dict[str, float]:
    """One shard once more under another release, without faults, in this process: rates and overlap."""
    manifest = read_manifest(target, COLLECTION)
    assert manifest is not None
    shard = manifest.shard(manifest.shard_ids[0])
    with child_decoders(2, DecodeBudget()) as decode:
        decode(encode_png(torch.zeros(1, 3, 8, 8)), lambda _: None)  # the children have started
        other = replace(RELEASE, sha256="c1" * 32)
        craft = Craft(lambda old: _blur(old, []), other, "blur=3", decode, ReviewRules(1, 1, 0, 1), {})
        report = restore_shard(shard, source, target, craft, Pace(8, 10_000_000))
    return {"photos": len(report.rows), **report.seconds}


def _print_table(
    num_objects: int,
    wall: float,
    num_kills: int,
    faults: Counter[str],
    reports: list[dict[str, Any]],
    rows: tuple[LedgerRow, ...],
    clean: dict[str, float],
) -> None:
    restored = sum(row.status == "restored" for row in rows)
    calls = sum(each.get("restored", 0) for each in reports)
    peaks = [each["rss_mb"] for each in reports if "rss_mb" in each]
    busy = {stage: round(seconds, 1) for stage, seconds in clean.items() if stage not in {"wall", "photos"}}
    lines = {
        "photos listed": num_objects,
        "restored": restored,
        "refused, by reason": dict(Counter(row.reason for row in rows if row.reason)),
        "faults": dict(faults),
        "workers killed with -9": num_kills,
        "wall, s (all workers, with faults)": round(wall),
        "restore calls booked by shards that ended": calls,
        "peak memory of a worker / of a decoder, MB": [max(column) for column in zip(*peaks, strict=True)],
        "without faults: photos/s": round(clean["photos"] / clean["wall"], 1),
        "without faults: busy seconds": busy,
        "without faults: overlap (busy / wall)": round(sum(busy.values()) / clean["wall"], 2),
        "books": "balanced; originals untouched; nothing torn; a rerun restored nothing",
    }
    print("| measured | value |\n|---|---|")
    print("\n".join(f"| {name} | {value} |" for name, value in lines.items()))


if __name__ == "__main__":
    if sys.argv[1] == "--worker":
        work(int(sys.argv[2]))
    else:
        main(int(sys.argv[1]))
