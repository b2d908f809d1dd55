//! One client over both transports, set up from arguments and environment.

use std::fmt;
use std::path::{Path, PathBuf};

use serde_json::Value;
use tokio::runtime::{Builder, Runtime};
use volcv::Bytes;
use volcv::{AbilityRequest, BlockingClient, CallOptions, CancelToken, ClientBuilder, CvRequest, Error, Expand as _};
use volcv::{ExpandBlocking as _, ExpandOptions, Expanded, Outcome, Outpaint, Source, Tls, Wish};

use crate::args::{ConnectionArgs, OutpaintArgs, TransportName};
use crate::emulator;
use crate::report::CliError;

const BASE_URL: &str = "VOLCV_BASE_URL";
const API_KEY: &str = "VOLCV_API_KEY";
const PROXY: &str = "VOLCV_PROXY";
const CA_FILE: &str = "VOLCV_CA_FILE";

/// A client of either transport whose methods wait for the result.
#[derive(Debug)]
pub(crate) enum Client {
    Ureq(BlockingClient),
    Reqwest(volcv::Client, &'static Runtime),
}

impl Client {
    /// A client for the gateway that arguments and environment name, or for an emulator that is started for it.
    pub(crate) fn connect(args: &ConnectionArgs, out: Option<&Path>) -> Result<Self, CliError> {
        let (base_url, key) = match (args.emulator, base_url(args)) {
            (true, _) => emulator::start_local(out, args.distort)?,
            (false, Some(base_url)) => (base_url, api_key()?),
            (false, None) => {
                let message = format!("no gateway is given; use --base-url, {BASE_URL}, or --emulator for a try");
                return Err(CliError::config(message));
            }
        };
        Self::new(args, base_url, key)
    }

    /// A client, and the picture that IN links to, whose size has to be known before a call.
    pub(crate) fn with_picture(
        args: &OutpaintArgs,
        link: &str,
        cancel: &CancelToken,
    ) -> Result<(Bytes, Self), CliError> {
        if args.dry_run {
            let message = "a dry run downloads nothing, but the size of the picture is needed; give a file";
            return Err(CliError::invalid_input(message));
        }
        let client = Self::connect(&args.connection, Some(&args.output))?;
        let picture = client.download(link, &CallOptions::new().cancel(cancel)).map_err(Error::uncharged)?;
        Ok((picture, client))
    }

    /// A client that is good for [`Client::preview`] only; it needs neither key nor gateway.
    pub(crate) fn dry(args: &ConnectionArgs) -> Result<Self, CliError> {
        let base_url = base_url(args).filter(|_| !args.emulator).unwrap_or("https://gateway.invalid".to_owned());
        Self::new(args, base_url, "not-a-key".to_owned())
    }

    /// As [`Client::dry`], without arguments.
    pub(crate) fn offline() -> Result<Self, CliError> {
        Ok(Self::Ureq(ClientBuilder::new("https://gateway.invalid", "not-a-key").ureq()?))
    }

    fn new(args: &ConnectionArgs, base_url: String, key: String) -> Result<Self, CliError> {
        let mut builder = ClientBuilder::new(base_url, key).allow_insecure_http(args.allow_insecure_http);
        // An emulator is on this machine and speaks plain http.
        if !args.emulator {
            builder = network(args, builder)?;
        }
        if let Some(time) = args.timeout {
            builder = builder.deadline(time);
        }
        if let Some(attempts) = args.max_attempts {
            builder = builder.max_attempts(attempts);
        }
        if let Some(attempts) = args.charge_limit {
            builder = builder.charge_limit(attempts);
        }
        Ok(match args.transport {
            TransportName::Ureq => Self::Ureq(builder.ureq()?),
            TransportName::Reqwest => {
                let runtime = Builder::new_current_thread().enable_all().build();
                let runtime = runtime.map_err(|error| CliError::config(format!("cannot start tokio: {error}")))?;
                // Dropping the runtime would wait for a running name lookup, so the runtime ends with the process.
                Self::Reqwest(builder.reqwest()?, Box::leak(Box::new(runtime)))
            }
        })
    }

    /// One call with the request's own seed if `seeds` has none, otherwise one call for each seed.
    pub(crate) fn outpaint(
        &self,
        outpaint: &Outpaint,
        seeds: &[i64],
        options: &CallOptions,
    ) -> Result<Vec<Result<Outcome, Error>>, Error> {
        match (self, seeds) {
            (Self::Ureq(client), []) => Ok(vec![client.outpaint_with(outpaint, options)]),
            (Self::Ureq(client), seeds) => client.variants(outpaint, seeds, options),
            (Self::Reqwest(client, runtime), []) => Ok(vec![runtime.block_on(client.outpaint_with(outpaint, options))]),
            (Self::Reqwest(client, runtime), seeds) => runtime.block_on(client.variants(outpaint, seeds, options)),
        }
    }

    /// One whole operation with the seed of the options if `seeds` has none, otherwise one for each seed.
    pub(crate) fn expand(
        &self,
        source: Source,
        wish: &Wish,
        seeds: &[i64],
        options: &ExpandOptions,
    ) -> Result<Vec<Result<Expanded, Error>>, Error> {
        match (self, seeds) {
            (Self::Ureq(client), []) => Ok(vec![client.expand(source, wish, options)]),
            (Self::Ureq(client), seeds) => client.expand_variants(source, wish, seeds, options),
            (Self::Reqwest(client, runtime), []) => Ok(vec![runtime.block_on(client.expand(source, wish, options))]),
            (Self::Reqwest(client, runtime), seeds) => {
                runtime.block_on(client.expand_variants(source, wish, seeds, options))
            }
        }
    }

    pub(crate) fn call(&self, request: CvRequest, options: &CallOptions) -> Result<Outcome, Error> {
        match self {
            Self::Ureq(client) => client.call(request, options),
            Self::Reqwest(client, runtime) => runtime.block_on(client.call(request, options)),
        }
    }

    pub(crate) fn download(&self, link: &str, options: &CallOptions) -> Result<Bytes, Error> {
        match self {
            Self::Ureq(client) => client.download(link, options),
            Self::Reqwest(client, runtime) => runtime.block_on(client.download(link, options)),
        }
    }

    pub(crate) fn preview(&self, ability: &dyn AbilityRequest) -> Result<Value, Error> {
        match self {
            Self::Ureq(client) => client.preview(ability),
            Self::Reqwest(client, _) => client.preview(ability),
        }
    }

    pub(crate) fn preview_variants(&self, ability: &dyn AbilityRequest, seeds: &[i64]) -> Result<Vec<Value>, Error> {
        match self {
            Self::Ureq(client) => client.preview_variants(ability, seeds),
            Self::Reqwest(client, _) => client.preview_variants(ability, seeds),
        }
    }
}

/// The proxy and the certificates. Arguments win over variables, and empty variables are none.
fn network(args: &ConnectionArgs, builder: ClientBuilder) -> Result<ClientBuilder, CliError> {
    let set = |name| std::env::var_os(name).filter(|value| !value.is_empty());
    let builder = match &args.ca_file.clone().or_else(|| set(CA_FILE).map(PathBuf::from)) {
        Some(file) => builder.tls(trusting(file)?),
        None => builder,
    };
    if args.proxy_from_env {
        return Ok(builder.proxy_from_env());
    }
    Ok(match (&args.proxy, set(PROXY)) {
        (Some(url), _) => builder.proxy(url.0.as_str()),
        (None, Some(url)) => {
            builder.proxy(url.into_string().map_err(|_| CliError::config(format!("{PROXY} is not a text")))?)
        }
        (None, None) => builder,
    })
}

fn trusting(file: &Path) -> Result<Tls, CliError> {
    let failed = |why: &dyn fmt::Display| CliError::config(format!("the CA file {}: {why}", file.display()));
    let certificates = std::fs::read(file).map_err(|error| failed(&error))?;
    Tls::new().extra_roots(&certificates).map_err(|error| failed(&error))
}

/// A text of a gateway that is going to be shown: some repeat the key that they were given.
pub(crate) fn without_key(text: &str) -> String {
    api_key().map_or_else(|_| text.to_owned(), |key| text.replace(&key, "[key]"))
}

/// The argument wins; an empty variable is none.
fn base_url(args: &ConnectionArgs) -> Option<String> {
    args.base_url.clone().or_else(|| std::env::var(BASE_URL).ok().filter(|url| !url.is_empty()))
}

fn api_key() -> Result<String, CliError> {
    let missing = || CliError::config(format!("no API key is given; set {API_KEY}, or use --emulator for a try"));
    std::env::var_os(API_KEY)
        .filter(|key| !key.is_empty())
        .ok_or_else(missing)?
        .into_string()
        .map_err(|_| CliError::config(format!("{API_KEY} is not a text")))
}
