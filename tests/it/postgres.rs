//! A PostgreSQL server of a test's own: Debian's package, in a temporary folder, on a free port of 127.0.0.1.
//!
//! It syncs to the disk as a real one does, so that what it has confirmed is there after it was killed.

use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::c::ran;

/// Must never appear in any output.
pub(crate) const PASSWORD: &str = "canary-9c41d7";

/// A running server. Dropping it stops it and removes its folder.
pub(crate) struct Postgres {
    programs: PathBuf,
    folder: PathBuf,
    port: u16,
    postmaster: Child,
}

/// How a server is stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stop {
    /// Clients are told, transactions are rolled back, everything is written.
    Fast,
    /// Nothing is written: the next start recovers from the log.
    Immediate,
    /// The postmaster gets SIGKILL. Its backends find out by themselves.
    Kill,
}

impl Postgres {
    /// Starts an empty server with the user `volcv`.
    pub(crate) fn start(name: &str) -> Self {
        let programs = programs();
        // Below the folder of builds, another user may not be allowed to look for it.
        let folder = std::env::temp_dir().join(format!("volcv-pg-{name}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir_all(&folder).unwrap();
        let password = folder.join("password");
        std::fs::write(&password, PASSWORD).unwrap();
        if is_root() {
            ran(Command::new("chown").args(["-R", "postgres:"]).arg(&folder));
        }
        let mut initdb = as_another_user(&programs.join("initdb"));
        initdb.args(["--username=volcv", "--auth=scram-sha-256", "--encoding=UTF8", "--no-locale", "--pwfile"]);
        ran(initdb.arg(&password).arg("--pgdata").arg(folder.join("data")).current_dir(&folder));
        let port = free_port();
        let postmaster = postmaster(&programs, &folder, port);
        let mut server = Self { programs, folder, port, postmaster };
        server.wait_until_it_answers();
        server
    }

    /// The address for `--ledger`.
    pub(crate) fn url(&self) -> String {
        format!("postgres://volcv:{PASSWORD}@127.0.0.1:{}/postgres", self.port)
    }

    /// Ends the server; clients find a closed port until [`Postgres::start_again`].
    pub(crate) fn stop(&mut self, how: Stop) {
        let signal = match how {
            Stop::Fast => "-INT",
            Stop::Immediate => "-QUIT",
            Stop::Kill => "-KILL",
        };
        ran(Command::new("kill").args([signal, &self.postmaster.id().to_string()]));
        self.postmaster.wait().unwrap();
    }

    /// Starts it with the data and the port that it had.
    pub(crate) fn start_again(&mut self) {
        self.postmaster = postmaster(&self.programs, &self.folder, self.port);
        self.wait_until_it_answers();
    }

    /// What a query gives, without headings and rulers.
    pub(crate) fn query(&self, sql: &str) -> String {
        ran(Command::new(self.programs.join("psql"))
            .args([&self.url(), "--no-psqlrc", "--quiet", "--tuples-only", "--no-align"])
            .args(["--set=ON_ERROR_STOP=1", "--command", sql]))
    }

    fn answers(&self) -> bool {
        let mut probe = Command::new(self.programs.join("pg_isready"));
        let port = self.port.to_string();
        probe.args(["--quiet", "--host=127.0.0.1", "--port", &port]).status().is_ok_and(|status| status.success())
    }

    /// After a kill, the backends of the old postmaster hold its memory for a moment, and a new one gives up: it is started again.
    fn wait_until_it_answers(&mut self) {
        let end = Instant::now() + Duration::from_secs(60);
        while !self.answers() {
            assert!(Instant::now() < end, "PostgreSQL does not answer: {}", self.log());
            std::thread::sleep(Duration::from_millis(20));
            if self.postmaster.try_wait().unwrap().is_some() {
                self.postmaster = postmaster(&self.programs, &self.folder, self.port);
            }
        }
    }

    /// The end of what the server has written.
    pub(crate) fn log(&self) -> String {
        let text = std::fs::read_to_string(self.folder.join("log")).unwrap_or_default();
        text.lines().rev().take(20).collect::<Vec<_>>().join("\n")
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        if self.postmaster.try_wait().is_ok_and(|ended| ended.is_none()) {
            let _ = Command::new("kill").args(["-QUIT", &self.postmaster.id().to_string()]).status();
            let _ = self.postmaster.wait();
        }
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// Debian keeps the programs of each version in a folder of its own; the newest one that is there.
fn programs() -> PathBuf {
    let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().filter_map(Result::ok);
    let mut found: Vec<PathBuf> =
        versions.map(|version| version.path().join("bin")).filter(|bin| bin.join("initdb").exists()).collect();
    found.sort();
    found.pop().expect("no /usr/lib/postgresql/*/bin/initdb; apt-get install --no-install-recommends postgresql")
}

fn is_root() -> bool {
    ran(Command::new("id").arg("-u")).trim() == "0"
}

/// PostgreSQL does not run as root: there, it runs as the user of Debian's package.
fn as_another_user(program: &Path) -> Command {
    if !is_root() {
        return Command::new(program);
    }
    let mut command = Command::new("setpriv");
    command.args(["--reuid=postgres", "--regid=postgres", "--clear-groups", "--"]).arg(program);
    command
}

fn postmaster(programs: &Path, folder: &Path, port: u16) -> Child {
    let log = std::fs::OpenOptions::new().create(true).append(true).open(folder.join("log")).unwrap();
    let mut command = as_another_user(&programs.join("postgres"));
    command.arg("-D").arg(folder.join("data")).arg("-p").arg(port.to_string()).arg("-k").arg(folder);
    command.args(["-c", "listen_addresses=127.0.0.1", "-c", "fsync=on", "-c", "synchronous_commit=on"]);
    command.args(["-c", "full_page_writes=on", "-c", "shared_buffers=16MB", "-c", "max_connections=50"]);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log).current_dir(folder).spawn().unwrap()
}

/// A port that the system gives to nobody by itself: while the server is down, no connection may get it.
fn free_port() -> u16 {
    let first = 20_000 + (std::process::id() % 10_000) as u16;
    (first..32_000)
        .chain(20_000..first)
        .find(|port| {
            TcpStream::connect(("127.0.0.1", *port)).is_err() && TcpListener::bind(("127.0.0.1", *port)).is_ok()
        })
        .unwrap()
}

#[test]
fn what_the_server_has_confirmed_is_there_however_it_ends() {
    let mut server = Postgres::start("alone");
    server.query("create table kept (n int)");
    for (n, how) in [Stop::Fast, Stop::Immediate, Stop::Kill].into_iter().enumerate() {
        server.query(&format!("insert into kept values ({n})"));
        server.stop(how);
        server.start_again();
        assert_eq!(server.query("select count(*) from kept").trim(), (n + 1).to_string(), "{how:?}");
    }
}
