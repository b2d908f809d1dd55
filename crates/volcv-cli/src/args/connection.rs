//! The flags of the way to the service. No secret is one of them.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueEnum};
use volcv_emulator::Distortion;

/// What every call needs.
#[derive(Debug, Args)]
#[command(next_help_heading = "Connection")]
pub(crate) struct ConnectionArgs {
    /// Call the service itself with an access key, instead of a gateway with an API key; see below where it comes from
    #[arg(long)]
    pub(crate) direct: bool,
    /// The region in the signatures of --direct [default: cn-north-1]
    #[arg(long, value_name = "REGION", requires = "direct")]
    pub(crate) region: Option<String>,
    /// The gateway's base URL, with or without /volcv/v1 [env: VOLCV_BASE_URL]; with --direct the service's, if it is not
    /// https://visual.volcengineapi.com [env: VOLCV_DIRECT_URL]
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
    /// The longest that a call may take, with all its attempts and waits, or that a task is waited for; so for the download
    /// of a link
    #[arg(long, value_name = "SECONDS", value_parser = seconds, allow_negative_numbers = true)]
    pub(crate) timeout: Option<Duration>,
    /// The first wait between two questions about a task; later ones are longer [default: 2]
    #[arg(long, value_name = "SECONDS", value_parser = seconds, allow_negative_numbers = true)]
    pub(crate) poll_interval: Option<Duration>,
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

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum TransportName {
    /// Blocking, without a runtime
    Ureq,
    /// Async, on tokio
    Reqwest,
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

pub(super) fn seconds(text: &str) -> Result<Duration, &'static str> {
    let seconds = text.parse().ok().and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    seconds.filter(|time| !time.is_zero()).ok_or("a number of seconds above 0 is needed")
}
