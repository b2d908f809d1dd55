//! The emulator: as a command of its own, and inside another command.

use std::net::SocketAddr;
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use volcv::CancelToken;
use volcv_emulator::{BANNER, DEFAULT_ACCESS_KEY, DEFAULT_SECRET_KEY, Emulator, OutputFormat};

use crate::args::{ConnectionArgs, EmulatorArgs, Format};
use crate::report::{self, CliError, Report};

/// `volcv emulator`: serves until it is interrupted.
pub(crate) fn run(args: &EmulatorArgs, cancel: &CancelToken) -> ExitCode {
    let emulator = match start(args) {
        Ok(emulator) => emulator,
        Err(failure) => return Report::failed(failure).print(false),
    };
    report::note("note", BANNER);
    report::note(
        "note",
        format!(
            "direct access is at {}/ with the keys {DEFAULT_ACCESS_KEY} and {DEFAULT_SECRET_KEY}",
            emulator.base_url()
        ),
    );
    let printed = report::result(format!("{}\n", emulator.base_url()).as_bytes());
    if printed != ExitCode::SUCCESS {
        return printed;
    }
    cancel.wait(Duration::MAX);
    report::note(
        "summary",
        format!(
            "{} requests, {} complete bodies, {} of them could have been billed by a real service",
            emulator.requests().len(),
            emulator.complete_bodies(),
            emulator.charges(),
        ),
    );
    ExitCode::SUCCESS
}

/// Starts an emulator on this machine for one command and says so; gives its base URL. It takes its default keys.
///
/// Its pictures are JPEG where the name of `out` says so, and PNG otherwise.
pub(crate) fn start_local(args: &ConnectionArgs, out: Option<&Path>) -> Result<String, CliError> {
    let ending = out.and_then(Path::extension).and_then(|ending| ending.to_str()).map(str::to_lowercase);
    let mut builder = Emulator::builder().distort(args.distort.unwrap_or_default());
    if let Some(region) = &args.region {
        builder = builder.region(region);
    }
    if let Some("jpg" | "jpeg") = ending.as_deref() {
        builder = builder.output(OutputFormat::Jpeg);
    }
    let emulator = builder.start().map_err(|error| CliError::config(format!("cannot start the emulator: {error}")))?;
    report::note("note", BANNER);
    let base_url = emulator.base_url();
    // The emulator ends with the process: stopping it here would wait for a picture that is not needed.
    std::mem::forget(emulator);
    Ok(base_url)
}

fn start(args: &EmulatorArgs) -> Result<Emulator, CliError> {
    let addr = SocketAddr::new(args.host, args.port);
    let mut builder = Emulator::builder().addr(addr).faults(args.faults.clone()).repeat_last(args.fault_forever);
    if let Some(distortion) = args.distort {
        builder = builder.distort(distortion);
    }
    if let Some(key) = &args.key {
        builder = builder.key(key);
    }
    if args.any_key {
        builder = builder.any_key();
    }
    if let Some(milliseconds) = args.delay {
        builder = builder.delay(Duration::from_millis(milliseconds));
    }
    builder = builder.task_pace(args.task_polls).clock_offset(args.clock_offset);
    let format = match args.format {
        Format::Png => OutputFormat::Png,
        Format::Jpeg => OutputFormat::Jpeg,
    };
    builder.output(format).start().map_err(|error| CliError::config(format!("cannot listen on {addr}: {error}")))
}
