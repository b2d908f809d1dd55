//! The progress of a call, for progress bars.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::error::ErrorKind;

/// Where an attempt stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Phase {
    /// Resolving, connecting, shaking hands: no byte of the body was taken yet.
    Connecting,
    /// The body is being sent.
    Uploading,
    /// The service makes the picture; no bytes move in this phase.
    Waiting,
    /// The reply has begun.
    Downloading,
    /// Waiting before the next attempt.
    Backoff,
    /// The task waits in the service's queue or is worked on; it is asked for again after a while.
    Task,
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Phase::Connecting => "connecting",
            Phase::Uploading => "uploading",
            Phase::Waiting => "waiting for the reply",
            Phase::Downloading => "downloading",
            Phase::Backoff => "waiting to try again",
            Phase::Task => "waiting for the task",
        })
    }
}

/// A snapshot of one call for progress bars.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Progress {
    /// What the attempt is doing.
    pub phase: Phase,
    /// The index of the call in its batch; 0 outside of a batch.
    pub call: usize,
    /// The number of the attempt, from 1.
    pub attempt: u32,
    /// Body bytes taken by the transport in this attempt.
    pub sent: u64,
    /// Bytes of the whole body.
    pub send_total: u64,
    /// Reply bytes of this attempt.
    pub received: u64,
    /// Bytes of the whole reply, if the service announced them.
    pub receive_total: Option<u64>,
    /// In [`Phase::Backoff`]: why and how long the call waits.
    pub backoff: Option<Backoff>,
}

/// The wait after an attempt that failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Backoff {
    /// How the attempt failed.
    pub reason: ErrorKind,
    /// How long until the next attempt.
    pub wait: Duration,
}

/// Called at every change of a call's progress, on the thread that made the change: keep it short.
pub type Observer = Arc<dyn Fn(&Progress) + Send + Sync>;
