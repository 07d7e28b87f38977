"""One training in several processes, a GPU each: who starts them, and who says what they have to say.

A training function that is ``spread`` runs in ``bench.num_processes`` processes, which torch starts and supervises; the
caller stays outside and keeps its log. Started by ``torchrun``, it joins the processes that are there. Either way its
result is that of one process but for rounding (``ops/processes.py``; docs/decisions/0013), so a training that was cut
off goes on with any number of them.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass, replace
from functools import wraps
from inspect import signature
from multiprocessing.connection import Connection, Pipe, wait
from pathlib import Path
from typing import Any, ParamSpec

import torch
from torch import distributed as dist
from torch.multiprocessing.spawn import ProcessContext, ProcessException, start_processes

from ops.checkpoints import Checkpoint
from ops.parts import Part
from ops.processes import check_devices, device_here, part_here, part_of_torchrun, process_group, take_device
from ops.tracking import MemoryLog
from ops.training import Workbench

P = ParamSpec("P")


class TrainingProcessError(RuntimeError):
    """One of the processes of a training failed; all were stopped."""


def spread(train: Callable[P, Checkpoint]) -> Callable[P, Checkpoint]:
    """Let ``train``, a function of a module with an argument ``bench``, run in as many processes as its bench says.

    Its other arguments are sent to the processes; only the first of them writes checkpoints, numbers and lines.

    Raises:
        TrainingProcessError: a process failed; the message has its own words.
        ValueError: there are not so many devices.
    """
    parameters = signature(train)

    @wraps(train)
    def trained(*args: P.args, **kwargs: P.kwargs) -> Checkpoint:
        """``train``, in one process or in several."""
        call = parameters.bind(*args, **kwargs)
        bench: Workbench = call.arguments["bench"]
        launched = part_of_torchrun()
        if dist.is_initialized():
            call.arguments["bench"] = _bench_here(bench)
            return train(*call.args, **call.kwargs)
        if launched is not None:
            check_devices(bench.device, int(os.environ["LOCAL_WORLD_SIZE"]))
            take_device(bench.device, int(os.environ["LOCAL_RANK"]))
            with process_group(launched, "env://", bench.device):
                return trained(*args, **kwargs)
        if bench.num_processes == 1:
            return train(*args, **kwargs)
        reader, writer = Pipe(duplex=False)
        voice = _Voice(writer)
        call.arguments["bench"] = replace(bench, log=voice, report=voice.report)
        return _supervised(_Order(trained, call.args, call.kwargs, voice), reader, bench)

    return trained


@dataclass(frozen=True)
class _Voice:
    """The log of a process whose caller records what it says."""

    writer: Connection

    def report(self, line: str) -> None:
        """A line of progress."""
        self.writer.send(("report", line))

    def settings(self, values: Mapping[str, object]) -> None:
        """What the training was started with."""
        self.writer.send(("settings", dict(values)))

    def scalars(self, step: int, values: Mapping[str, float]) -> None:
        """Numbers of one step."""
        self.writer.send(("scalars", step, dict(values)))

    def picture(self, name: str, png: bytes) -> None:
        """A picture."""
        self.writer.send(("picture", name, png))

    def trained(self, checkpoint: Checkpoint) -> None:
        """The end."""
        self.writer.send(("trained", checkpoint))


@dataclass(frozen=True)
class _Order:
    """What every process is to do."""

    train: Callable[..., Checkpoint]
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    voice: _Voice


def _supervised(order: _Order, reader: Connection, bench: Workbench) -> Checkpoint:
    """Start the processes, record what they say until all have ended, and give the checkpoint."""
    count = bench.num_processes
    check_devices(bench.device, count)
    bench.report(f"{order.train.__name__}: {count} processes on {bench.device}")
    with closing(reader), tempfile.TemporaryDirectory(prefix="albumen-") as folder:
        meeting = (Path(folder) / "meeting").as_uri()
        work = (count, order, meeting, bench.device)
        processes = start_processes(_work, work, nprocs=count, join=False, start_method="spawn")
        assert isinstance(processes, ProcessContext)
        order.voice.writer.close()  # the processes hold their own ends; when the last is closed, all is said
        try:
            return _listened(processes, reader, bench)
        except ProcessException as error:
            raise TrainingProcessError(
                f"{order.train.__name__}: process {error.error_index} of {count} failed, all were stopped. The last "
                f"checkpoint stands: start again, with any --gpus, and the training goes on from there.\n{error}"
            ) from None
        finally:
            for process in processes.processes:
                process.terminate()
                process.join()


def _listened(processes: ProcessContext, reader: Connection, bench: Workbench) -> Checkpoint:
    """Record all that is said; raise as soon as a process fails."""
    checkpoint: Checkpoint | None = None
    is_open, have_ended = True, False
    while is_open or not have_ended:
        ready = wait([*([reader] if is_open else []), *processes.sentinels])
        if reader in ready:
            try:
                said, *values = reader.recv()
            except (EOFError, OSError):  # the first process has ended, the latter in the middle of a word
                is_open = False
                continue
            match said:
                case "report":
                    bench.report(*values)
                case "settings":
                    bench.log.settings(*values)
                case "scalars":
                    bench.log.scalars(*values)
                case "picture":
                    bench.log.picture(*values)
                case "trained":
                    (checkpoint,) = values
        elif not have_ended:
            have_ended = processes.join()
    assert checkpoint is not None
    return checkpoint


def _work(number: int, count: int, order: _Order, meeting: str, device: str) -> None:
    """The whole life of one process; the first has a voice."""
    if number > 0:
        order.voice.writer.close()
    torch.set_num_threads(max(1, torch.get_num_threads() // count))
    take_device(device, number)
    with process_group(Part(number, count), meeting, device):
        checkpoint = order.train(*order.args, **order.kwargs)
    if number == 0:
        order.voice.trained(checkpoint)


def _bench_here(bench: Workbench) -> Workbench:
    """``bench`` on the device of this process, which keeps silent unless it is the first."""
    bench = replace(bench, device=device_here(bench.device))
    return bench if part_here().number == 0 else replace(bench, log=MemoryLog(), report=_silent)


def _silent(line: str) -> None:
    """Say nothing."""
