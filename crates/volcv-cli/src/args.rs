//! The command line as clap reads it. Ranges of the service's fields are checked by the library, not here.

use std::fmt;
use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::{ArgGroup, Args, Parser, Subcommand, ValueEnum};
use volcv::{Outpaint, PromptField};

use volcv_emulator::{Distortion, Fault, TaskPace};

use crate::fill::FillArg;
use crate::wish::{OTHERS, SIDES, WishArgs};

const EXIT_CODES: &str = "\
Environment:
  VOLCV_API_KEY   the API key; it is read from nowhere else and never shown
  VOLCV_BASE_URL  the gateway's base URL, where --base-url is not given
  VOLCV_PROXY     the proxy, where --proxy is not given; the place for one with a password
  VOLCV_CA_FILE   the certificates to trust besides, where --ca-file is not given

Exit codes:
  0 done                           5 throttled, or the service failed
  2 input, usage or configuration  6 no connection, TLS or timeout: nothing was bought
  3 key or quota                   7 outcome unknown: it may have been paid for
  4 refused by the review          8 the reply cannot be used
  130 cancelled";

const OUTPAINT_HELP: &str = "\
Examples:
  volcv outpaint photo.jpg -o wide.png --left 0.5 --right 0.5
  volcv outpaint photo.jpg -o wide.png --aspect 16:9 --prompt 'a calm sea' --variants 4
  volcv outpaint photo.jpg -o poster.png --to 2160x3840 --anchor bottom --keep-original --max-passes 3
  volcv outpaint photo.jpg -o wide.png --pixels 300,0,300,0 --best-of 4 --contact-sheet sheet.png
  volcv outpaint padded.png -o filled.png --mask mask.png --json
  volcv outpaint photo.jpg -o wide.png --equal 0.25 --emulator   (no key, no cost, no model)";

const PLAN_HELP: &str = "\
Examples:
  volcv plan photo.jpg --to 1920x1080 --anchor left
  volcv plan 1024x768 --to 4096x3072 --max-passes 2 --draw plan.png";

const MASK_HELP: &str = "\
Examples:
  volcv mask photo.jpg --to 1920x1080 -o padded.png --mask-out mask.png --overlap 8
  volcv outpaint padded.png --mask mask.png -o filled.png";

const CALL_HELP: &str = "\
Examples:
  echo '{\"req_key\":\"byteedit_v2.0\",\"prompt\":\"snow\",\"image_urls\":[\"https://…\"]}' | volcv call --body -
  volcv call --action CVSync2AsyncGetResult --version 2022-08-31 --body task.json";

const EMULATOR_HELP: &str = "\
A fault is `ok`, or words with commas between them; each --fault is for one coming request:
  code=N status=N retry-after=TEXT retry-after-date=SECONDS body=KIND location=URL
  delay=MS stall=STAGE for=MS trickle=BYTES/MS cut=N oversize=N length=+N|-N
  chunked close-delimited endless-headers close=STAGE reset=STAGE early=keep|close garbage
  action=call|submit|result|cancel|file (waits for such a request)
A STAGE is accept, headers, a number of request body bytes, body, reply-head or reply-body.
KINDs of error bodies: cv cv-empty-data top top-cv-code result-error gateway gateway-quota upstream-text
  upstream-object upstream-empty success-false html empty inner-status control-chars nul redirect
KINDs of other bodies: no-picture null-arrays result-success both-arrays string-picture escaped data-uri
  unpadded wrapped bom decoy gzip deep bad-utf8 empty-errors error-beside data-uri-link base64-link
  link-in-bytes padded-link url-safe url-safe-padded raw-wrapped cut-picture one-of-two-cut numbers
  lone-surrogate raw-control latin1 gbk numeric-id comment-before nul-behind text-behind two-documents

A distortion of the pictures is made of these words with commas between them:
  cast (or cast=LEVELS, 1 to 64)   a colour cast of 3 to 10 levels (0.3 to 1 times LEVELS) that varies over the
                                   picture, a gain of 0.97 to 1.02, a slight blur and noise, by the request's seed
  shift=DX/DY                      the picture moves right and down by these pixels, -256 to 256
  scale=K                          the picture comes back K times as large, 0.1 to 2

Examples:
  volcv emulator --port 8080
  volcv emulator --port 8080 --fault code=50429,retry-after=1 --fault ok --fault close=body
  volcv emulator --port 8080 --distort cast,shift=3/-2,scale=0.98
  VOLCV_API_KEY=emulator-key volcv outpaint photo.jpg -o wide.png --equal 0.2 --base-url http://127.0.0.1:8080";

/// Outpaints pictures with Volcengine: grows a picture beyond its edges, and never pays twice.
#[derive(Debug, Parser)]
#[command(name = "volcv", version, after_help = EXIT_CODES, arg_required_else_help = true)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Grow a picture beyond its edges, or fill the white part of a mask
    #[command(after_help = format!("{OUTPAINT_HELP}\n\n{EXIT_CODES}"))]
    Outpaint(Box<OutpaintArgs>),
    /// Say what would be sent and what would come of it, without a key, a network or a cost
    #[command(after_help = PLAN_HELP)]
    Plan(PlanArgs),
    /// Write the padded picture and the mask of a growth, to change them by hand and send them with outpaint --mask
    #[command(after_help = MASK_HELP)]
    Mask(MaskArgs),
    /// Call any action of the service: a JSON object in, the service's JSON out
    #[command(after_help = format!("{CALL_HELP}\n\n{EXIT_CODES}"))]
    Call(CallArgs),
    /// Run a local gateway that answers like the real one; its pictures are not made by a model
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
            Command::Call(args) => args.connection.json,
            Command::Emulator(_) => false,
        }
    }
}

#[derive(Debug, Args)]
#[command(group = ArgGroup::new("mode").args(SIDES).args(OTHERS).arg("mask").required(true).multiple(true))]
pub(crate) struct OutpaintArgs {
    /// The picture, - for standard input, or a link that starts with https://; with --mask the padded picture
    #[arg(value_name = "IN")]
    pub(crate) input: PathBuf,
    /// The file to write, or - for standard output; gets -1, -2, … before its ending when several pictures come
    #[arg(short, long = "output", value_name = "OUT")]
    pub(crate) output: PathBuf,

    /// What the new area should show
    #[arg(long, value_name = "TEXT")]
    pub(crate) prompt: Option<String>,
    /// The field that carries the prompt, where a gateway wants another one than its documentation says
    #[arg(long, value_enum, value_name = "FIELD")]
    pub(crate) prompt_field: Option<Field>,
    /// 0 to 4294967295, or -1 for a random one; repeat it for several pictures, each with another seed
    #[arg(long = "seed", value_name = "N", allow_negative_numbers = true)]
    pub(crate) seeds: Vec<i64>,
    /// Make N pictures: with --seed S of the seeds S, S+1, …, otherwise of random ones
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1000))]
    pub(crate) variants: Option<u16>,
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
    /// Let the service send a link, and download the picture from there without the key
    #[arg(long)]
    pub(crate) return_url: bool,
    /// Turn the warnings about the picture and the size of the result into errors
    #[arg(long)]
    pub(crate) strict: bool,
    /// Print the request without picture text and key, and send nothing
    #[arg(long)]
    pub(crate) dry_run: bool,

    #[command(flatten)]
    pub(crate) wish: WishArgs,
    /// Fill what is white in this picture of the same size, keep what is black
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
        finished || self.wish.needs_plan() || whole.max_passes > 1 || whole.max_side.is_some()
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
pub(crate) struct CallArgs {
    /// The Action of the query
    #[arg(long, value_name = "A", default_value = Outpaint::ACTION)]
    pub(crate) action: String,
    /// The Version of the query
    #[arg(id = "action_version", long = "version", value_name = "V", default_value = Outpaint::VERSION)]
    pub(crate) version: String,
    /// The file with the JSON object to send, or - for standard input
    #[arg(long, value_name = "FILE")]
    pub(crate) body: PathBuf,
    /// A further query item; repeatable
    #[arg(long, value_name = "KEY=VALUE", value_parser = key_value)]
    pub(crate) query: Vec<(String, String)>,

    #[command(flatten)]
    pub(crate) connection: ConnectionArgs,
}

/// What every call to a gateway needs.
#[derive(Debug, Args)]
#[command(next_help_heading = "Connection")]
pub(crate) struct ConnectionArgs {
    /// The gateway's base URL, with or without /volcv/v1 [env: VOLCV_BASE_URL]
    // Not clap's `env`: a variable would count as given, and so conflict with --emulator.
    #[arg(long, value_name = "URL", conflicts_with = "emulator")]
    pub(crate) base_url: Option<String>,
    /// Let the key travel over plain http beyond this machine
    #[arg(long)]
    pub(crate) allow_insecure_http: bool,
    /// Go through this proxy: SCHEME://USER:PASSWORD@HOST:PORT with http, socks5 or socks5h, the user and the password if it
    /// wants them [env: VOLCV_PROXY, where other users of this machine cannot read the password]
    #[arg(long, value_name = "URL", conflicts_with_all = ["emulator", "proxy_from_env"])]
    pub(crate) proxy: Option<ProxyUrl>,
    /// Go through the proxies that https_proxy, http_proxy, all_proxy and no_proxy name, as curl does
    #[arg(long, conflicts_with = "emulator")]
    pub(crate) proxy_from_env: bool,
    /// Trust the certificates in this file besides, PEM or DER, such as a company's own [env: VOLCV_CA_FILE]
    #[arg(long, value_name = "FILE", conflicts_with = "emulator")]
    pub(crate) ca_file: Option<PathBuf>,
    /// The HTTP library to use
    #[arg(long, value_enum, default_value_t = TransportName::Ureq)]
    pub(crate) transport: TransportName,
    /// The longest that a call may take, with all its attempts and waits; so for the download of a link
    #[arg(long, value_name = "SECONDS", value_parser = seconds, allow_negative_numbers = true)]
    pub(crate) timeout: Option<Duration>,
    /// Attempts of one call, the first included [default: 4]
    #[arg(long, value_name = "N")]
    pub(crate) max_attempts: Option<u32>,
    /// Attempts of one call that are or may be charged [default: 1]
    #[arg(long, value_name = "N")]
    pub(crate) charge_limit: Option<u32>,
    /// Start a local emulator and use it: no key, no cost, and no model
    #[arg(long)]
    pub(crate) emulator: bool,
    /// Distort the emulator's pictures as a model does: cast,shift=DX/DY,scale=K; see `volcv emulator --help`
    #[arg(long, value_name = "WORDS", requires = "emulator")]
    pub(crate) distort: Option<Distortion>,
    /// Print exactly one JSON object on standard output, for errors too
    #[arg(long)]
    pub(crate) json: bool,
    /// Show no progress
    #[arg(short, long)]
    pub(crate) quiet: bool,
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
    /// Wait before every answer, as a model would
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

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum TransportName {
    /// Blocking, without a runtime
    Ureq,
    /// Async, on tokio
    Reqwest,
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

/// A proxy's URL, read where its mistakes can be told without showing it: clap repeats what it cannot read.
#[derive(Clone)]
pub(crate) struct ProxyUrl(pub(crate) String);

impl From<String> for ProxyUrl {
    fn from(url: String) -> Self {
        Self(url)
    }
}

impl fmt::Debug for ProxyUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ProxyUrl([redacted])")
    }
}

fn seconds(text: &str) -> Result<Duration, &'static str> {
    let seconds = text.parse().ok().and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    seconds.filter(|time| !time.is_zero()).ok_or("a number of seconds above 0 is needed")
}

fn key_value(text: &str) -> Result<(String, String), &'static str> {
    let (key, value) = text.split_once('=').ok_or("KEY=VALUE is needed")?;
    Ok((key.to_owned(), value.to_owned()))
}

/// The formats that the emulator can paint.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum Format {
    Png,
    Jpeg,
}
