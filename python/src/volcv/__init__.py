"""The client for Volcengine's picture outpainting.

>>> import volcv
>>> with volcv.Client() as client:  # VOLCV_BASE_URL and VOLCV_API_KEY
...     client.outpaint("photo.jpg", left=0.5, right=0.5, prompt="a lake").save("wide.png")

Nothing is paid for twice, nothing hangs, and every error says whether the call was charged.
"""

from volcv._aio import AsyncClient, AsyncJob
from volcv._client import Client, Interrupted, Job
from volcv._credentials import Credentials
from volcv._errors import (
    AuthError,
    BusyError,
    CancelledError,
    Charge,
    ClosedError,
    ConfigError,
    ConnectError,
    DeadlineError,
    DecodeError,
    Delivery,
    Facts,
    ForkedError,
    InternalError,
    InvalidInputError,
    OutcomeUnknownError,
    OutOfMemoryError,
    QuotaError,
    RefusedError,
    ResponseTooLargeError,
    ServiceError,
    ThrottledError,
    TlsError,
    UnsupportedError,
    VolcvError,
)
from volcv._native import VERSION as __version__
from volcv._options import ClientOptions
from volcv._outpaint import Outpaint, OutpaintOptions, plan
from volcv._pictures import PictureLike, Pixels
from volcv._progress import Phase, Progress, ProgressCallback
from volcv._requests import (
    Call,
    CancelTask,
    Download,
    Erase,
    EraseOptions,
    Inpaint,
    InpaintOptions,
    PaintingEdit,
    PaintingEditOptions,
    Request,
    SubmitTask,
    TaskStatus,
    WaitTask,
)
from volcv._results import Operation, Picture, Plan, Result
from volcv._tasks import Task, TaskReport, TaskState

__all__ = [
    "AsyncClient",
    "AsyncJob",
    "AuthError",
    "BusyError",
    "Call",
    "CancelTask",
    "CancelledError",
    "Charge",
    "Client",
    "ClientOptions",
    "ClosedError",
    "ConfigError",
    "ConnectError",
    "Credentials",
    "DeadlineError",
    "DecodeError",
    "Delivery",
    "Download",
    "Erase",
    "EraseOptions",
    "Facts",
    "ForkedError",
    "Inpaint",
    "InpaintOptions",
    "InternalError",
    "Interrupted",
    "InvalidInputError",
    "Job",
    "Operation",
    "OutOfMemoryError",
    "OutcomeUnknownError",
    "Outpaint",
    "OutpaintOptions",
    "PaintingEdit",
    "PaintingEditOptions",
    "Phase",
    "Picture",
    "PictureLike",
    "Pixels",
    "Plan",
    "Progress",
    "ProgressCallback",
    "QuotaError",
    "RefusedError",
    "Request",
    "ResponseTooLargeError",
    "Result",
    "ServiceError",
    "SubmitTask",
    "Task",
    "TaskReport",
    "TaskState",
    "TaskStatus",
    "ThrottledError",
    "TlsError",
    "UnsupportedError",
    "VolcvError",
    "WaitTask",
    "__version__",
    "plan",
]
