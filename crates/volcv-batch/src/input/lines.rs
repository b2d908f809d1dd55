//! The lines of a manifest, one at a time.

use std::fs::File;
use std::io::{self, BufRead as _, BufReader, Read as _, Seek as _};
use std::ops::Range;

use crate::error::BatchError;

/// The most bytes of a line.
const LONGEST: usize = 1 << 20;

pub(super) struct Lines<'a> {
    file: BufReader<&'a File>,
    line: Vec<u8>,
    number: u64,
}

pub(super) struct Line<'a> {
    /// From 1 on, empty lines included.
    pub(super) number: u64,
    pub(super) text: &'a [u8],
}

impl<'a> Lines<'a> {
    /// Starts at the beginning of the file.
    pub(super) fn new(mut file: &'a File) -> io::Result<Self> {
        file.rewind()?;
        Ok(Self { file: BufReader::with_capacity(1 << 16, file), line: Vec::new(), number: 0 })
    }

    /// The next line that is not empty, without its end; `name` is that of the file.
    pub(super) fn next(&mut self, name: &str) -> Result<Option<Line<'_>>, BatchError> {
        loop {
            self.line.clear();
            self.number += 1;
            let place = || format!("{name}:{}", self.number);
            // A whole line with its end, or at least one byte too many.
            let read = (&mut self.file).take(LONGEST as u64 + 2).read_until(b'\n', &mut self.line);
            match read {
                Ok(0) => return Ok(None),
                Ok(_) => {}
                Err(source) => return Err(BatchError::File { path: place().into(), source }),
            }
            let content = content(&self.line, self.number == 1);
            let content = content.map_err(|message| BatchError::Input { place: place(), message })?;
            if !content.is_empty() {
                return Ok(Some(Line { number: self.number, text: &self.line[content] }));
            }
        }
    }
}

/// Where the JSON of a line is: without white space around it, and without the mark of UTF-8 in front of the first line.
fn content(line: &[u8], first: bool) -> Result<Range<usize>, String> {
    let start = match line {
        [0xff, 0xfe, ..] | [0xfe, 0xff, ..] if first => return Err("the file is UTF-16, but must be UTF-8".to_owned()),
        [0xef, 0xbb, 0xbf, ..] if first => 3,
        _ => 0,
    };
    let text = line[start..].trim_ascii_end();
    if text.len() > LONGEST {
        return Err(format!("the line is longer than {LONGEST} bytes"));
    }
    Ok(start + text.len() - text.trim_ascii_start().len()..start + text.len())
}
