//! What C programs see of `libvolcv.so`, held against a committed description by libabigail's `abidiff`.
//!
//! The description is of a library of empty functions that gcc makes of `include/volcv.h`, because that is what a program is compiled
//! with. Rust's own debug information calls the same types by other names, and changes with each compiler. That the header is
//! what the library has is shown elsewhere: `tests/it/c/layout.rs` compares sizes, offsets and numbers, and `tests/it/c/header.rs` the
//! exported names.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::Command;

use crate::header::HEADER;
use crate::sh::{root, say};

const DESCRIPTION: &str = "docs/api/libvolcv.abi";
/// The numbers of the macros, which a compiler does not write down.
const NUMBERS: &str = "docs/api/libvolcv-numbers.txt";
/// The number that says that all programs have to be compiled anew.
const VERSION: &str = "VOLCV_ABI_VERSION";

/// What a program that was compiled with the old header can do with the new library.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    Same,
    /// Everything: there are new functions, new numbers, or new fields at the end of structs that say their size.
    Grown,
    /// It has to be compiled anew; this is what has changed.
    Broken(String),
}

/// The interface of one version.
struct Interface {
    description: String,
    numbers: BTreeMap<String, String>,
}

/// Compares the header with the committed description, or writes the description if no program breaks. In a check of the
/// comparison itself, small changes to the header give the verdicts that they should.
pub(crate) fn compare(update: bool) -> Result<(), String> {
    let header = read(HEADER)?;
    let now = Interface::of(&header, "now")?;
    if update && !root().join(DESCRIPTION).exists() {
        return now.write();
    }
    let committed = Interface::committed()?;
    match (committed.verdict(&header, "now")?, update) {
        (Verdict::Same, _) => {}
        (Verdict::Grown, true) => now.write()?,
        (Verdict::Broken(_), true) if committed.numbers.get(VERSION) != now.numbers.get(VERSION) => now.write()?,
        (Verdict::Grown, false) => {
            return Err(format!(
                "the interface has grown: `cargo xtask abi --update` writes {DESCRIPTION}; a struct that has grown since a \
                 release is read at its older size as well, see crates/volcv-ffi/src/abi/read.rs"
            ));
        }
        (Verdict::Broken(how), _) => {
            return Err(format!(
                "{how}\nprograms that were compiled with the old header break: this needs a new {VERSION}"
            ));
        }
    }
    if update { Ok(()) } else { prove(&header, &now) }
}

impl Interface {
    fn of(header: &str, folder: &str) -> Result<Self, String> {
        Ok(Self { description: describe(header, folder)?, numbers: numbers(header) })
    }

    fn committed() -> Result<Self, String> {
        let lines = read(NUMBERS)?;
        let numbers = lines.lines().filter_map(|line| line.split_once(' '));
        let numbers = numbers.map(|(name, number)| (name.to_owned(), number.to_owned())).collect();
        Ok(Self { description: read(DESCRIPTION)?, numbers })
    }

    fn write(&self) -> Result<(), String> {
        let numbers: String = self.numbers.iter().map(|(name, number)| format!("{name} {number}\n")).collect();
        for (path, text) in [(DESCRIPTION, &self.description), (NUMBERS, &numbers)] {
            fs::write(root().join(path), text).map_err(|error| format!("{path}: {error}"))?;
        }
        Ok(())
    }

    /// What becomes of programs that were compiled with this interface.
    fn verdict(&self, header: &str, folder: &str) -> Result<Verdict, String> {
        let now = Interface::of(header, folder)?;
        let mut how = String::new();
        for (name, number) in &self.numbers {
            match now.numbers.get(name) {
                Some(same) if same == number => {}
                // Writing into a String cannot fail.
                Some(other) => drop(writeln!(how, "{name} was {number}, and is {other}")),
                None => drop(writeln!(how, "{name} is gone")),
            }
        }
        // What the old program knows of the new header.
        let known = describe(&self.known_part(header), &format!("{folder}-known"))?;
        how += &difference(&self.description, &known, folder)?;
        let is_same =
            now.numbers == self.numbers && difference(&self.description, &now.description, folder)?.is_empty();
        Ok(match (how.is_empty(), is_same) {
            (false, _) => Verdict::Broken(how),
            (true, true) => Verdict::Same,
            (true, false) => Verdict::Grown,
        })
    }

    /// A header without its new functions, and without the fields that were added at the end of structs that say their size.
    fn known_part(&self, header: &str) -> String {
        let quoted = |after: &str| after.split('\'').next().map(str::to_owned);
        let functions: BTreeSet<String> =
            self.description.split("<elf-symbol name='").skip(1).filter_map(quoted).collect();
        let fields_of = |name: &str| {
            let (_, class) = self.description.split_once(&format!("<class-decl name='{name}' size-in-bits"))?;
            Some(class.split("</class-decl>").next()?.matches("<data-member").count())
        };
        let mut text = String::new();
        let mut left = usize::MAX;
        let mut lines = header.lines();
        while let Some(line) = lines.next() {
            if let Some(name) = line.strip_prefix("typedef struct ").and_then(|rest| rest.strip_suffix(" {")) {
                let (_, body) = header.split_once(line).unwrap_or_default();
                let says_its_size = body.lines().find(|line| line.ends_with(';')) == Some("    uint32_t struct_size;");
                left = fields_of(name).filter(|_| says_its_size).unwrap_or(usize::MAX);
            } else if line.starts_with('}') {
                left = usize::MAX;
            } else if line.starts_with("    ") && left == 0 {
                continue;
            } else if line.starts_with("    ") && line.ends_with(';') {
                left = left.saturating_sub(usize::from(left < usize::MAX));
            } else if line.starts_with("VOLCV_API ")
                && !functions.iter().any(|name| line.contains(&format!(" {name}(")))
            {
                let mut last = line;
                while !last.ends_with(';') {
                    let Some(next) = lines.next() else { break };
                    last = next;
                }
                continue;
            }
            text += line;
            text.push('\n');
        }
        text
    }
}

/// The numbers of a header; those of its version change with every release.
fn numbers(header: &str) -> BTreeMap<String, String> {
    let defines = header.lines().filter_map(|line| line.strip_prefix("#define ")?.split_once(" ("));
    let defines = defines.filter(|(name, _)| !name.starts_with("VOLCV_VERSION_"));
    defines.map(|(name, number)| (name.to_owned(), number.trim_end_matches([')', 'u']).to_owned())).collect()
}

/// The description of a library whose functions are those of the header, and do nothing.
fn describe(header: &str, folder: &str) -> Result<String, String> {
    let folder = root().join("target/abi").join(folder);
    let failed = |error: std::io::Error| format!("{}: {error}", folder.display());
    fs::create_dir_all(&folder).map_err(failed)?;
    let functions = header.split("\nVOLCV_API ").skip(1).filter_map(|rest| rest.split(';').next());
    let functions: String = functions.map(|function| format!("{function} {{ __builtin_trap(); }}\n")).collect();
    fs::write(folder.join("volcv.h"), header).map_err(failed)?;
    fs::write(folder.join("volcv.c"), format!("#include \"volcv.h\"\n{functions}")).map_err(failed)?;
    tool(&folder, "gcc -std=c11 -g -w -shared -fPIC volcv.c -o libvolcv.so", 0)?;
    // Names of parameters and places in files are not part of the interface. Ids that are hashes make small differences.
    tool(
        &folder,
        "abidw --no-show-locs --no-corpus-path --no-comp-dir-path --no-architecture --no-elf-needed --no-parameter-names \
         --type-id-style hash libvolcv.so",
        0,
    )
}

/// What abidiff says of two descriptions; empty if they are the same. A field that has another name is a difference too.
fn difference(before: &str, after: &str, folder: &str) -> Result<String, String> {
    let folder = root().join("target/abi").join(folder);
    for (name, text) in [("before.abi", before), ("after.abi", after)] {
        fs::write(folder.join(name), text).map_err(|error| format!("{}: {error}", folder.display()))?;
    }
    // Bit 2 of the status is a difference, bit 3 one that breaks every program; the bits below are failures of the tool.
    tool(&folder, "abidiff --harmless before.abi after.abi", 0b1100)
}

/// Runs a tool quietly, which may end with these bits in its status, and gives what it says; nothing with status 0 of abidiff.
fn tool(folder: &Path, line: &str, bits: i32) -> Result<String, String> {
    let words: Vec<&str> = line.split_whitespace().collect();
    let output = Command::new(words[0]).args(&words[1..]).current_dir(folder).output();
    let output = output.map_err(|error| format!("cannot run {line}: {error}"))?;
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    match output.status.code() {
        Some(0) if bits != 0 => Ok(String::new()),
        Some(0) => Ok(said),
        Some(status) if status & !bits == 0 => Ok(said),
        _ => Err(format!(
            "{line} in {}: {}\n{said}{}",
            folder.display(),
            output.status,
            String::from_utf8_lossy(&output.stderr)
        )),
    }
}

/// A change to the header: its name, what is replaced, by what, and whether a program breaks by it.
const CHANGES: [(&str, &str, &str, bool); 19] = [
    ("a field in the middle", FIELD, "    uint32_t new_field;\n    uint32_t max_queued;\n", true),
    ("a field at the end", END, "    uint32_t reserved;\n    void *new_field;\n} volcv_job_options;", false),
    ("a field at the end of a struct without its size", "} volcv_event;", "    int64_t more;\n} volcv_event;", true),
    ("a field of another type", FIELD, "    int32_t max_queued;\n", true),
    (
        "a field of another type, beside one at the end",
        END,
        "    float reserved;\n    int more;\n} volcv_job_options;",
        true,
    ),
    ("a field of another name", FIELD, "    uint32_t max_jobs;\n", true),
    ("a field in the middle that is gone", FIELD, "", true),
    ("the last field that is gone", END, "} volcv_job_options;", true),
    ("a parameter of another type", "volcv_wake(volcv_client *client)", "volcv_wake(const char *client)", true),
    ("a parameter more", "volcv_wake(volcv_client *client)", "volcv_wake(volcv_client *client, int more)", true),
    ("another result", FUNCTION, "VOLCV_API int64_t VOLCV_CALL volcv_wake(", true),
    ("a function of another name", FUNCTION, "VOLCV_API volcv_result VOLCV_CALL volcv_awake(", true),
    ("a new function", FUNCTION, NEW_FUNCTION, false),
    ("a hook with a parameter more", "*volcv_ready_fn)(void *user)", "*volcv_ready_fn)(void *user, int more)", true),
    ("a function in the middle of the table", "    uint32_t (VOLCV_CALL *poll)(", NEW_POINTER, true),
    ("a function at the end of the table", "} volcv_api;", "    void (VOLCV_CALL *more)(void);\n} volcv_api;", false),
    ("a number that changes", NUMBER, "#define VOLCV_PHASE_TASK (8u)", true),
    ("a number that is gone", NUMBER, "", true),
    ("a new number", NUMBER, "#define VOLCV_PHASE_TASK (7u)\n#define VOLCV_PHASE_NEW (8u)", false),
];

const FIELD: &str = "    uint32_t max_queued;\n";
const END: &str = "    uint32_t reserved;\n} volcv_job_options;";
const FUNCTION: &str = "VOLCV_API volcv_result VOLCV_CALL volcv_wake(";
const NEW_FUNCTION: &str =
    "VOLCV_API volcv_result VOLCV_CALL volcv_new(volcv_client *client);\nVOLCV_API volcv_result VOLCV_CALL volcv_wake(";
const NEW_POINTER: &str = "    void (VOLCV_CALL *more)(void);\n    uint32_t (VOLCV_CALL *poll)(";
const NUMBER: &str = "#define VOLCV_PHASE_TASK (7u)";

/// Each change to a copy of the header gets its verdict.
fn prove(header: &str, now: &Interface) -> Result<(), String> {
    for (name, old, new, breaks) in CHANGES {
        let (before, after) = header.split_once(old).ok_or(format!("the header has no {old:?} any more"))?;
        let changed = format!("{before}{new}{after}");
        let verdict = now.verdict(&changed, "changed")?;
        let is_right = match &verdict {
            Verdict::Broken(_) => breaks,
            other => !breaks && *other == Verdict::Grown,
        };
        if !is_right {
            return Err(format!("{name}: breaks should be {breaks}, but the verdict is {verdict:?}"));
        }
        say(&format!("{name}: {}", if breaks { "breaks programs" } else { "breaks nothing" }));
    }
    Ok(())
}

fn read(path: &str) -> Result<String, String> {
    fs::read_to_string(root().join(path)).map_err(|error| format!("{path}: {error}"))
}
