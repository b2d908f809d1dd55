//! The flags of `volcv batch`: many pictures, and the ledger that knows what was bought.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use clap::{ArgGroup, Args, Subcommand, ValueEnum};
use volcv_batch::{Batch, Shard, State};

use super::connection::{ConnectionArgs, seconds};
use super::{AbilityName, Field};
use crate::wish::{OTHERS, SIDES, WishArgs};

/// What clap has to let through without IN and -o: the other commands of a batch.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub(crate) struct BatchArgs {
    #[command(subcommand)]
    pub(crate) command: Option<BatchCommand>,
    #[command(flatten)]
    pub(crate) run: BatchRunArgs,
}

impl BatchArgs {
    pub(crate) fn json(&self) -> bool {
        match &self.command {
            None => self.run.connection.json,
            Some(BatchCommand::Status(args)) => args.json,
            Some(BatchCommand::Retry(args)) => args.json,
            Some(BatchCommand::Export(args)) => args.json,
        }
    }
}

#[derive(Debug, Subcommand)]
pub(crate) enum BatchCommand {
    /// Say how far a batch is and what it has cost, while it runs too
    Status(BatchStatusArgs),
    /// Let the next run take failed, refused or unknown items again
    Retry(BatchRetryArgs),
    /// Write the report, or contact sheets, from the ledger
    Export(BatchExportArgs),
}

#[derive(Debug, Args)]
#[command(group = ArgGroup::new("mode").args(SIDES).args(OTHERS).multiple(true))]
pub(crate) struct BatchRunArgs {
    /// A folder, a pattern such as 'photos/**/*.jpg', or a JSON Lines manifest: a file that ends in .jsonl or .ndjson, or -
    /// for standard input
    #[arg(value_name = "IN", required = true)]
    pub(crate) input: Option<String>,
    /// The folder for the pictures, the ledger and the report; it is made if it does not exist
    #[arg(short, long = "output", value_name = "OUT", required = true)]
    pub(crate) output: Option<PathBuf>,
    /// Paid calls at the same time in this process; less while the service asks to slow down
    #[arg(long, value_name = "N", default_value_t = Batch::CONCURRENCY)]
    #[arg(value_parser = clap::value_parser!(u16).range(1..=i64::from(Batch::MAX_CONCURRENCY)))]
    pub(crate) concurrency: u16,
    /// Paid calls that this process may start per second; 0.1 is one in ten seconds
    #[arg(long, value_name = "X", value_parser = rate, allow_negative_numbers = true)]
    pub(crate) rate: Option<f64>,
    /// Send nothing more once N calls were or may have been charged; all runs of the ledger count, the earlier ones too
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    pub(crate) max_cost: Option<u64>,
    /// Send again what is unknown from earlier runs; each of these pictures may then be paid for twice
    #[arg(long)]
    pub(crate) resend_unknown: bool,
    /// Tries of one picture whose failures were free of charge; throttled ones do not count [default: 5]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) tries: Option<u32>,
    /// How long a run may be silent, 2 to 3600, before others take its pictures over [default: 30]
    #[arg(long, value_name = "SECONDS", value_parser = seconds, allow_negative_numbers = true)]
    pub(crate) lease: Option<Duration>,
    /// The format of pictures whose line of the manifest names no output
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t = OutputName::Png)]
    pub(crate) format: OutputName,
    /// The report to write at the end, one line of JSON for each picture [default: OUT/report.jsonl]
    #[arg(long, value_name = "FILE")]
    pub(crate) report: Option<PathBuf>,
    /// Write pages that show each picture before and after into OUT/sheet at the end
    #[arg(long)]
    pub(crate) contact_sheet: bool,
    /// Say how many pictures and paid calls the input means, and send and write nothing
    #[arg(long)]
    pub(crate) dry_run: bool,

    #[command(flatten)]
    pub(crate) place: LedgerArgs,

    #[command(flatten)]
    pub(crate) wish: WishArgs,

    #[command(flatten)]
    pub(crate) picture: PictureArgs,

    #[command(flatten)]
    pub(crate) connection: ConnectionArgs,
}

/// What is wished for each picture whose line of the manifest does not say it.
#[derive(Debug, Args)]
#[command(next_help_heading = "For each picture whose line of the manifest does not say it")]
pub(crate) struct PictureArgs {
    /// What the new area should show
    #[arg(long, value_name = "TEXT")]
    pub(crate) prompt: Option<String>,
    /// The field that carries the prompt, where a gateway wants another one than its documentation says
    #[arg(long, value_enum, value_name = "FIELD")]
    pub(crate) prompt_field: Option<Field>,
    /// 0 to 4294967295, or -1 for a random one
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    pub(crate) seed: Option<i64>,
    /// How strongly the prompt steers, 1 to 20
    #[arg(long, value_name = "X", allow_negative_numbers = true)]
    pub(crate) scale: Option<f64>,
    /// Sampling steps, at least 1
    #[arg(long, value_name = "N")]
    pub(crate) steps: Option<u32>,
    /// How far the result may be from the original, 0.1 to 1
    #[arg(long, value_name = "X", allow_negative_numbers = true)]
    pub(crate) strength: Option<f64>,
    /// Let the service send a link, and download the picture from there without the key
    #[arg(long)]
    pub(crate) return_url: bool,
    /// Write the pictures as the service sends them, instead of pasting the original back into them bit for bit
    #[arg(long)]
    pub(crate) no_paste_back: bool,
    /// Turn the warnings about the requests into errors
    #[arg(long)]
    pub(crate) strict: bool,
    /// What the calls run on
    #[arg(long, value_enum, value_name = "ABILITY")]
    pub(crate) ability: Option<AbilityName>,
    /// Grow by up to N calls, each of which is paid for, where one cannot grow so far
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) max_passes: Option<u32>,
    /// The longest side that is sent to the service, or asked from it; more is scaled [default: 4096]
    #[arg(long, value_name = "PIXELS")]
    pub(crate) max_side: Option<u32>,
}

#[derive(Debug, Args)]
pub(crate) struct BatchStatusArgs {
    /// The folder of the batch
    #[arg(value_name = "OUT")]
    pub(crate) output: PathBuf,
    #[command(flatten)]
    pub(crate) place: LedgerArgs,
    /// Print exactly one JSON object on standard output, for errors too
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct BatchRetryArgs {
    /// The folder of the batch
    #[arg(value_name = "OUT")]
    pub(crate) output: PathBuf,
    /// Those that failed; without any of these three flags, too
    #[arg(long)]
    pub(crate) failed: bool,
    /// Those that the review refused
    #[arg(long)]
    pub(crate) refused: bool,
    /// Those of which nobody knows whether they were bought: each of them may then be paid for twice
    #[arg(long)]
    pub(crate) unknown: bool,
    #[command(flatten)]
    pub(crate) place: LedgerArgs,
    /// Print exactly one JSON object on standard output, for errors too
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct BatchExportArgs {
    /// The folder of the batch
    #[arg(value_name = "OUT")]
    pub(crate) output: PathBuf,
    /// Only items in this state: planned, claimed, sending, unknown, paid, done, refused or failed; repeatable
    #[arg(long = "state", value_name = "STATE")]
    pub(crate) states: Vec<State>,
    /// The file for the report, one line of JSON for each item; without it or with -, standard output
    #[arg(short = 'o', long = "output", id = "report_file", value_name = "FILE")]
    pub(crate) report: Option<PathBuf>,
    /// Write pages that show each picture before and after into this folder, instead of a report
    #[arg(long, value_name = "FOLDER", conflicts_with = "report_file")]
    pub(crate) contact_sheet: Option<PathBuf>,
    /// IN of the run, where contact sheets find the pictures before [default: the pictures are in this folder]
    #[arg(long, value_name = "IN", requires = "contact_sheet")]
    pub(crate) input: Option<String>,
    #[command(flatten)]
    pub(crate) place: LedgerArgs,
    /// Print exactly one JSON object on standard output, for errors too; the report needs -o then
    #[arg(long)]
    pub(crate) json: bool,
}

/// Which ledger.
#[derive(Debug, Args)]
#[command(next_help_heading = "Ledger")]
pub(crate) struct LedgerArgs {
    /// A file of SQLite on this machine, or postgres://USER:PASSWORD@HOST/DATABASE for many machines [default:
    /// OUT/.volcv.sqlite] [env: VOLCV_LEDGER, where other users of this machine cannot read the password]
    #[arg(long, value_name = "URL")]
    pub(crate) ledger: Option<LedgerText>,
    /// The name of the batch in PostgreSQL: its schema, which is made if it does not exist
    #[arg(long, value_name = "NAME")]
    pub(crate) batch: Option<String>,
    /// Only the part I of N parts, from 0 to N-1, with a ledger of its own: OUT/.volcv-I-of-N.sqlite
    #[arg(long, value_name = "I/N")]
    pub(crate) shard: Option<Shard>,
}

/// A ledger's URL, which may hold a password: clap must not repeat it.
#[derive(Clone)]
pub(crate) struct LedgerText(pub(crate) String);

impl From<String> for LedgerText {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl fmt::Debug for LedgerText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LedgerText([redacted])")
    }
}

fn rate(text: &str) -> Result<f64, &'static str> {
    let rate = text.parse().ok().filter(|rate: &f64| rate.is_finite() && *rate > 0.0);
    rate.ok_or("a number above 0 is needed")
}

/// The formats of finished pictures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum OutputName {
    Png,
    Jpg,
    Bmp,
}

impl OutputName {
    pub(crate) fn ending(self) -> &'static str {
        match self {
            OutputName::Png => "png",
            OutputName::Jpg => "jpg",
            OutputName::Bmp => "bmp",
        }
    }
}
