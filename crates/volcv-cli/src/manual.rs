//! Writes the man pages and the completions of the command, for those who make packages of it:
//! `cargo run -p volcv-cli --example manual -- FOLDER DATE` fills `FOLDER/share`; DATE is that of the release, such as
//! 2026-12-01. The command itself has no code for it.
#![allow(dead_code, unused_imports, reason = "of the modules of the command, only what clap reads is used")]

mod args;
mod fill;
mod wish;

use std::error::Error;
use std::fs;
use std::path::Path;

use clap::CommandFactory as _;
use clap_complete::Shell;

/// The folder of each shell's completions below `share`.
const COMPLETIONS: [(Shell, &str); 3] = [
    (Shell::Bash, "bash-completion/completions/volcv"),
    (Shell::Fish, "fish/vendor_completions.d/volcv.fish"),
    (Shell::Zsh, "zsh/site-functions/_volcv"),
];

fn main() -> Result<(), Box<dyn Error>> {
    let words: Vec<String> = std::env::args().collect();
    let [_, folder, date] = &words[..] else { return Err("usage: manual FOLDER DATE".into()) };
    let share = Path::new(folder).join("share");
    for (shell, path) in COMPLETIONS {
        let mut text = Vec::new();
        clap_complete::generate(shell, &mut args::Cli::command(), "volcv", &mut text);
        write(&share.join(path), &text)?;
    }
    let mut command = args::Cli::command().disable_help_subcommand(true);
    command.build();
    pages(&command, date, &share.join("man/man1"))
}

/// Writes the page of a command and those of its subcommands.
fn pages(command: &clap::Command, date: &str, folder: &Path) -> Result<(), Box<dyn Error>> {
    let page = clap_mangen::Man::new(command.clone()).manual("volcv").date(date);
    let page = page.source(concat!("volcv ", env!("CARGO_PKG_VERSION")));
    let mut text = Vec::new();
    page.render(&mut text)?;
    write(&folder.join(page.get_filename()), sections(&String::from_utf8(text)?).as_bytes())?;
    command.get_subcommands().try_for_each(|command| pages(command, date, folder))
}

/// Gives the parts of the text behind the options the sections that man pages have for them, with their lines as they are.
fn sections(page: &str) -> String {
    let Some((before, extra)) = page.split_once(".SH EXTRA\n") else { return page.to_owned() };
    // The pages of subcommands end here.
    let (extra, version) = extra.split_at(extra.find(".SH VERSION\n").unwrap_or(extra.len()));
    let parts = format!(".SH NOTES\n.nf\n{extra}")
        .replace("Examples:\n", ".fi\n.SH EXAMPLES\n.nf\n")
        .replace("Environment:\n", ".fi\n.SH ENVIRONMENT\n.nf\n")
        .replace("Exit codes:\n", ".fi\n.SH EXIT STATUS\n.nf\n")
        .replace("\n\n.fi\n", "\n.fi\n");
    // Only some commands have notes before the first of the others.
    let parts = parts.strip_prefix(".SH NOTES\n.nf\n.fi\n").unwrap_or(&parts);
    format!("{before}{parts}.fi\n{version}")
}

fn write(path: &Path, text: &[u8]) -> Result<(), Box<dyn Error>> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    Ok(fs::write(path, text)?)
}
