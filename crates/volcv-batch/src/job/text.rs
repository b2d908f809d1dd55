//! Rules for the texts of a job that name files: its input, its output and its id.

use std::path::Path;

use volcv::InvalidInput;

/// The most bytes of an id and of an output.
const LONGEST: usize = 512;
/// Files in the output folder that belong to the batch itself begin with this.
const OWN: &str = ".volcv";

/// Whether an input is a link; one that is not allowed, included.
pub(crate) fn is_link(input: &str) -> bool {
    input.starts_with("https://") || input.starts_with("http://")
}

pub(crate) fn check_id(id: &str) -> Result<(), InvalidInput> {
    check_text("id", id)
}

pub(super) fn check_input(input: &str) -> Result<(), InvalidInput> {
    if input.starts_with("http://") {
        // A link can carry a signature, so the text itself stays out of the error.
        return Err(InvalidInput::new("input", "a link that starts with http://", "a link that starts with https://"));
    }
    if input.is_empty() {
        return Err(InvalidInput::new("input", "missing", "a path, or a link that starts with https://"));
    }
    if input.contains('\0') {
        return Err(InvalidInput::new("input", format_args!("{input:?}"), "without NUL"));
    }
    Ok(())
}

/// Whether the file lies inside of the output folder, on every system, and is none of the batch's own.
pub(super) fn check_output(output: &str) -> Result<(), InvalidInput> {
    check_text("output", output)?;
    let refused = |allowed: &str| Err(InvalidInput::new("output", format_args!("{output:?}"), allowed));
    let bytes = output.as_bytes();
    let drive = bytes.len() > 1 && bytes[0].is_ascii_alphabetic() && bytes[1] == b':';
    if output.starts_with(['/', '\\']) || drive {
        return refused("relative to the output folder");
    }
    if output.contains('\\') {
        return refused("with / between folders, and without \\");
    }
    if output.split('/').any(|part| matches!(part, "" | "." | "..")) {
        return refused("inside of the output folder, without empty parts, . and ..");
    }
    if output.starts_with(OWN) {
        return refused("a name that does not begin with .volcv, which is the batch's own");
    }
    Ok(())
}

fn check_text(field: &str, text: &str) -> Result<(), InvalidInput> {
    if text.is_empty() || text.len() > LONGEST {
        let value = format!("a text of {} bytes", text.len());
        return Err(InvalidInput::new(field, value, format!("1 to {LONGEST} bytes")));
    }
    if text.chars().any(char::is_control) {
        return Err(InvalidInput::new(field, format_args!("{text:?}"), "without control characters"));
    }
    Ok(())
}

/// What follows the last dot of a name, if there is something before the dot.
pub(crate) fn ending(name: &str) -> Option<&str> {
    let (stem, ending) = name.rsplit_once('/').map_or(name, |(_, name)| name).rsplit_once('.')?;
    (!stem.is_empty()).then_some(ending)
}

/// Whether a name ends as a picture does that can be read.
pub(crate) fn is_picture(name: &str) -> bool {
    ending(name)
        .is_some_and(|ending| ["png", "jpg", "jpeg", "bmp"].into_iter().any(|known| ending.eq_ignore_ascii_case(known)))
}

/// The output of an input: its path below the input folder, or the last part of a link or of an absolute path, with the
/// ending of the format. `None` if there is no name.
pub(crate) fn output_of(input: &str, format: &str) -> Option<String> {
    let name = match input.split_once("://").filter(|_| is_link(input)) {
        Some((_, rest)) => {
            let path = rest.split(['?', '#']).next()?.split_once('/')?.1;
            path.rsplit('/').next()?.to_owned()
        }
        None => relative(Path::new(input))?,
    };
    let stem = if is_picture(&name) { &name[..name.rfind('.')?] } else { name.as_str() };
    (!name.is_empty()).then(|| format!("{stem}.{format}"))
}

/// The named parts of a path with `/` between them; of an absolute one the last.
fn relative(path: &Path) -> Option<String> {
    use std::path::Component;
    if path.has_root() || matches!(path.components().next(), Some(Component::Prefix(_))) {
        return path.file_name()?.to_str().map(str::to_owned);
    }
    let mut name = String::new();
    for part in path.components() {
        if let Component::Normal(part) = part {
            if !name.is_empty() {
                name.push('/');
            }
            name.push_str(part.to_str()?);
        }
    }
    Some(name.replace('\\', "/"))
}
