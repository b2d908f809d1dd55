//! The `volcv` command: outpaint or inpaint a picture from the terminal, plan it or prepare it by hand, run batches and
//! tasks, call any action of the service, or run its emulator.

mod args;
mod attributes;
mod batch;
mod call;
mod client;
mod connect;
mod draw;
mod early;
mod emulator;
mod encoding;
mod fill;
mod fitted;
mod inpaint;
mod input;
mod interrupt;
mod make;
mod mask;
#[cfg(any(windows, test))]
mod names;
mod outpaint;
mod output;
mod pending;
mod plan;
mod progress;
mod rejected;
mod report;
mod results;
mod save;
mod settings;
mod sheet;
mod store;
mod task;
mod whole;
mod wish;

use std::process::ExitCode;

use clap::Parser as _;

use crate::args::{Cli, Command};
use crate::report::Report;

fn main() -> ExitCode {
    let command = match Cli::try_parse() {
        Ok(cli) => cli.command,
        Err(error) => return report::usage(&error),
    };
    let interrupt = match interrupt::install(command.finishes()) {
        Ok(interrupt) => interrupt,
        Err(failure) => return Report::failed(failure).print(command.json()),
    };
    let cancel = interrupt.cancel.clone();
    match command {
        Command::Outpaint(args) => outpaint::run(&args, &cancel),
        Command::Plan(args) => plan::run(&args, &cancel),
        Command::Mask(args) => mask::run(&args, &cancel),
        Command::Inpaint(args) => inpaint::edit(&args, &cancel),
        Command::Erase(args) => inpaint::erase(&args, &cancel),
        Command::Task(command) => task::run(&command, &cancel),
        Command::Batch(args) => batch::run(&args, &interrupt),
        Command::Call(args) => call::run(&args, &cancel),
        Command::Emulator(args) => emulator::run(&args, &cancel),
    }
}
