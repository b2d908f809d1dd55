//! Names that Windows takes for something else than a file in a folder.

/// Names of devices, in any case and with any ending:
/// <https://learn.microsoft.com/windows/win32/fileio/naming-a-file>.
const DEVICES: [&str; 6] = ["CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$"];
/// Devices with a number behind them, from 1 to 9, or from 1 to 3 in superscript.
const NUMBERED: [&str; 2] = ["COM", "LPT"];

/// Why a file cannot have this name, if that is so.
pub(crate) fn refusal(name: &str) -> Option<String> {
    if is_device(name) {
        return Some(format!("{name} is the name of a device on Windows, with any ending"));
    }
    if let Some(c) = name.chars().find(|c| c.is_ascii_control() || r#"<>:"/\|?*"#.contains(*c)) {
        return Some(format!("{name:?} has {c:?}, which Windows takes in no name of a file"));
    }
    let is_cut = name.ends_with(['.', ' ']);
    is_cut.then(|| format!("{name:?} ends with a dot or a space, which Windows would drop"))
}

fn is_device(name: &str) -> bool {
    let stem = name.split('.').next().unwrap_or(name).trim_end_matches(' ').to_uppercase();
    let has_number = |device: &&str| {
        let rest = stem.strip_prefix(*device).map(|rest| rest.chars().collect::<Vec<_>>());
        matches!(rest.as_deref(), Some(['1'..='9' | '\u{b9}' | '\u{b2}' | '\u{b3}']))
    };
    DEVICES.contains(&&*stem) || NUMBERED.iter().any(has_number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn devices_streams_and_what_windows_would_cut_are_refused() {
        for name in ["NUL", "nul.png", "aux.tar.png", "Com1.jpg", "LPT\u{b2}", "con .png", "conout$"] {
            assert!(refusal(name).unwrap().contains("device"), "{name}");
        }
        for name in ["a:b.png", "what?.png", "a|b", "tab\t", "dot.", "space ", "\"q\""] {
            assert!(refusal(name).is_some(), "{name}");
        }
        for name in ["wide.png", "com.png", "COM0", "com10.png", "null.png", "\u{e4} \u{56fe}.png", ".hidden"] {
            assert_eq!(refusal(name), None);
        }
    }
}
