"""What can go wrong, and what it cost."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Any

from volcv._native import CData, lib, text_of

if TYPE_CHECKING:
    from volcv._tasks import Task


class Charge(str, Enum):
    """Whether money was spent, all attempts taken together."""

    #: Nothing was bought.
    NONE = "none"
    #: The service may or may not have billed the call.
    UNKNOWN = "unknown"
    #: The call is billed.
    CHARGED = "charged"


class Delivery(str, Enum):
    """How much of the request the last attempt delivered."""

    #: Not one byte.
    NONE = "none"
    #: Some of it: the service cannot have a complete request.
    PARTIAL = "partial"
    #: All of it: the service may have acted on it.
    FULL = "full"


CHARGES = (Charge.NONE, Charge.UNKNOWN, Charge.CHARGED)
DELIVERIES = (Delivery.NONE, Delivery.PARTIAL, Delivery.FULL)


@dataclass(frozen=True)
class Facts:
    """What is known about a failure."""

    #: The name of the kind, such as ``"outcome_unknown"``.
    kind: str = "internal"
    charge: Charge = Charge.NONE
    #: The same call may simply be made again: it can help, and nothing was bought.
    retryable: bool = False
    #: Attempts that were made.
    attempts: int = 0
    delivery: Delivery = Delivery.NONE
    #: The HTTP status, if there was one.
    http_status: int | None = None
    #: The service's code, such as 50429.
    service_code: int | None = None
    #: What the service's support asks for.
    request_id: str | None = None
    #: How long the service asked to wait, in seconds.
    retry_after: float | None = None
    #: The task of the call, which can be waited for again unless `task_ended`.
    task: Task | None = None
    #: The service has said that nothing can come of the task any more.
    task_ended: bool = False
    #: Pictures that were paid for and failed a check: a decoder may make something of them.
    rejected: tuple[bytes, ...] = field(default=(), repr=False)
    #: Links to pictures that were paid for and could not be downloaded.
    links: tuple[str, ...] = ()


class VolcvError(Exception):
    """What every error of volcv is. Its text is one line, and never has a key or a picture."""

    def __init__(self, message: str, facts: Facts | None = None) -> None:
        super().__init__(message)
        #: The line.
        self.message = message
        #: All that is known, for logs: ``dataclasses.asdict(error.facts)``.
        self.facts = facts if facts is not None else Facts()

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.message, self.facts)

    def __str__(self) -> str:
        return self.message

    @property
    def kind(self) -> str:
        """The name of the kind, such as ``"outcome_unknown"``."""
        return self.facts.kind

    @property
    def charge(self) -> Charge:
        """Whether money was spent."""
        return self.facts.charge

    @property
    def retryable(self) -> bool:
        """The same call may simply be made again: it can help, and nothing was bought."""
        return self.facts.retryable

    @property
    def attempts(self) -> int:
        """Attempts that were made."""
        return self.facts.attempts

    @property
    def delivery(self) -> Delivery:
        """How much of the request the last attempt delivered."""
        return self.facts.delivery

    @property
    def http_status(self) -> int | None:
        """The HTTP status, if there was one."""
        return self.facts.http_status

    @property
    def service_code(self) -> int | None:
        """The service's code, such as 50429."""
        return self.facts.service_code

    @property
    def request_id(self) -> str | None:
        """What the service's support asks for."""
        return self.facts.request_id

    @property
    def retry_after(self) -> float | None:
        """How long the service asked to wait, in seconds."""
        return self.facts.retry_after

    @property
    def task(self) -> Task | None:
        """The task of the call, which can be waited for again unless `task_ended`."""
        return self.facts.task

    @property
    def task_ended(self) -> bool:
        """The service has said that nothing can come of the task any more."""
        return self.facts.task_ended

    @property
    def rejected(self) -> tuple[bytes, ...]:
        """Pictures that were paid for and failed a check."""
        return self.facts.rejected

    @property
    def links(self) -> tuple[str, ...]:
        """Links to pictures that were paid for and could not be downloaded."""
        return self.facts.links


class InvalidInputError(VolcvError, ValueError):
    """A field is out of range, or the service says that the input is wrong. Nothing was bought."""


class ConfigError(VolcvError, ValueError):
    """The client is set up wrongly: address, keys, limits, proxy. Nothing was sent."""


class AuthError(VolcvError):
    """The key is missing, wrong or not allowed to do this. Nothing was bought."""


class QuotaError(VolcvError):
    """The account has nothing left. Nothing was bought."""


class ThrottledError(VolcvError):
    """Too many calls. Nothing was bought: wait for `retry_after`."""


class RefusedError(VolcvError):
    """The review refused the input (nothing was bought) or the picture (it may have been billed)."""


class ServiceError(VolcvError):
    """The service failed: see `charge`."""


class ConnectError(VolcvError, ConnectionError):
    """No connection, or it broke before the request was complete. Nothing was bought."""


class TlsError(VolcvError, ConnectionError):
    """The server's certificate was not accepted. Nothing was sent."""


class DeadlineError(VolcvError, TimeoutError):
    """A limit passed before the request was complete. Nothing was bought."""


class OutcomeUnknownError(VolcvError):
    """The request arrived, the answer did not. It may have been billed: look at the account before calling again."""


class DecodeError(VolcvError):
    """The service answered with success, but with something that cannot be used. It was billed: see `rejected`, `links`."""


class ResponseTooLargeError(DecodeError):
    """The reply is over the limit. It was billed."""


class CancelledError(VolcvError):
    """The job was cancelled: see `charge`."""


class BusyError(VolcvError):
    """The queue of the client is full: nothing was accepted, try again later."""


class ClosedError(VolcvError):
    """The client is closed."""


class ForkedError(VolcvError):
    """This process was forked while a client existed, whose threads it does not have."""


class UnsupportedError(VolcvError):
    """This build of the library cannot do it."""


class OutOfMemoryError(VolcvError, MemoryError):
    """There is not enough memory."""


class InternalError(VolcvError):
    """A defect in volcv: please report it with the log."""


CLASSES: dict[int, type[VolcvError]] = {
    lib.VOLCV_E_INVALID_ARGUMENT: InvalidInputError,
    lib.VOLCV_E_INVALID_INPUT: InvalidInputError,
    lib.VOLCV_E_CONFIG: ConfigError,
    lib.VOLCV_E_AUTH: AuthError,
    lib.VOLCV_E_QUOTA: QuotaError,
    lib.VOLCV_E_THROTTLED: ThrottledError,
    lib.VOLCV_E_REFUSED: RefusedError,
    lib.VOLCV_E_SERVICE: ServiceError,
    lib.VOLCV_E_CONNECT: ConnectError,
    lib.VOLCV_E_TLS: TlsError,
    lib.VOLCV_E_TIMEOUT: DeadlineError,
    lib.VOLCV_E_OUTCOME_UNKNOWN: OutcomeUnknownError,
    lib.VOLCV_E_DECODE: DecodeError,
    lib.VOLCV_E_RESPONSE_TOO_LARGE: ResponseTooLargeError,
    lib.VOLCV_E_CANCELLED: CancelledError,
    lib.VOLCV_E_BUSY: BusyError,
    lib.VOLCV_E_STALE: ClosedError,
    lib.VOLCV_E_SHUTDOWN: ClosedError,
    lib.VOLCV_E_FORKED: ForkedError,
    lib.VOLCV_E_UNSUPPORTED: UnsupportedError,
    lib.VOLCV_E_OUT_OF_MEMORY: OutOfMemoryError,
}

# Tracebacks name the errors as programs do.
for _class in {VolcvError, *CLASSES.values(), InternalError}:
    _class.__module__ = "volcv"

FORKED = (
    "this process was forked while a volcv client existed, whose threads it does not have: make clients after the fork, "
    'or start processes with multiprocessing.get_context("spawn")'
)


def error_of(
    error: CData,
    *,
    task: Task | None = None,
    rejected: tuple[bytes, ...] = (),
    links: tuple[str, ...] = (),
) -> VolcvError:
    """The exception for a volcv_error that is filled in."""
    code = int(error.code)
    message = plain(text_of(error.message)) or name_of(code)
    if code == lib.VOLCV_E_FORKED:
        message = FORKED
    facts = Facts(
        kind="invalid_input" if CLASSES.get(code) is InvalidInputError else name_of(code),
        charge=CHARGES[error.charge],
        retryable=bool(error.flags & lib.VOLCV_ERROR_RETRYABLE),
        attempts=int(error.attempts),
        delivery=DELIVERIES[error.delivery],
        http_status=int(error.http_status) or None,
        service_code=int(error.service_code) or None,
        request_id=text_of(error.request_id) or None,
        retry_after=error.retry_after_ms / 1000 if error.retry_after_ms else None,
        task=task,
        task_ended=bool(error.flags & lib.VOLCV_ERROR_TASK_ENDED),
        rejected=rejected,
        links=links,
    )
    return CLASSES.get(code, InternalError)(message, facts)


def error_of_code(code: int, what: str) -> VolcvError:
    """The exception for a function that gives a code and nothing more."""
    message = FORKED if code == lib.VOLCV_E_FORKED else what
    return CLASSES.get(code, InternalError)(message, Facts(kind=name_of(code)))


def name_of(code: int) -> str:
    """The name of a result, as in "outcome_unknown"."""
    return text_of(lib.volcv_result_name(code)).removeprefix("VOLCV_E_").lower()


def plain(message: str) -> str:
    """The fields' names as they are in Python, where no struct stands in front of them."""
    return re.sub(r"\bvolcv_(?!error|e_)[a-z_]+\.(?=[a-z])", "", message)
