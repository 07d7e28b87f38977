"""Kills a run with -9 before and after every single write, each time on an empty target. Arguments: SOURCE FOLDER.

One process that forks, because importing torch for every kill would take minutes. Prints one line of JSON a kill.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
from pathlib import Path

from archive_samples import PACE, RELEASE, Negative, craft, only_shard, run

from ops.archive.ledger import ledger_key, read_ledger
from ops.archive.shard import restore_shard
from ops.images import decode_rgb
from ops.storage.folder import FolderStorage
from ops.storage.protocol import Storage, WriteOutcome


class DeadlyStorage:
    """Kills the process at the given moment: 2 n is before write n, 2 n + 1 right after it."""

    def __init__(self, inner: Storage, moment: int) -> None:
        self.inner, self.left, self.lock = inner, moment, threading.Lock()

    def write_once(self, key: str, data: bytes) -> WriteOutcome:
        with self.lock:
            self.pass_moment()
            outcome = self.inner.write_once(key, data)
            self.pass_moment()
        return outcome

    def pass_moment(self) -> None:
        if self.left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        self.left -= 1

    def __getattr__(self, name: str) -> object:
        return getattr(self.inner, name)


source, folder = FolderStorage(Path(sys.argv[1])), Path(sys.argv[2])
for moment in range(100):
    target = FolderStorage(folder / f"results-{moment}")
    shard = only_shard(source, target)
    child = os.fork()
    if child == 0:
        restore_shard(shard, source, DeadlyStorage(target, moment), craft(Negative()), PACE)  # type: ignore[arg-type]
        os._exit(0)
    _, status = os.waitpid(child, 0)
    whole = all(decode_rgb(target.read(each.key)).numel() > 0 for each in target.list("restored/"))
    is_open = read_ledger(target, ledger_key(RELEASE, shard.id)) is None
    rest = Negative()
    report = run(source, target, rest)
    print(
        json.dumps(
            {
                "killed": os.WIFSIGNALED(status),
                "whole": whole,
                "open": is_open,
                "restored_again": len(rest.seen),
                "rows": len(report.rows),
                "restored": report.num_restored,
                "objects": len(list(target.list("restored/"))),
            }
        )
    )
    if not os.WIFSIGNALED(status):
        break
