//! Runs the command and looks at what it did.

use std::fs;
use std::io::{BufRead as _, BufReader, Cursor, Read as _, Write as _};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use image::{DynamicImage, ImageFormat, RgbImage};
use serde_json::{Value, json};
use tempfile::TempDir;
use volcv_emulator::{Emulator, EmulatorBuilder, Fault};

/// A key that must never appear in any output.
pub(crate) const KEY: &str = "canary-5f1e0c77";
/// An access key and a session token that must never appear in any output.
pub(crate) const ACCESS_KEY: &str = "AKcanary6b1d";
pub(crate) const SECRET_KEY: &str = "canary-secret-93ab==";
pub(crate) const SESSION_TOKEN: &str = "canary-token-2c7e";
/// Every test of a call runs over both.
pub(crate) const TRANSPORTS: [&str; 2] = ["ureq", "reqwest"];

/// An emulator and a folder of one test.
pub(crate) struct Bench {
    pub(crate) emulator: Emulator,
    pub(crate) dir: TempDir,
}

impl Bench {
    pub(crate) fn new(faults: &[&str]) -> Self {
        let faults: Vec<Fault> = faults.iter().map(|fault| fault.parse().unwrap()).collect();
        Self::with(Emulator::builder().faults(faults))
    }

    pub(crate) fn with(builder: EmulatorBuilder) -> Self {
        let bench = Self {
            emulator: builder.key(KEY).access_key(ACCESS_KEY, SECRET_KEY).start().unwrap(),
            dir: TempDir::new().unwrap(),
        };
        bench.write("in.png", &png(200, 150));
        bench
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, bytes: &[u8]) {
        fs::write(self.path(name), bytes).unwrap();
    }

    /// The command in the folder of the test, with key and base URL in its environment.
    pub(crate) fn command(&self, args: &str) -> Command {
        let mut command = volcv(self.dir.path(), args);
        command.env("VOLCV_API_KEY", KEY).env("VOLCV_BASE_URL", self.emulator.base_url());
        command
    }

    /// The command with an access key and the emulator as the service itself.
    pub(crate) fn direct(&self, args: &str) -> Command {
        let mut command = volcv(self.dir.path(), &format!("{args} --direct"));
        command.env("VOLC_ACCESSKEY", ACCESS_KEY).env("VOLC_SECRETKEY", SECRET_KEY);
        command.env("VOLCV_DIRECT_URL", self.emulator.base_url());
        command
    }

    pub(crate) fn run(&self, args: &str) -> Ran {
        run(self.command(args), b"")
    }

    /// The names in the folder beside the input, sorted.
    pub(crate) fn files(&self) -> Vec<String> {
        let mut names: Vec<String> = fs::read_dir(self.dir.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.retain(|name| name != "in.png");
        names.sort();
        names
    }

    pub(crate) fn size(&self, name: &str) -> (u32, u32) {
        let picture = image::load_from_memory(&fs::read(self.path(name)).unwrap()).unwrap();
        (picture.width(), picture.height())
    }
}

/// The command as it was built, or, where the tests were not, the words of `VOLCV_TEST_COMMAND`: `wine64 volcv.exe`, say.
fn built() -> Command {
    let Ok(line) = std::env::var("VOLCV_TEST_COMMAND") else { return Command::new(env!("CARGO_BIN_EXE_volcv")) };
    let mut words = line.split(' ');
    let mut command = Command::new(words.next().unwrap());
    command.args(words);
    command
}

/// The command without any variable of its own, at home in the folder; `args` are split at blanks.
pub(crate) fn volcv(dir: &Path, args: &str) -> Command {
    let mut command = built();
    command.current_dir(dir).args(args.split_whitespace());
    let variables = std::env::vars_os().map(|(name, _)| name);
    let ours = |name: &str| {
        name.starts_with("VOLCV_") || name.starts_with("VOLC_") || name.to_ascii_lowercase().ends_with("_proxy")
    };
    variables.filter(|name| name.to_str().is_some_and(ours)).for_each(|name| _ = command.env_remove(name));
    command.env("HOME", dir).env("USERPROFILE", dir);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// What a finished command leaves behind.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Ran {
    /// The one JSON object on standard output.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    pub(crate) fn expect(self, code: i32) -> Self {
        assert_eq!(self.code, code, "{self:?}");
        self
    }
}

pub(crate) fn run(mut command: Command, stdin: &[u8]) -> Ran {
    let mut child = command.spawn().unwrap();
    let mut pipe = child.stdin.take().unwrap();
    // A command that fails before it reads closes the pipe.
    let _ = pipe.write_all(stdin);
    drop(pipe);
    finish(child)
}

pub(crate) fn finish(child: Child) -> Ran {
    let output = child.wait_with_output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    let ran = Ran {
        code: output.status.code().expect("it exits by itself"),
        stdout: text(output.stdout),
        stderr: text(output.stderr),
    };
    for secret in [KEY, ACCESS_KEY, SECRET_KEY, SESSION_TOKEN] {
        assert!(!ran.stdout.contains(secret) && !ran.stderr.contains(secret), "{secret} is shown: {ran:?}");
    }
    assert!(!ran.stderr.contains("panicked"), "{ran:?}");
    ran
}

/// A gateway that gives each of so many requests this reply, which the emulator could not give; then the bodies that came.
pub(crate) fn answer(requests: usize, reply: &Value) -> (String, JoinHandle<Vec<String>>) {
    answer_each(|_| vec![reply.to_string().into_bytes(); requests])
}

/// As [`answer`]: a reply for each request, made for the base URL.
pub(crate) fn answer_each(replies: impl FnOnce(&str) -> Vec<Vec<u8>>) -> (String, JoinHandle<Vec<String>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let base_url = format!("http://{}", listener.local_addr().unwrap());
    let replies = replies(&base_url);
    let one = move |reply: Vec<u8>| {
        let stream = listener.accept().unwrap().0;
        let mut request = BufReader::new(&stream);
        let mut length = 0;
        loop {
            let mut line = String::new();
            request.read_line(&mut line).unwrap();
            match line.trim().to_lowercase().split_once(": ") {
                Some(("content-length", value)) => length = value.parse().unwrap(),
                None if line.trim().is_empty() => break,
                _ => {}
            }
        }
        let mut body = vec![0; length];
        request.read_exact(&mut body).unwrap();
        let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", reply.len());
        (&stream).write_all(&[head.into_bytes(), reply].concat()).unwrap();
        String::from_utf8(body).unwrap()
    };
    (base_url, thread::spawn(move || replies.into_iter().map(one).collect()))
}

/// The command that calls a gateway of [`answer`].
pub(crate) fn volcv_at(base_url: &str, dir: &Path, args: &str) -> Command {
    let mut command = volcv(dir, args);
    command.env("VOLCV_API_KEY", KEY).env("VOLCV_BASE_URL", base_url);
    command
}

/// A reply with these pictures.
pub(crate) fn reply_with(pictures: &[&[u8]]) -> Value {
    let texts: Vec<String> = pictures.iter().map(|picture| STANDARD.encode(picture)).collect();
    json!({"code": 10000, "request_id": "r-1", "data": {"binary_data_base64": texts}})
}

/// Waits for something that happens soon.
pub(crate) fn until(what: &str, mut is_true: impl FnMut() -> bool) {
    let end = Instant::now() + Duration::from_secs(60);
    while !is_true() {
        assert!(Instant::now() < end, "{what} did not happen");
        thread::sleep(Duration::from_millis(5));
    }
}

/// Sends a signal, such as `-INT`.
#[cfg(unix)]
pub(crate) fn signal(child: &Child, name: &str) {
    assert!(Command::new("sh").args(["-c", &format!("kill {name} {}", child.id())]).status().unwrap().success());
}

/// A small picture with something to see.
pub(crate) fn png(width: u32, height: u32) -> Vec<u8> {
    encode(RgbImage::from_fn(width, height, |x, y| image::Rgb([x as u8, y as u8, (x ^ y) as u8])).into())
}

/// A mask that is white in its right half.
pub(crate) fn mask(width: u32, height: u32) -> Vec<u8> {
    let white = |x, _| image::Luma([if x >= width / 2 { 255 } else { 0 }]);
    encode(image::GrayImage::from_fn(width, height, white).into())
}

fn encode(picture: DynamicImage) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    picture.write_to(&mut bytes, ImageFormat::Png).unwrap();
    bytes.into_inner()
}
