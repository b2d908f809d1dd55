"""Tasks: calls that the service works on by itself, and whose results are asked for later."""

from __future__ import annotations

import json
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from volcv._results import Result


@dataclass(frozen=True)
class Task:
    """A task of the service. ``str(task)`` is one line of JSON: store it, and any process with the same key can go on."""

    #: The line.
    json: str

    def __post_init__(self) -> None:
        if not isinstance(self.json, str):
            raise TypeError(f"task: a str is needed, not {type(self.json).__name__}")
        try:
            known = json.loads(self.json)
        except ValueError as reason:
            raise ValueError(f"task: not JSON: {reason}") from None
        if not isinstance(known, dict) or not isinstance(known.get("task_id"), str):
            raise ValueError("task: a JSON object with task_id and req_key is needed")

    def __str__(self) -> str:
        return self.json

    @property
    def id(self) -> str:
        """The service's name for it."""
        return str(json.loads(self.json)["task_id"])


class TaskState(str, Enum):
    """How far a task is."""

    #: The service gave another text, which this version does not know.
    OTHER = "other"
    IN_QUEUE = "in_queue"
    GENERATING = "generating"
    DONE = "done"
    #: The service does not know the task, or has forgotten it.
    NOT_FOUND = "not_found"
    #: The result has been deleted.
    EXPIRED = "expired"


# In the order of VOLCV_TASK_*, which a test compares.
STATES = tuple(TaskState)


@dataclass(frozen=True)
class TaskReport:
    """The answer to the question how far a task is."""

    state: TaskState
    #: What came of it, once it is done.
    result: Result | None
