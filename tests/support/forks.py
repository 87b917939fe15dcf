"""Processes of their own without two seconds of imports each: forked from one that has imported the libraries.

Of ours only the pure policy and no setting is loaded there, no connection is open and no thread runs: a child reads
its environment, sets up Django and connects by itself, as a fresh interpreter would.
"""

from __future__ import annotations

import contextlib
import ctypes
import multiprocessing
import os
import runpy
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

from config.services.process import STOP_SECONDS

CONTEXT = multiprocessing.get_context("forkserver")
CONTEXT.set_forkserver_preload(["tests.support.preload"])
_PR_SET_PDEATHSIG = 1


def start(work: Callable[..., None], *arguments: Any) -> BaseProcess:
    """Let a process of its own, in the environment of this one, do some work."""
    process = CONTEXT.Process(target=_work, args=(dict(os.environ), work, arguments))
    process.start()
    return process


def _work(environment: Mapping[str, str], work: Callable[..., None], arguments: Sequence[Any]) -> None:
    os.environ.clear()
    os.environ.update(environment)
    work(*arguments)


def run(
    command: Sequence[str | Path],
    *,
    environment: Mapping[str, str],
    log: Path,
    fresh: bool = False,
    prepare: Callable[[], None] | None = None,
) -> BaseProcess:
    """Start the command of a Python program in a process group of its own; ``fresh`` in a new interpreter.

    ``prepare`` is called in the process before the program begins; a new interpreter would not know of it.
    """
    assert not (fresh and prepare)
    words = [str(word) for word in command]
    process = CONTEXT.Process(target=_become, args=(words, dict(environment), log, fresh, prepare))
    process.start()
    return process


def stop(process: BaseProcess) -> None:
    """Ask, wait, then kill its whole process group."""
    process.terminate()
    process.join(STOP_SECONDS)
    kill(process)


def kill(process: BaseProcess) -> None:
    """kill -9 the process and its children, as a crash would."""
    assert process.pid is not None
    process.kill()
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.join()


def _become(
    command: list[str], environment: dict[str, str], log: Path, fresh: bool, prepare: Callable[[], None] | None
) -> None:
    os.setsid()
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, int(signal.SIGTERM))
    with log.open("ab") as sink, Path(os.devnull).open("rb") as nothing:
        os.dup2(nothing.fileno(), 0)
        os.dup2(sink.fileno(), 1)
        os.dup2(sink.fileno(), 2)
    if fresh:
        os.execve(command[0], command, environment)  # noqa: S606 - no shell is needed
    os.environ.clear()
    os.environ.update(environment)
    if prepare is not None:
        prepare()
    # as in a fresh interpreter: granian starts its workers by the method that is set
    multiprocessing.set_start_method(multiprocessing.get_all_start_methods()[0], force=True)
    # "python -m module ..." or a script of the virtual environment, which imports the module of its name
    module, arguments = (command[2], command[3:]) if command[1] == "-m" else (Path(command[0]).name, command[1:])
    sys.argv = [module, *arguments]
    runpy.run_module(module, run_name="__main__", alter_sys=True)
