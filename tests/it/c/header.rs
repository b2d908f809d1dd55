//! volcv.h as compilers and readers meet it: every standard, every layout, every promise of the comments.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;
use std::process::Command;

use super::{Build, C_COMPILERS, CXX_COMPILERS, STRICT, compile, fresh_folder, library, ran, root};

/// The header, taken apart.
pub(crate) struct Header {
    pub(crate) text: String,
}

/// One declaration with its comment.
pub(crate) struct Function {
    pub(crate) name: String,
    pub(crate) doc: String,
    /// Types and names.
    pub(crate) parameters: Vec<(String, String)>,
}

pub(crate) struct Struct {
    pub(crate) name: String,
    pub(crate) fields: Vec<Field>,
}

pub(crate) struct Field {
    pub(crate) name: String,
    pub(crate) type_name: String,
    /// The constant that says how many there are.
    #[cfg_attr(not(feature = "second-ring"), allow(dead_code, reason = "only the test of other targets asks"))]
    count: Option<String>,
}

impl Header {
    pub(crate) fn read() -> Self {
        Self { text: fs::read_to_string(root().join("include/volcv.h")).unwrap() }
    }

    pub(crate) fn functions(&self) -> Vec<Function> {
        let found: Vec<_> = self
            .text
            .split("/**")
            .filter_map(|piece| {
                let (doc, code) = piece.split_once("*/")?;
                let declaration = code.trim_start().strip_prefix("VOLCV_API ")?.split(';').next()?;
                let (before, inside) = declaration.split_once('(')?;
                let name = before.split_whitespace().last()?.to_owned();
                let inside = inside.split_whitespace().collect::<Vec<_>>().join(" ");
                let parameters = inside.trim_end_matches(')').split(',').filter(|text| *text != "void").map(|text| {
                    let at = text.rfind(['*', ' ']).unwrap() + 1;
                    (text[..at].trim().to_owned(), text[at..].to_owned())
                });
                let doc = doc.lines().map(|line| line.trim().trim_start_matches(['*', ' '])).collect::<Vec<_>>();
                Some(Function { name, doc: doc.join("\n"), parameters: parameters.collect() })
            })
            .collect();
        assert_eq!(found.len(), self.text.matches("\nVOLCV_API ").count(), "each function has a comment");
        found
    }

    pub(crate) fn structs(&self) -> Vec<Struct> {
        let bodies = self.text.split("typedef struct ").skip(1).filter_map(|piece| piece.split_once(" {\n"));
        let bodies = bodies.filter(|(name, _)| !name.contains(';'));
        bodies
            .map(|(name, rest)| {
                let body = rest.split(&format!("}} {name};")).next().unwrap();
                let code: String =
                    body.split("/**").map(|piece| piece.split_once("*/").map_or(piece, |it| it.1)).collect();
                let fields = code.split(';').map(str::trim).filter(|text| !text.is_empty()).map(|text| {
                    if let Some((_, rest)) = text.split_once("(VOLCV_CALL *") {
                        let name = rest.split(')').next().unwrap().to_owned();
                        return Field {
                            name,
                            type_name: "a pointer to a function, as each _fn".to_owned(),
                            count: None,
                        };
                    }
                    let (text, count) = match text.split_once('[') {
                        Some((text, count)) => (text, Some(count.trim_end_matches(']').to_owned())),
                        None => (text, None),
                    };
                    let at = text.rfind(['*', ' ']).unwrap() + 1;
                    Field { name: text[at..].to_owned(), type_name: text[..at].trim().to_owned(), count }
                });
                Struct { name: name.to_owned(), fields: fields.collect() }
            })
            .collect()
    }

    /// Names and values of the numbers.
    pub(crate) fn constants(&self) -> Vec<(String, i64)> {
        let defines = self.text.lines().filter_map(|line| line.strip_prefix("#define ")?.split_once(" ("));
        let number = |text: &str| text.trim_end_matches([')', 'u']).parse().unwrap();
        defines.map(|(name, value)| (name.to_owned(), number(value))).collect()
    }

    fn macros(&self, ending: &str) -> BTreeSet<String> {
        let names = self.text.lines().filter_map(|line| line.strip_prefix("#define ")?.split_whitespace().next());
        names.filter(|name| name.ends_with(ending)).map(str::to_owned).collect()
    }
}

impl Struct {
    fn has_size(&self) -> bool {
        self.fields[0].name == "struct_size"
    }

    fn init(&self) -> String {
        format!("{}_INIT", self.name.to_uppercase())
    }

    /// The sum of the fields' sizes, for a width of pointers.
    #[cfg(feature = "second-ring")]
    fn packed_size(&self, pointer: usize, constants: &[(String, i64)]) -> usize {
        let size = |field: &Field| {
            let one = match field.type_name.as_str() {
                name if name.ends_with('*') || name.ends_with("_fn") || name == "size_t" => pointer,
                "uint32_t" | "int32_t" | "volcv_result" => 4,
                "uint64_t" | "int64_t" | "double" | "volcv_job" => 8,
                "char" => 1,
                other => panic!("{other} in {}", self.name),
            };
            let count = field.count.as_ref().map(|name| constants.iter().find(|known| known.0 == *name).unwrap().1);
            one * usize::try_from(count.unwrap_or(1)).unwrap()
        };
        self.fields.iter().map(size).sum()
    }
}

const C: [&str; 4] = ["c99", "c11", "c17", "c2x"];
const CXX: [&str; 6] = ["c++98", "c++11", "c++14", "c++17", "c++20", "c++2b"];

/// What both compilers find in C alone.
const ONLY_C: [&str; 2] = ["-Wstrict-prototypes", "-Wmissing-prototypes"];
/// What both compilers find in C++ alone, with the settings of engines.
const ONLY_CXX: [&str; 4] = ["-fno-exceptions", "-fno-rtti", "-Wold-style-cast", "-Wnon-virtual-dtor"];

/// Compilers with their standards and settings.
fn compilers() -> Vec<(&'static str, String, Vec<&'static str>)> {
    let mut all = Vec::new();
    for c in C_COMPILERS {
        all.extend(C.iter().map(|standard| (*c, format!("-std={standard}"), ONLY_C.to_vec())));
    }
    for cxx in CXX_COMPILERS {
        all.extend(CXX.iter().map(|standard| (*cxx, format!("-std={standard}"), ONLY_CXX.to_vec())));
    }
    all
}

/// A program that uses every struct, macro and init function, because clang looks at nothing that is not used.
fn uses_everything(header: &Header) -> String {
    let mut text = String::from("#include <volcv.h>\n#include <volcv.h>\n\nint main(void)\n{\n    size_t total = 0;\n");
    for one in header.structs() {
        let (name, variable) = (&one.name, one.name.trim_start_matches("volcv_"));
        if header.text.contains(&one.init()) {
            writeln!(text, "    {name} {variable} = {};\n    {name}_init(&{variable});", one.init()).unwrap();
            writeln!(text, "    total += sizeof {variable};").unwrap();
        } else {
            writeln!(text, "    total += sizeof({name});").unwrap();
        }
    }
    text + "    return total == 0 || VOLCV_VERSION[0] == 0 || VOLCV_OK != 0;\n}\n"
}

#[test]
fn each_compiler_takes_the_header_in_each_standard_without_a_warning() {
    let folder = fresh_folder("standards");
    let source = uses_everything(&Header::read());
    let alone = "#include <volcv.h>\ntypedef int not_empty;\n";
    for (name, text) in [("all.c", source.as_str()), ("all.cpp", &source), ("alone.c", alone), ("alone.cpp", alone)] {
        fs::write(folder.join(name), text).unwrap();
    }
    for (compiler, standard, flags) in compilers() {
        let ending = if compiler.ends_with("++") { "cpp" } else { "c" };
        for mode in ["-UVOLCV_STATIC", "-DVOLCV_STATIC"] {
            let mut command = Command::new(compiler);
            command.args([&standard, "-fsyntax-only", "-Wpadded", mode, "-I"]).arg(root().join("include"));
            command.args(STRICT).args(&flags).arg(folder.join(format!("all.{ending}")));
            ran(command.arg(folder.join(format!("alone.{ending}"))));
        }
    }
}

#[cfg(feature = "second-ring")]
#[test]
fn clang_has_nothing_at_all_to_say_about_the_header() {
    // The first are about other standards than the one in use; the last two are about macros that a program need not
    // use, and about C's way to begin a struct with zeros.
    let elsewhere = ["-Wno-declaration-after-statement", "-Wno-c++98-compat", "-Wno-c++98-compat-pedantic"];
    let c_only = ["-Wno-unused-macros", "-Wno-zero-as-null-pointer-constant"];
    let folder = fresh_folder("everything");
    for (name, compiler, standard) in [("all.c", "clang", "-std=c11"), ("all.cpp", "clang++", "-std=c++17")] {
        fs::write(folder.join(name), uses_everything(&Header::read())).unwrap();
        let mut command = Command::new(compiler);
        command.args(["-Weverything", "-Werror", "-fsyntax-only", standard]).args(elsewhere).args(c_only);
        // As a program's own header: system headers are not looked at.
        ran(command.arg("-I").arg(root().join("include")).arg(folder.join(name)));
    }
}

#[cfg(feature = "second-ring")]
#[test]
fn the_wrapper_for_cpp_is_clean_in_each_standard_without_exceptions_and_rtti() {
    let folder = fresh_folder("hpp");
    fs::write(folder.join("all.cpp"), "#include <volcv.hpp>\n#include <volcv.hpp>\nint main() { return 0; }\n")
        .unwrap();
    for compiler in ["g++", "clang++"] {
        for standard in ["c++17", "c++20", "c++2b"] {
            for engine in [&ONLY_CXX[..], &ONLY_CXX[2..]] {
                let mut command = Command::new(compiler);
                command.args([&format!("-std={standard}"), "-fsyntax-only", "-I"]).arg(root().join("include"));
                ran(command.args(STRICT).args(engine).arg(folder.join("all.cpp")));
            }
        }
    }
}

#[test]
fn two_units_with_the_header_link_into_one_program() {
    let folder = fresh_folder("units");
    let unit = |name: &str| {
        format!(
            "#include <volcv.h>\nint {name}(void);\nint {name}(void) {{ return volcv_abi_version() != VOLCV_ABI_VERSION; }}\n"
        )
    };
    let main = "int first(void);\nint second(void);\nint main(void) { return first() | second(); }\n";
    let [one, two] = ["first", "second"].map(|name| {
        fs::write(folder.join(format!("{name}.c")), unit(name)).unwrap();
        folder.join(format!("{name}.c"))
    });
    fs::write(&one, unit("first") + main).unwrap();
    for compiler in C_COMPILERS.iter().chain(CXX_COMPILERS.first()) {
        let program = compile(compiler, &[two.to_str().unwrap()], one.to_str().unwrap(), Build::Full);
        ran(&mut Command::new(program));
    }
    // With the archive, and with what a Rust archive needs besides.
    let archive = library(Build::Full).join("libvolcv.a");
    let program = folder.join("static");
    let mut command = Command::new("cc");
    command.arg("-DVOLCV_STATIC").arg("-I").arg(root().join("include")).args([&one, &two, &archive]).arg("-o");
    ran(command.arg(&program).args(["-lpthread", "-ldl", "-lm", "-lgcc_s"]));
    ran(&mut Command::new(program));
}

#[test]
fn the_header_includes_two_headers_of_c_and_nothing_else() {
    let header = Header::read();
    let includes: Vec<_> = header.text.lines().filter_map(|line| line.trim().strip_prefix("#include ")).collect();
    assert_eq!(includes, ["<stddef.h>", "<stdint.h>"]);
    assert!(header.text.is_ascii());
}

#[test]
fn a_macro_an_init_function_and_zeros_make_the_same_struct() {
    let header = Header::read();
    let with_init: Vec<_> = header.structs().into_iter().filter(|one| header.text.contains(&one.init())).collect();
    // All but those that only the library makes.
    assert_eq!(with_init.len(), header.structs().len() - 2);
    assert_eq!(with_init.iter().map(Struct::init).collect::<BTreeSet<_>>(), header.macros("_INIT"));
    let mut text = String::from("#include <stdio.h>\n#include <string.h>\n#include <volcv.h>\n\nint main(void)\n{\n");
    for one in with_init {
        let (name, init) = (&one.name, one.init());
        let size = if one.has_size() { "zeros.struct_size = sizeof zeros;" } else { "" };
        write!(
            text,
            "    {{\n        const {name} by_macro = {init};\n        {name} by_function, zeros;\n        \
             memset(&by_function, 0xAB, sizeof by_function);\n        {name}_init(&by_function);\n        \
             memset(&zeros, 0, sizeof zeros);\n        {size}\n        \
             if (memcmp(&by_macro, &zeros, sizeof zeros) != 0 || memcmp(&by_function, &zeros, sizeof zeros) != 0) {{\n            \
             printf(\"{name}\\n\");\n            return 1;\n        }}\n    }}\n"
        )
        .unwrap();
    }
    text += "    return 0;\n}\n";
    let folder = fresh_folder("init");
    for compiler in C_COMPILERS.iter().chain(CXX_COMPILERS) {
        let source = folder.join(if compiler.ends_with("++") { "init.cpp" } else { "init.c" });
        fs::write(&source, &text).unwrap();
        ran(&mut Command::new(compile(compiler, &[], source.to_str().unwrap(), Build::Full)));
    }
}

#[cfg(feature = "second-ring")]
#[test]
fn no_struct_has_hidden_padding_on_any_target() {
    let header = Header::read();
    let targets = [
        ("armv7-unknown-linux-gnueabihf", 4),
        ("i686-unknown-linux-gnu", 4),
        ("i686-pc-windows-msvc", 4),
        ("aarch64-unknown-linux-gnu", 8),
        ("x86_64-unknown-linux-gnu", 8),
        ("x86_64-pc-windows-msvc", 8),
    ];
    let folder = fresh_folder("padding");
    for (target, pointer) in targets {
        let mut text = String::from("#include <volcv.h>\n");
        for one in header.structs() {
            let size = one.packed_size(pointer, &header.constants());
            writeln!(text, "_Static_assert(sizeof({0}) == {size}, \"{0}\");", one.name).unwrap();
        }
        let source = folder.join(format!("{target}.c"));
        fs::write(&source, text).unwrap();
        let mut command = Command::new("clang");
        command.args([&format!("--target={target}"), "-ffreestanding", "-fsyntax-only", "-std=c11", "-Wpadded"]);
        ran(command.args(["-Werror", "-I"]).arg(root().join("include")).arg(source));
    }
}

#[test]
fn the_comments_say_all_that_a_caller_needs() {
    let header = Header::read();
    let constants: BTreeSet<_> = header.constants().into_iter().map(|(name, _)| name).collect();
    for Function { name, doc, parameters } in header.functions() {
        let documented: Vec<_> =
            doc.lines().filter_map(|line| line.strip_prefix("@param ")?.split(' ').next()).collect();
        let names: Vec<_> = parameters.iter().map(|(_, name)| name.as_str()).collect();
        assert_eq!(documented, names, "{name}");
        let returns = doc.split_once("@return ").unwrap_or_else(|| panic!("{name} has no @return")).1;
        assert!(returns.contains("Thread: ") && returns.contains("Blocks: "), "{name}: {returns}");
        for word in doc.split(|c: char| !c.is_ascii_alphanumeric() && c != '_') {
            let known = constants.contains(word) || header.text.contains(&format!("#define {word}"));
            assert!(!word.starts_with("VOLCV_") || known, "{name} speaks of {word}");
            let called = word.starts_with("volcv_") && doc.contains(&format!("{word}()"));
            assert!(!called || header.text.contains(&format!(" {word}(")), "{name} speaks of {word}");
        }
    }
    // Fields, numbers and types have comments too, but for the table of functions, which are described above it.
    let lines: Vec<_> = header.text.lines().collect();
    let bare: Vec<_> = lines
        .windows(2)
        .filter(|pair| pair[1].starts_with("    ") && pair[1].ends_with(';') && !pair[1].contains('='))
        .filter(|pair| !pair[1].contains("(VOLCV_CALL *"))
        .filter(|pair| !pair[0].trim_end().ends_with("*/") && !pair[0].contains('(') && !pair[0].ends_with(','))
        .collect();
    assert!(bare.is_empty(), "{bare:#?}");
}

#[test]
fn the_functions_that_hooks_may_not_call_say_so_and_no_others() {
    let hooks = fs::read_to_string(root().join("tests/c/hooks.c")).unwrap();
    let refused = hooks.lines().filter(|line| line.ends_with(", VOLCV_E_REENTRANT);"));
    let refused: BTreeSet<_> = refused.filter_map(|line| line.trim().strip_prefix("IS(")?.split('(').next()).collect();
    assert!(refused.len() >= 5, "{refused:?}");
    for Function { name, doc, .. } in Header::read().functions() {
        let says = [doc.contains("VOLCV_E_REENTRANT"), doc.contains("Thread: any, but not inside of a hook")];
        assert_eq!(says, [refused.contains(name.as_str()); 2], "{name}");
    }
}

/// What the shared library gives to others.
#[cfg(feature = "second-ring")]
fn exported(build: Build) -> BTreeSet<String> {
    let mut command = Command::new("nm");
    let symbols = ran(command.args(["--plugin=/dev/null", "-D", "--defined-only"]).arg(shared(build)));
    symbols.lines().filter_map(|line| line.split_whitespace().nth(2)).map(str::to_owned).collect()
}

fn shared(build: Build) -> PathBuf {
    library(build).join("libvolcv.so")
}

#[cfg(feature = "second-ring")]
#[test]
fn the_library_exports_the_functions_of_the_header_and_nothing_else() {
    let declared: BTreeSet<_> = Header::read().functions().into_iter().map(|function| function.name).collect();
    for build in [Build::Full, Build::NoHttp] {
        let exported: BTreeSet<_> =
            exported(build).into_iter().map(|name| name.split('@').next().unwrap().to_owned()).collect();
        assert_eq!(exported, declared, "{build:?}");
        let dynamic = ran(Command::new("readelf").args(["-d", "-W"]).arg(shared(build)));
        assert!(dynamic.contains("NODELETE") && dynamic.contains("NOW") && !dynamic.contains("TEXTREL"), "{dynamic}");
        let segments = ran(Command::new("readelf").args(["-l", "-W"]).arg(shared(build)));
        let stack = segments.lines().find(|line| line.contains("GNU_STACK")).unwrap();
        assert!(!stack.contains("RWE"), "{stack}");
    }
}

#[test]
fn the_build_without_http_has_no_trace_of_http_and_tls_libraries() {
    let traces = ["rustls", "ureq", "webpki", "ring_core", "ring-0."];
    let [full, bare] = [Build::Full, Build::NoHttp].map(|build| fs::read(shared(build)).unwrap());
    let [full, bare] = [&full, &bare].map(|bytes| String::from_utf8_lossy(bytes));
    for word in traces {
        assert!(!bare.contains(word), "{word}");
        assert!(full.contains(word), "{word} is found where it is");
    }
}
