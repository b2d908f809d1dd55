//! A peer as a child process, measured from outside: the same way for a program in any language.

use std::fs;
use std::io::{self, BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use nix::time::ClockId;
use nix::unistd::Pid;

/// A program that makes calls when it is told to.
pub struct Client {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

/// What one call cost, on average of a round.
#[derive(Clone, Copy)]
pub struct Cost {
    /// User and system time of all threads of the client's process.
    pub cpu: Duration,
    pub wall: Duration,
}

impl Client {
    /// Starts a program that heeds lines of `ROUNDS AT_ONCE` on its standard input and answers each with one line.
    pub fn start(program: &mut Command) -> io::Result<Self> {
        let mut child = program.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let (Some(input), Some(output)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(io::Error::other("a child has the pipes that it was given"));
        };
        Ok(Self { child, input, output: BufReader::new(output) })
    }

    /// Has it make `rounds` times `at_once` calls.
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
            0 => Err(io::Error::other("a peer has ended too early; its own words are above")),
            _ => Ok(()),
        }
    }

    /// The most memory that was ever resident, in MiB.
    pub fn peak(&self) -> io::Result<f64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")?.trim().strip_suffix(" kB"));
        let kib: f64 = peak.and_then(|kib| kib.parse().ok()).ok_or_else(|| io::Error::other("no VmHWM"))?;
        Ok(kib / 1024.0)
    }

    /// Pages of memory that the kernel had to provide so far. Each costs a microsecond or more, whoever asked for it.
    pub fn page_faults(&self) -> io::Result<u64> {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.child.id()))?;
        // The eighth field behind the program's name, which is in parentheses (proc(5)).
        let faults = stat.rsplit(')').next().and_then(|fields| fields.split_whitespace().nth(7)?.parse().ok());
        faults.ok_or_else(|| io::Error::other("no count of page faults"))
    }

    /// Ends it, and waits until it has.
    pub fn end(self) -> io::Result<()> {
        let Self { mut child, input, output } = self;
        drop((input, output));
        let status = child.wait()?;
        if status.success() { Ok(()) } else { Err(io::Error::other(format!("a peer ended with {status}"))) }
    }

    /// The processor's time so far.
    fn cpu(&self) -> io::Result<Duration> {
        let clock = ClockId::pid_cpu_clock_id(Pid::from_raw(self.child.id().cast_signed()))?;
        Ok(clock.now()?.into())
    }
}

/// The server as a child process; it ends with its standard input.
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
