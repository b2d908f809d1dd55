//! The flags of `volcv call` and `volcv task`: requests as JSON, and tasks that were handed in.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use volcv::{Outpaint, TaskActions};

use super::connection::ConnectionArgs;

/// A request as JSON, with pictures beside it.
#[derive(Debug, Args)]
pub(crate) struct BodyArgs {
    /// The file with the JSON object to send, or - for standard input
    #[arg(long, value_name = "FILE")]
    pub(crate) body: PathBuf,
    /// A picture to send in the body: a file or - as binary_data_base64, a link as image_urls; repeatable
    #[arg(long = "image", value_name = "FILE")]
    pub(crate) images: Vec<PathBuf>,
    /// A further query item; repeatable
    #[arg(long, value_name = "KEY=VALUE", value_parser = key_value)]
    pub(crate) query: Vec<(String, String)>,
}

#[derive(Debug, Args)]
pub(crate) struct CallArgs {
    /// The Action of the query
    #[arg(long, value_name = "A", default_value = Outpaint::ACTION)]
    pub(crate) action: String,
    /// The Version of the query
    #[arg(id = "action_version", long = "version", value_name = "V", default_value = Outpaint::VERSION)]
    pub(crate) version: String,
    #[command(flatten)]
    pub(crate) request: BodyArgs,

    #[command(flatten)]
    pub(crate) connection: ConnectionArgs,
}

#[derive(Debug, Subcommand)]
pub(crate) enum TaskCommand {
    /// Hand a JSON object in as a task of any ability, and print the task as one line
    Submit(SubmitArgs),
    /// Ask once how far a task is, and write its pictures if it is done
    Get(GetArgs),
    /// Wait until a task is done, and write its pictures
    Wait(WaitArgs),
    /// Ask the service to give a task up
    Cancel(CancelArgs),
}

impl TaskCommand {
    pub(crate) fn connection(&self) -> &ConnectionArgs {
        match self {
            TaskCommand::Submit(args) => &args.connection,
            TaskCommand::Get(args) => &args.connection,
            TaskCommand::Wait(args) => &args.connection,
            TaskCommand::Cancel(args) => &args.connection,
        }
    }
}

#[derive(Debug, Args)]
pub(crate) struct SubmitArgs {
    #[command(flatten)]
    pub(crate) request: BodyArgs,
    /// The actions by which the task is submitted and asked for
    #[arg(long, value_enum, value_name = "PAIR", default_value_t = Actions::Sync2async)]
    pub(crate) actions: Actions,
    /// The file to write the task to, which must not exist; without it or with -, the task goes to standard output
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,

    #[command(flatten)]
    pub(crate) connection: ConnectionArgs,
}

#[derive(Debug, Args)]
pub(crate) struct GetArgs {
    #[command(flatten)]
    pub(crate) task: TaskArg,
    /// The file for the picture, or - for standard output; without it, only the state is printed
    #[arg(short, long, value_name = "OUT")]
    pub(crate) output: Option<PathBuf>,
    /// Wait until the task is done, as `volcv task wait`
    #[arg(long, requires = "output")]
    pub(crate) wait: bool,

    #[command(flatten)]
    pub(crate) connection: ConnectionArgs,
}

#[derive(Debug, Args)]
pub(crate) struct WaitArgs {
    #[command(flatten)]
    pub(crate) task: TaskArg,
    /// The file for the picture, or - for standard output
    #[arg(short, long, value_name = "OUT")]
    pub(crate) output: PathBuf,

    #[command(flatten)]
    pub(crate) connection: ConnectionArgs,
}

#[derive(Debug, Args)]
pub(crate) struct CancelArgs {
    #[command(flatten)]
    pub(crate) task: TaskArg,

    #[command(flatten)]
    pub(crate) connection: ConnectionArgs,
}

/// A task that was handed in before, by this program or by another one.
#[derive(Debug, Args)]
pub(crate) struct TaskArg {
    /// The file that holds the task, - for standard input, or the line itself
    #[arg(value_name = "TASK", required_unless_present = "id", conflicts_with = "id")]
    pub(crate) task: Option<PathBuf>,
    /// The id of a task that another program has handed in
    #[arg(long, value_name = "ID", requires = "req_key")]
    pub(crate) id: Option<String>,
    /// The ability of the task with this id
    #[arg(long, value_name = "KEY", requires = "id")]
    pub(crate) req_key: Option<String>,
    /// The actions of the task with this id [default: sync2async]
    #[arg(long, value_enum, value_name = "PAIR", requires = "id")]
    pub(crate) actions: Option<Actions>,
    /// Ask for the result of the task with this id as a link, and download the picture from there
    #[arg(long, requires = "id")]
    pub(crate) return_url: bool,
}

/// The pairs of actions of tasks.
#[derive(Debug, Clone, Copy, Default, ValueEnum)]
pub(crate) enum Actions {
    /// CVSync2AsyncSubmitTask and CVSync2AsyncGetResult
    #[default]
    Sync2async,
    /// CVSubmitTask and CVGetResult
    Plain,
}

impl From<Actions> for TaskActions {
    fn from(actions: Actions) -> Self {
        match actions {
            Actions::Sync2async => TaskActions::Sync2Async,
            Actions::Plain => TaskActions::Plain,
        }
    }
}

fn key_value(text: &str) -> Result<(String, String), &'static str> {
    let (key, value) = text.split_once('=').ok_or("KEY=VALUE is needed")?;
    Ok((key.to_owned(), value.to_owned()))
}
