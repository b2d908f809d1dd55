//! A peer as a child process, measured from outside: the same way for a program in any language.

use std::fs;
use std::io::{self, BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use nix::time::ClockId;
use nix::unistd::Pid;

/// A peer's process.
pub struct Client {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

/// The cost of one call: the mean of a round.
#[derive(Clone, Copy)]
pub struct Cost {
    /// User and system time of all threads of the process.
    pub cpu: Duration,
    pub wall: Duration,
}

impl Client {
    /// Starts a program that reads lines of `ROUNDS AT_ONCE` from standard input and answers each with a line when it is done.
    pub fn start(program: &mut Command) -> io::Result<Self> {
        let mut child = program.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let (Some(input), Some(output)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(io::Error::other("a child has the pipes that it was given"));
        };
        Ok(Self { child, input, output: BufReader::new(output) })
    }

    /// Measures `rounds` times `at_once` calls.
    pub fn measure(&mut self, rounds: usize, at_once: usize) -> io::Result<Cost> {
        let (clock, cpu) = (Instant::now(), self.cpu()?);
        self.tell(rounds, at_once)?;
        let calls = (rounds * at_once) as u32;
        Ok(Cost { cpu: (self.cpu()? - cpu) / calls, wall: clock.elapsed() / calls })
    }

    /// Calls that do not count: connections are made, and buffers find their size.
    pub fn tell(&mut self, rounds: usize, at_once: usize) -> io::Result<()> {
        writeln!(self.input, "{rounds} {at_once}")?;
        let mut line = String::new();
        match self.output.read_line(&mut line)? {
            0 => Err(io::Error::other("a peer ended too early; its message is above")),
            _ => Ok(()),
        }
    }

    /// The largest resident memory so far, in MiB.
    pub fn peak(&self) -> io::Result<f64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")?.trim().strip_suffix(" kB"));
        let kib: f64 = peak.and_then(|kib| kib.parse().ok()).ok_or_else(|| io::Error::other("no VmHWM"))?;
        Ok(kib / 1024.0)
    }

    /// Closes the program's standard input and waits for its end.
    pub fn end(self) -> io::Result<()> {
        let Self { mut child, input, output } = self;
        drop((input, output));
        let status = child.wait()?;
        if status.success() { Ok(()) } else { Err(io::Error::other(format!("a peer ended with {status}"))) }
    }

    /// CPU time so far.
    fn cpu(&self) -> io::Result<Duration> {
        let clock = ClockId::pid_cpu_clock_id(Pid::from_raw(self.child.id().cast_signed()))?;
        Ok(clock.now()?.into())
    }
}

/// The server's process, which ends when its standard input is closed.
pub struct Service {
    child: Child,
    pub url: String,
}

impl Service {
    pub fn start(program: &mut Command) -> io::Result<Self> {
        let mut child = program.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let mut address = String::new();
        if let Some(output) = child.stdout.take() {
            BufReader::new(output).read_line(&mut address)?;
        }
        Ok(Self { child, url: format!("http://{}", address.trim_end()) })
    }

    pub fn end(mut self) -> io::Result<()> {
        drop(self.child.stdin.take());
        self.child.wait().map(drop)
    }
}
