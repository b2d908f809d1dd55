//! Tasks: what was submitted, and how far it has come.

use std::collections::VecDeque;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::ability::{Ability, Accepted};
use crate::kind::TaskActions;
use crate::paint::Order;

/// How many tasks are kept, and how many pixels their pictures have together, so that a server that runs for days does not
/// grow without end. The newest task is always kept.
const KEPT_TASKS: usize = 4096;
const KEPT_PIXELS: u64 = 256 << 20;

/// How tasks come along: the first polls of each find it in the queue, the next ones find it being made, then it is done.
/// The default is done at once.
///
/// As text it is the two numbers with a comma between them:
///
/// ```
/// use volcv_emulator::{Emulator, TaskPace};
///
/// let pace: TaskPace = "1,2".parse()?;
/// assert_eq!(pace, TaskPace::polls(1, 2));
/// let emulator = Emulator::builder().task_pace(pace).start()?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct TaskPace {
    queued: u64,
    generating: u64,
    duration: Duration,
}

/// Why a text is not a pace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaskPaceError(String);

impl TaskPace {
    /// `in_queue` for this many polls, then `generating` for this many.
    pub fn polls(queued: u64, generating: u64) -> Self {
        Self { queued, generating, duration: Duration::ZERO }
    }

    /// Not done before this time has passed since the submission, however many polls there were.
    #[must_use]
    pub fn lasting(self, duration: Duration) -> Self {
        Self { duration, ..self }
    }

    fn state(self, polls: u64, age: Duration) -> TaskState {
        match polls {
            polls if polls < self.queued => TaskState::InQueue,
            polls if polls - self.queued < self.generating || age < self.duration => TaskState::Generating,
            _ => TaskState::Done,
        }
    }
}

impl FromStr for TaskPace {
    type Err = TaskPaceError;

    fn from_str(text: &str) -> Result<Self, TaskPaceError> {
        let numbers = text.split_once(',').and_then(|(queued, generating)| {
            Some(Self::polls(queued.trim().parse().ok()?, generating.trim().parse().ok()?))
        });
        numbers.ok_or_else(|| TaskPaceError(format!("`{text}`: expected QUEUED,GENERATING, two numbers of polls")))
    }
}

impl fmt::Display for TaskPaceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for TaskPaceError {}

/// What a poll finds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TaskState {
    InQueue,
    Generating,
    Done,
    NotFound,
    Expired,
}

impl TaskState {
    /// The value of `data.status`.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::InQueue => "in_queue",
            Self::Generating => "generating",
            Self::Done => "done",
            Self::NotFound => "not_found",
            Self::Expired => "expired",
        }
    }
}

/// How a request names a task.
#[derive(Debug, Clone, Copy)]
pub(crate) struct TaskName<'a> {
    pub(crate) id: &'a str,
    pub(crate) req_key: &'a str,
    pub(crate) actions: TaskActions,
}

#[derive(Debug)]
struct Task {
    id: String,
    actions: TaskActions,
    ability: Ability,
    order: Arc<Order>,
    refuse: Option<u32>,
    submitted: Instant,
    polls: u64,
    /// The state that it stays in.
    last: Option<TaskState>,
}

/// The tasks of a server.
#[derive(Debug, Default)]
pub(crate) struct Tasks {
    pub(crate) pace: TaskPace,
    kept: VecDeque<Task>,
    submits: u64,
}

impl Tasks {
    /// Takes a task, and gives its id: 19 digits like the real ones, and no number that a float can hold.
    pub(crate) fn submit(&mut self, ability: Ability, actions: TaskActions, accepted: Accepted) -> String {
        let id = (7_392_616_336_519_610_409 + self.submits * 1_048_583).to_string();
        self.submits += 1;
        let Accepted { order, refuse } = accepted;
        let (submitted, task) = (Instant::now(), id.clone());
        self.kept.push_back(Task { id, actions, ability, order, refuse, submitted, polls: 0, last: None });
        while self.kept.len() > 1 && (self.kept.len() > KEPT_TASKS || self.pixels() > KEPT_PIXELS) {
            self.kept.pop_front();
        }
        task
    }

    /// How many tasks have been taken.
    pub(crate) fn submits(&self) -> u64 {
        self.submits
    }

    /// Counts a poll, and tells what it finds; with a done task comes what it was to make.
    pub(crate) fn poll(&mut self, name: TaskName<'_>) -> (TaskState, Option<Accepted>) {
        let pace = self.pace;
        let found = self
            .kept
            .iter_mut()
            .find(|task| task.id == name.id && task.actions == name.actions && task.ability.req_key() == name.req_key);
        let Some(task) = found else { return (TaskState::NotFound, None) };
        let state = task.state(pace);
        task.polls += 1;
        let accepted = Accepted { order: Arc::clone(&task.order), refuse: task.refuse };
        (state, (state == TaskState::Done).then_some(accepted))
    }

    /// Cancels a task that is not done yet; otherwise its state. `req_key` may be absent.
    pub(crate) fn cancel(&mut self, id: &str, req_key: Option<&str>) -> Result<(), TaskState> {
        let pace = self.pace;
        let same_key = |task: &Task| req_key.is_none_or(|req_key| req_key == task.ability.req_key());
        let found = self.kept.iter_mut().find(|task| task.id == id && same_key(task));
        let task = found.ok_or(TaskState::NotFound)?;
        match task.state(pace) {
            TaskState::InQueue | TaskState::Generating => {
                task.last = Some(TaskState::NotFound);
                Ok(())
            }
            state => Err(state),
        }
    }

    /// Every task that is kept is expired from now on.
    pub(crate) fn expire(&mut self) {
        self.kept.iter_mut().for_each(|task| task.last = Some(TaskState::Expired));
    }

    fn pixels(&self) -> u64 {
        let pixels = |task: &Task| u64::from(task.order.picture.width()) * u64::from(task.order.picture.height());
        self.kept.iter().map(pixels).sum()
    }
}

impl Task {
    fn state(&self, pace: TaskPace) -> TaskState {
        self.last.unwrap_or_else(|| pace.state(self.polls, self.submitted.elapsed()))
    }
}
