//! Files and standard input.

use std::fs;
use std::io::{self, Read as _};
use std::path::Path;
use std::sync::mpsc;
use std::thread;

use volcv::{CancelToken, ErrorKind, Picture, Size, probe};

use crate::report::CliError;

/// The name of standard input, where a file is expected.
pub(crate) const STDIN: &str = "-";

/// The link that stands in the place of a file.
pub(crate) fn link(path: &Path) -> Option<&str> {
    path.to_str().filter(|text| text.starts_with("https://") || text.starts_with("http://"))
}

/// Reads a whole file, or standard input for `-`; `what` names it in errors.
///
/// The read happens on a thread of its own, because a pipe that stays silent cannot be interrupted otherwise.
pub(crate) fn read(what: &str, path: &Path, cancel: &CancelToken) -> Result<Vec<u8>, CliError> {
    let (sender, receiver) = mpsc::channel();
    let _hook = cancel.on_cancel({
        let sender = sender.clone();
        move || drop(sender.send(None))
    });
    let file = path.to_owned();
    thread::Builder::new()
        .name("volcv-input".to_owned())
        .spawn(move || drop(sender.send(Some(read_now(&file)))))
        .map_err(|error| CliError::config(format!("cannot start a thread: {error}")))?;
    match receiver.recv() {
        Ok(Some(Ok(bytes))) => Ok(bytes),
        Ok(Some(Err(error))) => {
            Err(CliError::invalid_input(format!("cannot read the {what} from {}: {error}", name(path))))
        }
        // Both senders gone would mean that the reader panicked; nothing was read then either.
        Ok(None) | Err(_) => {
            Err(CliError::new(ErrorKind::Cancelled, format!("cancelled while reading the {what} from {}", name(path))))
        }
    }
}

/// A picture that is sent. A link is not read here: the service fetches it.
pub(crate) fn picture(what: &str, path: &Path, cancel: &CancelToken) -> Result<Picture, CliError> {
    match link(path) {
        Some(link) => Ok(Picture::url(link)),
        None => read(what, path, cancel).map(Picture::from),
    }
}

/// A picture and its mask.
pub(crate) fn masked(picture: &Path, mask: &Path, cancel: &CancelToken) -> Result<(Picture, Picture), CliError> {
    if picture == Path::new(STDIN) && mask == Path::new(STDIN) {
        return Err(CliError::invalid_input("picture and mask cannot both come from standard input"));
    }
    Ok((self::picture("picture", picture, cancel)?, self::picture("mask", mask, cancel)?))
}

/// The size of the upright picture in a file that the library can read.
pub(crate) fn size_of(file: &[u8]) -> Result<Size, CliError> {
    let info = probe(file).map_err(|error| CliError::invalid_input(format!("cannot read the picture: {error}")))?;
    Ok(info.size)
}

/// No picture and no request is this large; a device that never ends must not fill the memory.
const MAX_BYTES: u64 = 256 << 20;

fn read_now(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    if path == Path::new(STDIN) {
        io::stdin().lock().take(MAX_BYTES + 1).read_to_end(&mut bytes)?;
    } else {
        fs::File::open(path)?.take(MAX_BYTES + 1).read_to_end(&mut bytes)?;
    }
    if bytes.len() as u64 > MAX_BYTES {
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, format!("it has more than {MAX_BYTES} bytes")));
    }
    Ok(bytes)
}

fn name(path: &Path) -> String {
    if path == Path::new(STDIN) { "standard input".to_owned() } else { path.display().to_string() }
}
