//! Misuse of the C library: wrong pointers, numbers, ids and moments are error codes, under valgrind and ASan too.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::time::Duration;

use volcv_emulator::{Emulator, Fault};

use super::header::{Function, Header};
use super::{Build, compile, fresh_folder, library, program, ran, root};
#[cfg(feature = "second-ring")]
use super::{sanitized, under_valgrind};

/// How a program is compiled and run.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Under {
    Nothing,
    #[cfg(feature = "second-ring")]
    Valgrind,
    /// Of addresses and undefined behaviour, in the C side; leaks are looked for on both sides.
    #[cfg(feature = "second-ring")]
    Sanitizers,
    /// ThreadSanitizer, in the library too.
    #[cfg(feature = "second-ring")]
    Threads,
    /// On Windows.
    #[cfg(feature = "second-ring")]
    Wine,
}

/// The ways of this ring in which every program is run.
pub(crate) const RUNS: &[Under] = &[
    Under::Nothing,
    #[cfg(feature = "second-ring")]
    Under::Valgrind,
];

impl Under {
    /// Whether programs run many times slower.
    pub(super) fn is_slow(self) -> bool {
        self != Under::Nothing && !self.is_sanitized()
    }

    fn is_sanitized(self) -> bool {
        #[cfg(feature = "second-ring")]
        return self == Under::Sanitizers;
        #[cfg(not(feature = "second-ring"))]
        return false;
    }

    /// The compiler of C, its flags beside those of the program, and a symbol of each sanitizer.
    fn compiler(self) -> (&'static str, Vec<String>, &'static [&'static str]) {
        match self {
            #[cfg(feature = "second-ring")]
            Under::Sanitizers => {
                let flags = ["-fsanitize=address,undefined", "-fno-sanitize-recover=all"].map(str::to_owned);
                ("cc", flags.to_vec(), &["__asan_init", "__ubsan_handle"])
            }
            #[cfg(feature = "second-ring")]
            Under::Threads => ("clang", sanitized::flags(), &["__tsan_init"]),
            #[cfg(feature = "second-ring")]
            Under::Wine => (crate::wine::GCC, Vec::new(), &[]),
            _ => ("cc", Vec::new(), &[]),
        }
    }

    /// The library that programs are linked with, where `build` is asked for.
    fn library(self, build: Build) -> Build {
        match self {
            #[cfg(feature = "second-ring")]
            Under::Threads => Build::Sanitized,
            _ => build,
        }
    }
}

/// Compiles `tests/c/NAME.c`.
pub(crate) fn built(name: &str, under: Under, build: Build) -> PathBuf {
    let include = format!("-I{}", cases_folder().display());
    let (compiler, more, symbols) = under.compiler();
    let mut flags = vec!["-std=gnu11", "-pthread", include.as_str()];
    flags.extend(more.iter().map(String::as_str));
    let path = compile(compiler, &flags, &format!("tests/c/{name}.c"), under.library(build));
    let found = if symbols.is_empty() { String::new() } else { ran(Command::new("nm").arg(&path)) };
    assert!(symbols.iter().all(|symbol| found.contains(symbol)), "{name} has no sanitizers");
    path
}

/// Runs a program to success; one that hangs is ended.
pub(crate) fn run(path: &Path, under: Under, emulator: &Emulator, arguments: &[&str], env: &[(&str, u32)]) -> String {
    let inner = match under {
        #[cfg(feature = "second-ring")]
        Under::Valgrind => under_valgrind(path, emulator),
        _ => program(path, emulator),
    };
    let mut command = program("timeout", emulator);
    command.envs(inner.get_envs().filter_map(|(name, value)| Some((name, value?))));
    command.args(["--kill-after=5", "120"]).arg(inner.get_program()).args(inner.get_args()).args(arguments);
    command.envs(env.iter().map(|(name, value)| (name, value.to_string())));
    #[cfg(feature = "second-ring")]
    command.envs(sanitized::OPTIONS);
    ran(&mut command)
}

/// Every program that needs nothing but a server, with the variable that says how much it does: usually, and where that
/// takes long.
pub(crate) const SUITE: [(&str, &str, u32, u32); 8] = [
    ("nulls", "VOLCV_ROUNDS", 1, 1),
    ("ids", "VOLCV_OPERATIONS", 1_000_000, 20_000),
    ("hooks", "VOLCV_ROUNDS", 60, 8),
    ("fork", "VOLCV_ROUNDS", 1, 1),
    ("restart", "VOLCV_ROUNDS", 100, 12),
    ("transport", "VOLCV_ROUNDS", 1, 1),
    ("pixel_hooks", "VOLCV_ROUNDS", 40, 8),
    ("threads", "VOLCV_ROUNDS", 60, 8),
];

pub(crate) fn run_suite(name: &str, under: Under) {
    let (_, variable, much, little) = SUITE.into_iter().find(|row| row.0 == name).unwrap();
    let emulator = Emulator::builder().delay(Duration::from_millis(1)).start().unwrap();
    if name == "nulls" {
        // The second job stays with the server.
        emulator.push(Fault::default());
        emulator.push("stall=body".parse().unwrap());
    }
    let amount = if under.is_slow() { little } else { much };
    run(&built(name, under, Build::Full), under, &emulator, &[], &[(variable, amount)]);
}

#[test]
fn wrong_pointers_numbers_and_texts_are_error_codes_with_empty_outputs() {
    run_suite("nulls", Under::Nothing);
}

#[test]
fn no_id_can_be_forged_in_a_million_calls_on_eight_threads() {
    run_suite("ids", Under::Nothing);
}

#[test]
fn hooks_may_call_what_the_header_says_and_are_silent_after_destroy() {
    run_suite("hooks", Under::Nothing);
}

#[test]
fn pixels_that_a_hook_takes_are_submitted_once_whenever_the_host_leaves() {
    run_suite("pixel_hooks", Under::Nothing);
}

#[test]
fn each_thread_of_volcv_starts_and_stops_once_for_the_host_whenever_it_leaves() {
    run_suite("threads", Under::Nothing);
}

#[test]
fn a_forked_child_gets_an_error_code_from_every_function() {
    let source = fs::read_to_string(root().join("tests/c/fork.c")).unwrap();
    for Function { name, .. } in Header::read().functions() {
        assert!(source.contains(&format!("{name}(")), "fork.c does not call {name}");
    }
    run_suite("fork", Under::Nothing);
}

#[test]
fn the_library_starts_and_shuts_down_a_hundred_times_and_leaves_nothing_behind() {
    run_suite("restart", Under::Nothing);
}

#[test]
fn the_library_can_be_loaded_and_unloaded_again_and_again() {
    load(Under::Nothing);
}

pub(crate) fn load(under: Under) {
    let folder = fresh_folder(&format!("load-{under:?}"));
    let (program, library) = match under {
        #[cfg(feature = "second-ring")]
        Under::Wine => {
            (folder.join("load.exe"), crate::wine::path(&crate::wine::library(Build::Full).join("volcv.dll")))
        }
        _ => (folder.join("load"), library(under.library(Build::Full)).join("libvolcv.so").display().to_string()),
    };
    let (compiler, flags, _) = under.compiler();
    let mut command = Command::new(compiler);
    command.args(["-std=gnu11", "-pthread", "-g", "-Wall", "-Wextra", "-Werror", "-I"]).arg(root().join("include"));
    command.arg(root().join("tests/c/load.c")).arg("-o").arg(&program).args(flags);
    ran(command.args(if program.extension().is_some() { ["-static", "-lws2_32"] } else { ["-ldl", "-lpthread"] }));
    let rounds = if under.is_slow() { 5 } else { 30 };
    let emulator = Emulator::start().unwrap();
    run(&program, under, &emulator, &[&library], &[("VOLCV_ROUNDS", rounds)]);
}

/// The suite, and the library that is loaded and unloaded.
#[cfg(feature = "second-ring")]
pub(super) fn whole_suite(under: Under) {
    SUITE.iter().for_each(|row| run_suite(row.0, under));
    load(under);
}

/// Every other program that makes calls, some of them to a server that misbehaves.
#[cfg(feature = "second-ring")]
pub(super) fn all_calls(under: Under, rounds: u32, jobs: u32) {
    super::engine::cancel_in_every_phase(under, rounds);
    super::engine::fuzz(under, 1, jobs);
    super::engine::texture(under);
    super::direct::direct(under);
    super::direct::tasks(under);
}

#[cfg(feature = "second-ring")]
#[test]
fn the_suite_has_no_error_and_no_leak_under_valgrind() {
    whole_suite(Under::Valgrind);
    all_calls(Under::Valgrind, 1, 150);
}

#[cfg(feature = "second-ring")]
#[test]
fn the_suite_has_no_error_and_no_leak_under_the_sanitizers_of_c() {
    whole_suite(Under::Sanitizers);
    all_calls(Under::Sanitizers, 2, 1000);
}

/// Where `cases.inc` is, which `nulls.c` includes.
fn cases_folder() -> &'static Path {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    FOLDER.get_or_init(|| {
        let folder = fresh_folder("cases");
        let header = Header::read();
        fs::write(folder.join("cases.inc"), every_pointer(&header) + &every_field(&header)).unwrap();
        folder
    })
}

/// A valid argument for a parameter.
fn valid(type_name: &str, name: &str) -> &'static str {
    match (type_name, name) {
        ("volcv_client *", _) => "client",
        ("volcv_client **", _) => "&out_client",
        ("const volcv_client_options *", _) => "&good_client",
        ("const volcv_outpaint *", _) => "&outpaint",
        ("const volcv_raw *", _) => "&raw",
        ("const volcv_inpaint *", _) => "&inpaint",
        ("const volcv_task_request *", _) => "&task_request",
        ("const volcv_job_options *", _) => "&job_options",
        ("const volcv_header *", _) => "&header",
        ("const volcv_job *", _) => "&done",
        ("const volcv_pixels *", _) => "&pixels",
        ("const volcv_picture *", _) => "&picture",
        ("volcv_pixels *", _) => "&out_pixels",
        ("volcv_plan_info *", _) => "&out_plan",
        ("volcv_pixels_info *", _) => "&out_pixels_info",
        ("volcv_api *", _) => "&out_api",
        ("volcv_error *", _) => "&out_error",
        ("volcv_event *", _) => "out_events",
        ("volcv_job *", _) => "&out_job",
        ("volcv_progress *", _) => "&out_progress",
        ("volcv_image_info *", _) => "&out_info",
        ("volcv_buffer *", _) => "&out_buffer",
        ("const char **", _) => "&out_text",
        ("size_t *", _) => "&out_size",
        ("uint32_t *", _) => "&out_count",
        ("void *" | "const void *", _) => "room",
        ("const char *", "link") => "link_to_file",
        ("const char *", "task") => "UNKNOWN_TASK",
        ("const char *", _) => "\"text\"",
        (_, "abi") => "VOLCV_ABI_VERSION",
        (_, "job") => "done",
        (_, "status") => "200",
        (_, "format") => "VOLCV_FORMAT_PNG",
        (_, "capacity" | "count" | "exchange" | "size") => "1",
        (_, "width" | "height" | "timeout_ms" | "all" | "index" | "result" | "quality") => "0",
        other => panic!("a parameter of a new kind: {other:?}"),
    }
}

/// What has to be empty after a failure, in the macro that looks.
fn emptied(type_name: &str, name: &str) -> Option<String> {
    let variable = valid(type_name, name).trim_start_matches('&');
    match type_name {
        _ if !name.starts_with("out_") => None,
        "volcv_progress *"
        | "volcv_image_info *"
        | "volcv_error *"
        | "volcv_plan_info *"
        | "volcv_pixels_info *"
        | "volcv_pixels *"
        | "volcv_api *" => Some(format!("EMPTY_BEHIND_SIZE({variable});")),
        _ => Some(format!("EMPTY({variable});")),
    }
}

/// Each function with NULL in the place of each pointer. What the comment says of NULL is what has to happen.
fn every_pointer(header: &Header) -> String {
    let mut text = String::from("static void every_pointer(void)\n{\n");
    let mut cases = 0;
    for Function { name, doc, parameters } in header.functions() {
        let function = name.as_str();
        for (at, (type_name, parameter)) in parameters.iter().enumerate().filter(|(_, one)| one.0.ends_with('*')) {
            let after = doc.split_once(&format!("@param {parameter} ")).unwrap().1;
            let says = after.split("\n@").next().unwrap().replace('\n', " ");
            let harmless = says.contains("NULL does nothing") || says.contains("NULL and an empty one do nothing");
            let allowed = harmless || (says.contains("may be NULL") && !says.contains("may be NULL if"));
            let arguments: Vec<_> = parameters
                .iter()
                .enumerate()
                .map(|(i, (type_name, name))| match name.as_str() {
                    _ if i == at => "NULL",
                    // Only a job with a task has something for these.
                    "job" if function.starts_with("volcv_job_task") => "asked",
                    _ => valid(type_name, name),
                })
                .collect();
            let call = format!("{name}({})", arguments.join(", "));
            writeln!(text, "    fresh();").unwrap();
            let others = parameters.iter().enumerate().filter(|(i, _)| *i != at).map(|(_, one)| one);
            let outputs: Vec<_> = others.filter_map(|(type_name, name)| emptied(type_name, name)).collect();
            match (name.as_str(), allowed) {
                ("volcv_poll", _) => writeln!(text, "    CHECK({call} == 0);").unwrap(),
                ("volcv_http_complete", true) => writeln!(text, "    IS({call}, VOLCV_E_STALE);").unwrap(),
                (_, true) => {
                    writeln!(text, "    IS({call}, VOLCV_OK);").unwrap();
                    if outputs.iter().any(|output| output.contains("out_job")) {
                        writeln!(text, "    IS(volcv_job_release(client, out_job), VOLCV_OK);").unwrap();
                    }
                    if outputs.iter().any(|output| output.contains("out_buffer")) {
                        writeln!(text, "    IS(volcv_buffer_release(&out_buffer), VOLCV_OK);").unwrap();
                    }
                    if outputs.iter().any(|output| output.contains("out_client")) {
                        writeln!(text, "    IS(volcv_client_destroy(out_client, 60000), VOLCV_OK);").unwrap();
                    }
                }
                (_, false) => {
                    writeln!(text, "    IS({call}, VOLCV_E_INVALID_ARGUMENT);").unwrap();
                    outputs.iter().for_each(|output| writeln!(text, "    {output}").unwrap());
                    if parameters.iter().any(|(_, name)| name == "error") {
                        text += "    CHECK(out_error.code == VOLCV_E_INVALID_ARGUMENT);\n";
                        let word = if type_name.starts_with("volcv_client *") { "client" } else { parameter };
                        writeln!(text, "    CHECK(strstr(out_error.message, \"{word} is NULL\") != NULL);").unwrap();
                    }
                }
            }
            cases += 1;
        }
    }
    assert!(cases > 50, "{cases} cases");
    text + "}\n\n"
}

/// Fields with a few right values; the others are limits and the like, in which most numbers mean something.
const STRICT_FIELDS: &[&str] = &[
    "flags",
    "reserved",
    "mode",
    "format",
    "width",
    "height",
    "stride",
    "prompt_field",
    "ability",
    "quality",
    "actions",
    "tls_roots",
    "log_level",
    "max_in_flight",
    "max_queued",
    "max_attempts",
    "charge_limit",
    "size",
    "picture_count",
    "extra_roots_size",
];

/// Each field of each struct that callers fill, with wrong numbers; each struct with wrong sizes.
fn every_field(header: &Header) -> String {
    let inputs = [
        "client_options",
        "http_transport",
        "credentials_hook",
        "allocator",
        "picture",
        "outpaint",
        "raw",
        "inpaint",
        "task_request",
        "job_options",
        "pixels",
        "pixels_hooks",
        "thread_hooks",
    ];
    let outputs = [
        ("progress", "volcv_job_progress(client, done, out)", "volcv_job_progress(client, 1, out)"),
        ("error", "volcv_job_error(client, done, out)", "volcv_job_error(client, 1, out)"),
        ("image_info", "volcv_job_image_info(client, done, 0, out)", "volcv_job_image_info(client, done, 9, out)"),
        ("pixels_info", "volcv_job_pixels_info(client, done, 0, out)", "volcv_job_pixels_info(client, 1, 0, out)"),
        ("plan_info", "volcv_plan(&outpaint, 0, 0, out, NULL)", "volcv_plan(NULL, 0, 0, out, NULL)"),
    ];
    let mut text = String::from("static void every_field(void)\n{\n");
    let (mut numbers, mut reals) = (0, 0);
    for one in header.structs() {
        let Some(input) = inputs.into_iter().find(|input| one.name == format!("volcv_{input}")) else { continue };
        let variable = match input {
            "client_options" => "good_client",
            "http_transport" => "transport",
            other => other,
        };
        writeln!(text, "    SIZES({input}, {variable});").unwrap();
        for field in one.fields.iter().filter(|field| field.name != "struct_size") {
            let (name, type_name) = (&field.name, &field.type_name);
            match type_name.as_str() {
                "double" => {
                    reals += 1;
                    // No ranges are documented for an inpainting: any finite number may be sent.
                    let count = if input == "inpaint" { 3 } else { 5 };
                    writeln!(text, "    REAL({input}, {count}, {name});").unwrap();
                }
                "uint32_t" | "int32_t" | "uint64_t" | "int64_t" | "size_t" => {
                    numbers += 1;
                    // More memory than the pixels need is no error.
                    let is_strict =
                        STRICT_FIELDS.contains(&name.as_str()) && (input, name.as_str()) != ("pixels", "size");
                    let strict = u8::from(is_strict);
                    writeln!(text, "    FIELD({input}, {type_name}, {variable}, {name}, {strict});").unwrap();
                }
                _ => {}
            }
        }
    }
    for (output, good, bad) in outputs {
        writeln!(text, "    OUT_SIZES(volcv_{output}, out, {good}, {bad});").unwrap();
    }
    assert!(numbers > 45 && reals == 12, "{numbers} numbers, {reals} reals");
    text + "}\n"
}
