//! The `volcv` command: outpaint a picture from the terminal, call any action of the service, or run its emulator.

mod args;
mod attributes;
mod call;
mod client;
mod emulator;
mod input;
mod interrupt;
mod outpaint;
mod output;
mod progress;
mod rejected;
mod report;
mod save;

use std::process::ExitCode;

use clap::Parser as _;

use crate::args::{Cli, Command};
use crate::report::Report;

fn main() -> ExitCode {
    let command = match Cli::try_parse() {
        Ok(cli) => cli.command,
        Err(error) => return report::usage(&error),
    };
    let cancel = match interrupt::install() {
        Ok(cancel) => cancel,
        Err(failure) => return Report::failed(failure).print(command.json()),
    };
    match command {
        Command::Outpaint(args) => outpaint::run(&args, &cancel),
        Command::Call(args) => call::run(&args, &cancel),
        Command::Emulator(args) => emulator::run(&args, &cancel),
    }
}
