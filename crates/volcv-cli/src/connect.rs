//! Sets a client up from arguments and environment: the way to the service, its credentials, proxy and certificates. Nothing
//! is sent here, and no secret gets into an error.

use std::fmt;
use std::path::{Path, PathBuf};

use volcv::{ClientBuilder, Credentials, CredentialsSource, RetryPolicy, Tls};
use volcv_emulator::{DEFAULT_ACCESS_KEY, DEFAULT_KEY, DEFAULT_SECRET_KEY};

use crate::args::ConnectionArgs;
use crate::emulator;
use crate::report::CliError;

const BASE_URL: &str = "VOLCV_BASE_URL";
const DIRECT_URL: &str = "VOLCV_DIRECT_URL";
const API_KEY: &str = "VOLCV_API_KEY";
const PROXY: &str = "VOLCV_PROXY";
const CA_FILE: &str = "VOLCV_CA_FILE";

/// A host that no system has, for clients that send nothing.
const NOWHERE: &str = "https://gateway.invalid";
const NOT_A_KEY: &str = "not-a-key";

/// A client for what arguments and environment name, or for an emulator that is started for it.
pub(crate) fn online(args: &ConnectionArgs, out: Option<&Path>) -> Result<ClientBuilder, CliError> {
    let builder = match (args.emulator, args.direct) {
        (true, is_direct) => {
            let base_url = emulator::start_local(args, out)?;
            match is_direct {
                true => direct(args, Credentials::new(DEFAULT_ACCESS_KEY, DEFAULT_SECRET_KEY)?, Some(base_url))?,
                false => ClientBuilder::new(base_url, DEFAULT_KEY),
            }
        }
        (false, true) => {
            let found = CredentialsSource::find().map_err(|error| {
                let message = format!("no access key is given: {}; or use --emulator for a try", error.message());
                CliError::config(message)
            })?;
            direct(args, found, base_url(args))?
        }
        (false, false) => {
            let base_url = base_url(args).ok_or_else(|| {
                let ways = "--direct with an access key, or --emulator for a try";
                CliError::config(format!("no gateway is given; use --base-url, {BASE_URL}, {ways}"))
            })?;
            ClientBuilder::new(base_url, api_key()?)
        }
    };
    limits(args, builder)
}

/// A client that sends nothing; it needs no key.
pub(crate) fn dry(args: &ConnectionArgs) -> Result<ClientBuilder, CliError> {
    let base_url = base_url(args).filter(|_| !args.emulator);
    let builder = match args.direct {
        true => direct(args, Credentials::new(NOT_A_KEY, NOT_A_KEY)?, base_url)?,
        false => ClientBuilder::new(base_url.unwrap_or(NOWHERE.to_owned()), NOT_A_KEY),
    };
    limits(args, builder)
}

/// As [`dry`], without arguments.
pub(crate) fn offline() -> ClientBuilder {
    ClientBuilder::new(NOWHERE, NOT_A_KEY)
}

fn direct(
    args: &ConnectionArgs,
    credentials: impl Into<CredentialsSource>,
    base_url: Option<String>,
) -> Result<ClientBuilder, CliError> {
    let mut builder = ClientBuilder::direct(credentials);
    if let Some(region) = &args.region {
        builder = builder.region(region);
    }
    if let Some(url) = base_url {
        if url.trim_end_matches('/').ends_with("/volcv/v1") {
            let message =
                "--direct signs requests for the service, but the base URL is a gateway's: it ends in /volcv/v1";
            return Err(CliError::config(format!("{message}; leave one of them out")));
        }
        builder = builder.base_url(url);
    }
    Ok(builder)
}

fn limits(args: &ConnectionArgs, builder: ClientBuilder) -> Result<ClientBuilder, CliError> {
    let mut builder = builder.allow_insecure_http(args.allow_insecure_http);
    // An emulator is on this machine and speaks plain http.
    if !args.emulator {
        builder = network(args, builder)?;
    }
    if let Some(time) = args.timeout {
        builder = builder.deadline(time);
    }
    if let Some(time) = args.poll_interval {
        builder = builder.retry(RetryPolicy::default().poll_interval(time));
    }
    if let Some(attempts) = args.max_attempts {
        builder = builder.max_attempts(attempts);
    }
    if let Some(attempts) = args.charge_limit {
        builder = builder.charge_limit(attempts);
    }
    Ok(builder)
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

/// The argument wins; an empty variable is none. A gateway's variable says nothing about direct access: it would get signed
/// requests.
fn base_url(args: &ConnectionArgs) -> Option<String> {
    let variable = if args.direct { DIRECT_URL } else { BASE_URL };
    args.base_url.clone().or_else(|| std::env::var(variable).ok().filter(|url| !url.is_empty()))
}

fn api_key() -> Result<String, CliError> {
    let missing = || {
        let ways = "use --direct with an access key, or --emulator for a try";
        CliError::config(format!("no API key is given; set {API_KEY}, {ways}"))
    };
    std::env::var_os(API_KEY)
        .filter(|key| !key.is_empty())
        .ok_or_else(missing)?
        .into_string()
        .map_err(|_| CliError::config(format!("{API_KEY} is not a text")))
}
