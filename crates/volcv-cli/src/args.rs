//! The command line as clap reads it. Ranges of the service's fields are checked by the library, not here.

mod batch;
mod connection;
mod help;
mod make;
mod task;

use std::net::IpAddr;
use std::path::PathBuf;

use clap::{ArgGroup, Args, Parser, Subcommand, ValueEnum};
use volcv::{Ability, PromptField};
use volcv_emulator::{Distortion, Fault, TaskPace};

pub(crate) use self::batch::{
    BatchArgs, BatchCommand, BatchExportArgs, BatchRetryArgs, BatchRunArgs, BatchStatusArgs, LedgerArgs, PictureArgs,
};
pub(crate) use self::connection::{ConnectionArgs, TransportName};
pub(crate) use self::make::{EraseArgs, InpaintArgs, MakeArgs};
pub(crate) use self::task::{BodyArgs, CallArgs, SubmitArgs, TaskArg, TaskCommand};

use self::help::{
    BATCH_CODES, BATCH_ENVIRONMENT, BATCH_HELP, CALL_HELP, EMULATOR_HELP, ENVIRONMENT, ERASE_HELP, EXIT_CODES,
    INPAINT_HELP, MASK_HELP, OUTPAINT_HELP, PLAN_HELP, TASK_HELP,
};
use crate::fill::FillArg;
use crate::wish::{OTHERS, SIDES, WishArgs};

/// Outpaints pictures with Volcengine: grows a picture beyond its edges, and never pays twice.
#[derive(Debug, Parser)]
#[command(name = "volcv", version, after_help = format!("{ENVIRONMENT}\n\n{EXIT_CODES}"), arg_required_else_help = true)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Grow a picture beyond its edges, or fill the white part of a mask
    #[command(after_help = format!("{OUTPAINT_HELP}\n\n{ENVIRONMENT}\n\n{EXIT_CODES}"))]
    Outpaint(Box<OutpaintArgs>),
    /// Say what would be sent and what would come of it, without a key, a network or a cost
    #[command(after_help = PLAN_HELP)]
    Plan(PlanArgs),
    /// Write the padded picture and the mask of a growth, to change them by hand and send them with outpaint --mask
    #[command(after_help = MASK_HELP)]
    Mask(MaskArgs),
    /// Paint anew what a mask covers, by a text
    #[command(after_help = format!("{INPAINT_HELP}\n\n{ENVIRONMENT}\n\n{EXIT_CODES}"))]
    Inpaint(Box<InpaintArgs>),
    /// Remove what a mask covers
    #[command(after_help = format!("{ERASE_HELP}\n\n{ENVIRONMENT}\n\n{EXIT_CODES}"))]
    Erase(Box<EraseArgs>),
    /// Hand in tasks of any ability, and get their results later, from another process too
    #[command(subcommand, after_help = format!("{TASK_HELP}\n\n{ENVIRONMENT}\n\n{EXIT_CODES}"))]
    Task(TaskCommand),
    /// Grow many pictures, none of which is bought twice: not after a crash, and not by many machines
    #[command(after_help = format!("{BATCH_HELP}\n\n{ENVIRONMENT}{BATCH_ENVIRONMENT}\n\n{BATCH_CODES}"))]
    Batch(Box<BatchArgs>),
    /// Call any action of the service: a JSON object in, the service's JSON out
    #[command(after_help = format!("{CALL_HELP}\n\n{ENVIRONMENT}\n\n{EXIT_CODES}"))]
    Call(CallArgs),
    /// Run a local service that answers like the real one, as a gateway and for --direct; its pictures are not made by a model
    #[command(after_help = EMULATOR_HELP)]
    Emulator(EmulatorArgs),
}

impl Command {
    /// Whether results and errors are wanted as one JSON object.
    pub(crate) fn json(&self) -> bool {
        match self {
            Command::Outpaint(args) => args.connection.json,
            Command::Plan(args) => args.json,
            Command::Mask(args) => args.json,
            Command::Inpaint(args) => args.connection.json,
            Command::Erase(args) => args.connection.json,
            Command::Task(command) => command.connection().json,
            Command::Batch(args) => args.json(),
            Command::Call(args) => args.connection.json,
            Command::Emulator(_) => false,
        }
    }

    /// Whether the first Ctrl-C lets it finish what is paid for.
    pub(crate) fn finishes(&self) -> bool {
        matches!(self, Command::Batch(args) if args.command.is_none())
    }
}

#[derive(Debug, Args)]
#[command(group = ArgGroup::new("mode").args(SIDES).args(OTHERS).arg("mask").required(true).multiple(true))]
pub(crate) struct OutpaintArgs {
    #[command(flatten)]
    pub(crate) make: MakeArgs,

    /// What the new area should show
    #[arg(long, value_name = "TEXT")]
    pub(crate) prompt: Option<String>,
    /// The field that carries the prompt, where a gateway wants another one than its documentation says
    #[arg(long, value_enum, value_name = "FIELD")]
    pub(crate) prompt_field: Option<Field>,
    /// How strongly the prompt steers, 1 to 20
    #[arg(long, value_name = "X", allow_negative_numbers = true)]
    pub(crate) scale: Option<f64>,
    /// Sampling steps, at least 1
    #[arg(long, value_name = "N")]
    pub(crate) steps: Option<u32>,
    /// How far the result may be from the original, 0.1 to 1
    #[arg(long, value_name = "X", allow_negative_numbers = true)]
    pub(crate) strength: Option<f64>,
    /// Shrink a larger result to this width in pixels [the service's default: 1920]
    #[arg(long, value_name = "PIXELS")]
    pub(crate) max_width: Option<u32>,
    /// Shrink a larger result to this height in pixels [the service's default: 1920]
    #[arg(long, value_name = "PIXELS")]
    pub(crate) max_height: Option<u32>,
    /// What the calls run on
    #[arg(long, value_enum, value_name = "ABILITY", default_value_t = AbilityName::Outpainting)]
    pub(crate) ability: AbilityName,

    #[command(flatten)]
    pub(crate) wish: WishArgs,
    /// Fill what is white in this picture of the same size, keep what is black; IN is the padded picture then
    #[arg(long, conflicts_with_all = SIDES, conflicts_with_all = OTHERS, conflicts_with_all = ["anchor", "too_small"])]
    #[arg(help_heading = "Where to grow")]
    pub(crate) mask: Option<PathBuf>,

    #[command(flatten)]
    pub(crate) whole: WholeArgs,

    #[command(flatten)]
    pub(crate) connection: ConnectionArgs,
}

impl OutpaintArgs {
    /// Whether the library has to plan and finish what is wished for; otherwise a single call does it all.
    pub(crate) fn is_whole(&self) -> bool {
        let whole = &self.whole;
        let finished = whole.keep_original || whole.best_of.is_some() || whole.contact_sheet.is_some();
        // The successor has only canvas mode, and a mask is a canvas already.
        let needs_canvas = self.ability != AbilityName::Outpainting && self.mask.is_none();
        finished || needs_canvas || self.wish.needs_plan() || whole.max_passes > 1 || whole.max_side.is_some()
    }
}

/// What makes a call a whole operation: it is planned, and its result is looked at.
#[derive(Debug, Args)]
#[command(next_help_heading = "Whole operations (so are --to, --pixels and --anchor)")]
pub(crate) struct WholeArgs {
    /// Paste the original back bit for bit, at its own resolution, and fit the new area to it; OUT is png, jpg or bmp
    #[arg(long, conflicts_with = "mask")]
    pub(crate) keep_original: bool,
    /// Grow by up to N calls, each of which is paid for, where one cannot grow so far; the original is pasted back
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
    #[arg(conflicts_with = "mask")]
    pub(crate) max_passes: u32,
    /// Make N pictures of N seeds; the one with the smallest seam becomes OUT, the others get numbers
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1000))]
    #[arg(conflicts_with_all = ["mask", "variants"])]
    pub(crate) best_of: Option<u16>,
    /// Show all pictures of the run in this one, in the order of their seeds
    #[arg(long, value_name = "FILE", conflicts_with = "mask")]
    pub(crate) contact_sheet: Option<PathBuf>,
    /// The longest side that is sent to the service, or asked from it; more is scaled [default: 4096]
    #[arg(long, value_name = "PIXELS", conflicts_with = "mask")]
    pub(crate) max_side: Option<u32>,
}

#[derive(Debug, Args)]
#[command(group = ArgGroup::new("mode").args(SIDES).args(OTHERS).required(true).multiple(true))]
pub(crate) struct PlanArgs {
    /// The picture, - for standard input, or only its size, such as 1024x768
    #[arg(value_name = "IN")]
    pub(crate) input: PathBuf,
    /// How many calls may be paid for
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) max_passes: u32,
    /// The longest side that is sent to the service, or asked from it; more is scaled [default: 4096]
    #[arg(long, value_name = "PIXELS")]
    pub(crate) max_side: Option<u32>,
    /// What the calls run on
    #[arg(long, value_enum, value_name = "ABILITY", default_value_t = AbilityName::Outpainting)]
    pub(crate) ability: AbilityName,
    /// Draw the plan: the original at its place, what grows around it, and where each call ends
    #[arg(long, value_name = "FILE")]
    pub(crate) draw: Option<PathBuf>,
    /// Print exactly one JSON object on standard output, for errors too
    #[arg(long)]
    pub(crate) json: bool,

    #[command(flatten)]
    pub(crate) wish: WishArgs,
}

#[derive(Debug, Args)]
#[command(group = ArgGroup::new("mode").args(SIDES).args(OTHERS).required(true).multiple(true))]
pub(crate) struct MaskArgs {
    /// The picture, or - for standard input
    #[arg(value_name = "IN")]
    pub(crate) input: PathBuf,
    /// The padded picture to write: png, jpg or bmp
    #[arg(short, long = "output", value_name = "OUT")]
    pub(crate) output: PathBuf,
    /// The mask to write, a png: white is painted, black is kept
    #[arg(long, value_name = "FILE")]
    pub(crate) mask_out: PathBuf,
    /// Paint this many pixels of the original too, along each side that grows
    #[arg(long, value_name = "PX", default_value_t = 0)]
    pub(crate) overlap: u32,
    /// Let the mask fade out over this many pixels of the original
    #[arg(long, value_name = "PX", default_value_t = 0)]
    pub(crate) soft: u32,
    /// What the padding shows: edge, mirror, average, or a colour such as 808080
    #[arg(long, value_name = "FILL", default_value = "edge")]
    pub(crate) fill: FillArg,
    /// Print exactly one JSON object on standard output, for errors too
    #[arg(long)]
    pub(crate) json: bool,

    #[command(flatten)]
    pub(crate) wish: WishArgs,
}

#[derive(Debug, Args)]
pub(crate) struct EmulatorArgs {
    /// The port to listen on; 0 takes a free one
    #[arg(long, value_name = "P", default_value_t = 0)]
    pub(crate) port: u16,
    /// The address to listen on
    #[arg(long, value_name = "IP", default_value = "127.0.0.1")]
    pub(crate) host: IpAddr,
    /// Accept this key [default: emulator-key]
    #[arg(long, value_name = "K", conflicts_with = "any_key")]
    pub(crate) key: Option<String>,
    /// Accept every key
    #[arg(long)]
    pub(crate) any_key: bool,
    /// Misbehave at one coming request; repeatable, see below
    #[arg(long = "fault", value_name = "TEXT")]
    pub(crate) faults: Vec<Fault>,
    /// Repeat the last fault for ever
    #[arg(long, requires = "faults")]
    pub(crate) fault_forever: bool,
    /// Distort every picture as a model does; see below
    #[arg(long, value_name = "WORDS")]
    pub(crate) distort: Option<Distortion>,
    /// The time that each answer takes, as that of a model would
    #[arg(long, value_name = "MS")]
    pub(crate) delay: Option<u64>,
    /// How many polls find a task in the queue, and then being made, before it is done
    #[arg(long, value_name = "QUEUED,GENERATING", default_value = "0,0")]
    pub(crate) task_polls: TaskPace,
    /// Set the server's clock ahead of the system's clock, or behind it
    #[arg(long, value_name = "SECONDS", default_value_t = 0, allow_negative_numbers = true)]
    pub(crate) clock_offset: i64,
    /// The format of the pictures
    #[arg(long, value_enum, default_value_t = Format::Png)]
    pub(crate) format: Format,
}

/// The abilities that outpaint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum AbilityName {
    /// Calls of i2i_outpainting
    Outpainting,
    /// Tasks of its successor, jimeng_img2img_seed3_painting_edit; it has no --scale, --steps and --strength
    PaintingEdit,
}

impl From<AbilityName> for Ability {
    fn from(name: AbilityName) -> Self {
        match name {
            AbilityName::Outpainting => Ability::Outpainting,
            AbilityName::PaintingEdit => Ability::PaintingEdit,
        }
    }
}

#[derive(Debug, Clone, Copy, ValueEnum)]
#[value(rename_all = "snake_case")]
pub(crate) enum Field {
    Prompt,
    CustomPrompt,
    Both,
}

impl From<Field> for PromptField {
    fn from(field: Field) -> Self {
        match field {
            Field::Prompt => PromptField::Prompt,
            Field::CustomPrompt => PromptField::CustomPrompt,
            Field::Both => PromptField::Both,
        }
    }
}

/// The formats that the emulator can paint.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum Format {
    Png,
    Jpeg,
}
