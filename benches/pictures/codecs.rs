//! The peers in C: libspng and libjpeg-turbo, in a process of their own.

use std::error::Error;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::Duration;

/// The running program of `benches/c/codecs.c`.
pub struct Codecs {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Codecs {
    /// Compiles the program into the folder and starts it there.
    pub fn start(folder: &Path) -> Result<Self, Box<dyn Error>> {
        let program = folder.join("codecs");
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("../c/codecs.c");
        let mut cc = Command::new("cc");
        cc.args(["-O2", "-Wall", "-Wextra", "-Werror"]).arg(source).arg("-o").arg(&program);
        let status = cc.args(["-lspng", "-lturbojpeg"]).status()?;
        if !status.success() {
            return Err(format!("{cc:?} failed: {status}").into());
        }
        let mut child =
            Command::new(program).current_dir(folder).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        match (child.stdin.take(), child.stdout.take()) {
            (Some(input), Some(output)) => Ok(Self { child, input, output: BufReader::new(output) }),
            _ => Err("a child has the pipes that it was given".into()),
        }
    }

    /// Runs a command; gives the time that the codec took.
    pub fn tell(&mut self, command: &str) -> Result<Duration, Box<dyn Error>> {
        writeln!(self.input, "{command}")?;
        let mut line = String::new();
        self.output.read_line(&mut line)?;
        let nanoseconds = line.trim().parse().map_err(|_| format!("{command} failed; its message is above"))?;
        Ok(Duration::from_nanos(nanoseconds))
    }

    /// Closes the program's standard input and waits for its end.
    pub fn end(self) -> Result<(), Box<dyn Error>> {
        let Self { mut child, input, output } = self;
        drop((input, output));
        let status = child.wait()?;
        if status.success() { Ok(()) } else { Err(format!("the program of the codecs ended with {status}").into()) }
    }
}
