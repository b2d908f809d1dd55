//! `cargo xtask`: what needs more than `cargo test`, and how generated files are made.

pub mod landscape;

mod ci;
mod header;
mod pictures;
mod sh;

use std::process::ExitCode;

const USAGE: &str = "\
cargo xtask ci         every check beyond `cargo test --workspace`; says what it needs and fails without it
cargo xtask header     writes include/volcv.h
cargo xtask landscape  renders examples/assets/valley.jpg
cargo xtask pictures   makes the README's result picture with the README's first command
";

fn main() -> ExitCode {
    let task = std::env::args().nth(1);
    let result = match task.as_deref() {
        Some("ci") => ci::ci(),
        Some("header") => header::write(),
        Some("landscape") => {
            landscape::write(&sh::root().join("examples/assets/valley.jpg")).map_err(|e| e.to_string())
        }
        Some("pictures") => pictures::pictures(),
        _ => Err(USAGE.to_owned()),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            sh::say(&message);
            ExitCode::FAILURE
        }
    }
}
