"""The library's log lines become records of the logger `volcv`.

A thread for each client makes the records, not the thread of the library that has the line: that one must not wait for a
handler, and `logging` would remember it for ever as a thread of Python.
"""

from __future__ import annotations

import logging
import queue
import threading
from typing import Any

from volcv._native import CData, ffi, lib, text_of

logger = logging.getLogger("volcv")
logger.addHandler(logging.NullHandler())

LEVELS = {
    lib.VOLCV_LOG_ERROR: logging.ERROR,
    lib.VOLCV_LOG_WARN: logging.WARNING,
    lib.VOLCV_LOG_INFO: logging.INFO,
    lib.VOLCV_LOG_DEBUG: logging.DEBUG,
}


class Log:
    """Takes the lines of one client."""

    def __init__(self) -> None:
        self._lines: queue.SimpleQueue[tuple[int, int, str] | None] = queue.SimpleQueue()
        self._callback = ffi.callback("volcv_log_fn", self._take)
        self._thread = threading.Thread(target=_run, args=(self._lines,), name="volcv-log", daemon=True)

    def start(self, options: CData) -> None:
        """Asks for the lines that the logger would not drop, by its level at this moment."""
        level = logger.getEffectiveLevel()
        wanted = [number for number, name in LEVELS.items() if name >= level]
        if wanted:
            options.log, options.log_level = self._callback, max(wanted)
            self._thread.start()

    def stop(self) -> None:
        """Returns when all lines are out."""
        if self._thread.is_alive():
            self._lines.put(None)
            if threading.current_thread() is not self._thread:
                self._thread.join(1)

    def _take(self, user: Any, level: int, job: int, text: CData) -> None:
        self._lines.put((level, job, text_of(text)))


def _run(lines: queue.SimpleQueue[tuple[int, int, str] | None]) -> None:
    while (line := lines.get()) is not None:
        level, job, text = line
        logger.log(LEVELS.get(level, logging.DEBUG), "%s%s", f"job {job}: " if job else "", text)
