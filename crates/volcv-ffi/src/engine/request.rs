//! What a job is to do, and the call of the client that does it.

use std::time::Instant;

use volcv::{
    AbilityRequest, BlockingClient, CallOptions, CvRequest, Error, InvalidInput, Outcome, Task, TaskReport,
    TaskRequest, TaskStatus,
};

use super::download::downloaded;
use super::expansion::{Expansion, Finished};
use super::job::{JobOptions, JobResult};
use super::{Borrowed, CError, inject};
use crate::abi::*;

/// A request that was checked, with the handles of its borrowed pictures.
pub(crate) struct JobRequest {
    work: Work,
    /// Links of the result are downloaded.
    download: bool,
    borrows: Vec<Borrowed>,
}

enum Work {
    Ability(Box<dyn AbilityRequest + Send>),
    #[cfg_attr(not(feature = "image"), allow(dead_code, reason = "there are none"))]
    Expansion(Box<Expansion>),
    Raw(Box<CvRequest>),
    Download(String),
    /// With what may spoil the result, for the log.
    Submit(Box<TaskRequest>, Vec<String>),
    Task(Box<Task>, TaskWork),
}

/// What is to be done with a task.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum TaskWork {
    Wait,
    Status,
    Cancel,
}

/// What the service gave.
#[derive(Default)]
pub(super) struct Answer {
    /// `None` for a task that was cancelled, and for one that is not done.
    pub(super) outcome: Option<Outcome>,
    /// Of a whole operation.
    pub(super) pixels: Option<Finished>,
    /// `VOLCV_TASK_*`, of a task that was asked for.
    pub(super) status: Option<u32>,
}

impl JobRequest {
    /// One call, or one task for an ability that is nothing else.
    pub(crate) fn ability(ability: Box<dyn AbilityRequest + Send>, download: bool, borrows: Vec<Borrowed>) -> Self {
        Self { download, ..Self::of(Work::Ability(ability), borrows) }
    }

    #[cfg(feature = "image")]
    pub(crate) fn expansion(expansion: Expansion, borrows: Vec<Borrowed>) -> Self {
        Self::of(Work::Expansion(Box::new(expansion)), borrows)
    }

    pub(crate) fn raw(request: CvRequest, borrows: Vec<Borrowed>) -> Self {
        Self::of(Work::Raw(Box::new(request)), borrows)
    }

    /// The link is one that may be fetched.
    pub(crate) fn download(link: String) -> Self {
        Self::of(Work::Download(link), Vec::new())
    }

    pub(crate) fn submit(request: TaskRequest, warnings: &[InvalidInput], borrows: Vec<Borrowed>) -> Self {
        Self::of(Work::Submit(Box::new(request), warnings.iter().map(InvalidInput::advice).collect()), borrows)
    }

    pub(crate) fn of_task(task: Task, work: TaskWork) -> Self {
        Self::of(Work::Task(Box::new(task), work), Vec::new())
    }

    fn of(work: Work, borrows: Vec<Borrowed>) -> Self {
        Self { work, download: false, borrows }
    }

    /// With what the options ask for.
    pub(crate) fn with(self, options: &JobOptions) -> Result<Self, CError> {
        let has_result = matches!(self.work, Work::Task(_, TaskWork::Wait | TaskWork::Status));
        match (options.download, has_result) {
            (true, false) => {
                let allowed = "without this bit, but for volcv_task_wait and volcv_task_status";
                Err(CError::argument("volcv_job_options.flags", "VOLCV_JOB_DOWNLOAD", allowed))
            }
            (download, _) => Ok(Self { download: self.download || download, ..self }),
        }
    }

    /// The job is accepted: borrowed pictures will be released.
    pub(super) fn accept(mut self) -> Self {
        self.borrows.drain(..).for_each(Borrowed::arm);
        self
    }

    /// The task that the job is about from the start.
    pub(super) fn task(&self) -> Option<&Task> {
        match &self.work {
            Work::Task(task, _) => Some(task),
            _ => None,
        }
    }

    /// Whether it decodes and encodes before its first call.
    pub(super) fn has_codec_work(&self) -> bool {
        matches!(self.work, Work::Expansion(_))
    }

    /// What may spoil the result, for the log.
    pub(super) fn warnings(&self) -> Vec<String> {
        match &self.work {
            Work::Ability(ability) => ability.warnings().iter().map(InvalidInput::advice).collect(),
            Work::Expansion(expansion) => expansion.warnings().to_vec(),
            Work::Submit(_, warnings) => warnings.clone(),
            Work::Raw(_) | Work::Download(_) | Work::Task(..) => Vec::new(),
        }
    }

    /// Makes the call. The request, and with it every borrowed picture, is gone when this returns.
    pub(super) fn perform(self, client: &BlockingClient, options: &CallOptions) -> JobResult {
        let has_json = !matches!(self.work, Work::Download(_));
        let download = self.download;
        let begun = Instant::now();
        let fetched = |outcome| match download {
            true => downloaded(client, options, begun, outcome),
            false => Ok(outcome),
        };
        let result = inject::point(inject::Layer::Worker, || -> Result<Answer, Error> {
            Ok(match self.work {
                Work::Ability(ability) => fetched(client.generate(&*ability, options)?)?.into(),
                Work::Expansion(expansion) => {
                    let (outcome, pixels) = expansion.perform(client, options)?;
                    Answer { pixels, ..outcome.into() }
                }
                Work::Raw(request) => client.call(*request, options)?.into(),
                Work::Download(link) => client.download_outcome(&link, options)?.into(),
                Work::Submit(request, _) => client.submit_outcome(&request, options)?.1.into(),
                Work::Task(task, TaskWork::Wait) => fetched(client.wait(&task, options)?)?.into(),
                Work::Task(task, TaskWork::Status) => {
                    let TaskReport { status, outcome, .. } = client.task_status(&task, options)?;
                    Answer {
                        outcome: outcome.map(fetched).transpose()?,
                        status: Some(status_of(&status)),
                        pixels: None,
                    }
                }
                Work::Task(task, TaskWork::Cancel) => {
                    client.cancel_task(&task, options)?;
                    Answer::default()
                }
            })
        });
        inject::point(inject::Layer::Result, || JobResult::of(result, has_json))
    }
}

impl From<Outcome> for Answer {
    fn from(outcome: Outcome) -> Self {
        Self { outcome: Some(outcome), ..Self::default() }
    }
}

fn status_of(status: &TaskStatus) -> u32 {
    match status {
        TaskStatus::InQueue => VOLCV_TASK_IN_QUEUE,
        TaskStatus::Generating => VOLCV_TASK_GENERATING,
        TaskStatus::Done => VOLCV_TASK_DONE,
        TaskStatus::NotFound => VOLCV_TASK_NOT_FOUND,
        TaskStatus::Expired => VOLCV_TASK_EXPIRED,
        // The enum may grow.
        _ => VOLCV_TASK_OTHER,
    }
}
