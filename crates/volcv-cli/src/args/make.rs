//! The flags of the commands that make pictures, beside those of one ability.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use volcv::EraseQuality;

use super::connection::ConnectionArgs;

/// What every command has that makes pictures.
#[derive(Debug, Args)]
pub(crate) struct MakeArgs {
    /// The picture, - for standard input, or a link that starts with https://
    #[arg(value_name = "IN")]
    pub(crate) input: PathBuf,
    /// The file to write, or - for standard output; gets -1, -2, … before its ending when several pictures come
    #[arg(short, long = "output", value_name = "OUT")]
    pub(crate) output: PathBuf,
    /// 0 to 4294967295, or -1 for a random one; repeat it for several pictures, each with another seed
    #[arg(long = "seed", value_name = "N", allow_negative_numbers = true)]
    pub(crate) seeds: Vec<i64>,
    /// Make N pictures: with --seed S of the seeds S, S+1, …, otherwise of random ones
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1000))]
    pub(crate) variants: Option<u16>,
    /// Let the service send a link, and download the picture from there without the key
    #[arg(long)]
    pub(crate) return_url: bool,
    /// Turn the warnings about the request into errors
    #[arg(long)]
    pub(crate) strict: bool,
    /// Print the request without picture text and key, and send nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Run as a task: hand it in, keep it in OUT.task.json until the picture is written, and wait
    #[arg(long)]
    pub(crate) as_task: bool,
    /// Hand it in as a task, write the task to OUT, and do not wait; `volcv task wait` gets the picture
    #[arg(long, conflicts_with = "as_task")]
    pub(crate) submit_only: bool,
}

#[derive(Debug, Args)]
pub(crate) struct InpaintArgs {
    #[command(flatten)]
    pub(crate) make: MakeArgs,
    /// Paint anew what is white in this picture of the same size, keep what is black; a file, - or a link
    #[arg(long, value_name = "MASK")]
    pub(crate) mask: PathBuf,
    /// What is painted there
    #[arg(long, value_name = "TEXT")]
    pub(crate) prompt: Option<String>,
    /// How strongly the prompt steers, 1 to 20
    #[arg(long, value_name = "X", allow_negative_numbers = true)]
    pub(crate) scale: Option<f64>,
    /// Sampling steps, at least 1
    #[arg(long, value_name = "N")]
    pub(crate) steps: Option<u32>,

    #[command(flatten)]
    pub(crate) connection: ConnectionArgs,
}

#[derive(Debug, Args)]
pub(crate) struct EraseArgs {
    #[command(flatten)]
    pub(crate) make: MakeArgs,
    /// Erase what is white in this picture of the same size, keep what is black; a file, - or a link
    #[arg(long, value_name = "MASK")]
    pub(crate) mask: PathBuf,
    /// Let the mask grow by this many pixels first, 0 to 4096 [the service's default: 15]
    #[arg(long, value_name = "PIXELS")]
    pub(crate) dilate: Option<u32>,
    /// More quality takes longer [the service's default: M]
    #[arg(long, value_enum, value_name = "QUALITY")]
    pub(crate) quality: Option<Quality>,
    /// How strongly the result is steered, 1 to 20
    #[arg(long, value_name = "X", allow_negative_numbers = true)]
    pub(crate) scale: Option<f64>,
    /// Sampling steps, at least 1
    #[arg(long, value_name = "N")]
    pub(crate) steps: Option<u32>,
    /// How far the result may be from the original, 0.1 to 1
    #[arg(long, value_name = "X", allow_negative_numbers = true)]
    pub(crate) strength: Option<f64>,

    #[command(flatten)]
    pub(crate) connection: ConnectionArgs,
}

/// The service's letters.
#[derive(Debug, Clone, Copy, ValueEnum)]
#[value(rename_all = "UPPER")]
pub(crate) enum Quality {
    H,
    M,
    L,
}

impl From<Quality> for EraseQuality {
    fn from(quality: Quality) -> Self {
        match quality {
            Quality::H => EraseQuality::High,
            Quality::M => EraseQuality::Medium,
            Quality::L => EraseQuality::Low,
        }
    }
}
