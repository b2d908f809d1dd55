//! The examples for Godot. The one for Godot 3 is built against the engine's own headers of C and runs in its headless server.
//! Godot 4 is in none of the registries, and neither is godot-cpp: the one for it is compiled against the engine's own header
//! of C and a stand-in for godot-cpp, and against the real one where `VOLCV_GODOT_CPP` names it.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use serde_json::Value;
use volcv_emulator::Emulator;

use super::super::{Build, STRICT, fresh_folder, library, program, ran, root, target_folder, told};
use super::engines::{compile_cpp, empty_headers};
use super::{PHOTO, emulator, failed, size_of};

/// Crates that carry the headers: those of GDNative for all of Godot 3, and the one of GDExtension for each Godot 4.
const GDNATIVE: [&str; 3] = ["gdnative-sys", "0.11.3", "godot_headers"];
const GDEXTENSION: [&str; 3] = ["gdextension-api", "0.4.0", "versions/4.6/res"];

/// The folder with headers in a crate. cargo fetches it, and nothing of it is compiled.
fn headers([name, version, folder]: [&str; 3]) -> PathBuf {
    let project = target_folder().join("foreign-headers").join(name);
    fs::create_dir_all(&project).unwrap();
    fs::write(project.join("lib.rs"), "").unwrap();
    let package = "[package]\nname = \"headers\"\nversion = \"0.0.0\"\nedition = \"2021\"\n[lib]\npath = \"lib.rs\"\n[workspace]\n";
    let manifest = format!("{package}[dependencies]\n{name} = \"={version}\"\n");
    fs::write(project.join("Cargo.toml"), manifest).unwrap();
    let mut cargo = Command::new(env!("CARGO"));
    let metadata: Value =
        serde_json::from_str(&ran(cargo.args(["metadata", "--quiet", "--format-version=1"]).current_dir(&project)))
            .unwrap();
    let package = metadata["packages"].as_array().unwrap().iter().find(|package| package["name"] == name).unwrap();
    Path::new(package["manifest_path"].as_str().unwrap()).with_file_name(folder)
}

/// The example's project, with its library compiled.
fn project(compiler: &str) -> PathBuf {
    let folder = fresh_folder(&format!("godot3-{compiler}"));
    for entry in fs::read_dir(root().join("examples/godot3")).unwrap() {
        let entry = entry.unwrap();
        fs::copy(entry.path(), folder.join(entry.file_name())).unwrap();
    }
    fs::create_dir(folder.join("bin")).unwrap();
    let volcv = library(Build::Full).display();
    let mut command = Command::new(compiler);
    command.args(["-std=c++17", "-shared", "-fPIC"]).args(STRICT).arg("-isystem").arg(headers(GDNATIVE));
    command.arg("-I").arg(root().join("include")).arg(folder.join("outpainter.cpp"));
    command.arg(format!("-L{volcv}")).arg("-lvolcv").arg(format!("-Wl,-rpath,{volcv}"));
    ran(command.arg("-o").arg(folder.join("bin/libvolcv_godot.so")));
    folder
}

/// The headless engine with the project.
fn godot(project: &Path, emulator: &Emulator) -> Command {
    let mut godot = program("timeout", emulator);
    godot.args(["60", "godot3-server", "--path"]).arg(project).env("HOME", project);
    godot.env("VOLCV_PHOTO", root().join(PHOTO)).env("VOLCV_RESULT", project.join("wide.png"));
    godot
}

#[test]
fn the_example_for_godot_3_outpaints_while_its_frames_go_on() {
    for compiler in ["clang++", "g++"] {
        let project = project(compiler);
        let said = ran(&mut godot(&project, &emulator(&["delay=500"])));
        let line =
            said.lines().find_map(|line| line.strip_prefix("1920x640, the original is untouched, ")).expect(&said);
        let frames: u32 = line.strip_suffix(" frames").unwrap().parse().unwrap();
        assert!(frames >= 2, "{said}");
        assert_eq!(size_of(&project.join("wide.png")), (1920, 640));
    }
}

#[test]
fn the_example_for_godot_3_says_why_there_is_no_picture_and_ends_while_a_job_runs() {
    let project = project("c++");
    let said = failed(&mut godot(&project, &emulator(&["code=50411"]))).stderr;
    assert!(String::from_utf8_lossy(&said).contains("50411"), "{}", String::from_utf8_lossy(&said));
    let said = failed(godot(&project, &emulator(&[])).env("VOLCV_API_KEY", "")).stderr;
    assert!(String::from_utf8_lossy(&said).contains("the api key is empty"), "{}", String::from_utf8_lossy(&said));

    // The engine ends after its first frame: the job is cancelled, and its connection closed.
    let emulator = emulator(&["stall=body"]);
    let output = godot(&project, &emulator).arg("--quit").output().unwrap();
    assert!(output.status.success(), "{}", told(&output));
    assert!(emulator.wait_idle(Duration::from_secs(20)));
}

#[test]
fn the_extension_for_godot_4_compiles() {
    let folder = fresh_folder("godot4");
    for name in ["outpainter.h", "extension.cpp"] {
        let code = fs::read_to_string(root().join("examples/godot4").join(name)).unwrap();
        empty_headers(&code, &folder);
        fs::write(folder.join(name), code).unwrap();
    }
    // The engine's own header of C; only godot-cpp is a stand-in.
    fs::copy(headers(GDEXTENSION).join("gdextension_interface.h"), folder.join("gdextension_interface.h")).unwrap();
    compile_cpp(&folder.join("extension.cpp"), GODOT);
}

#[test]
fn the_extension_for_godot_4_compiles_against_godot_cpp() {
    let Some(godot_cpp) = std::env::var_os("VOLCV_GODOT_CPP").map(PathBuf::from) else {
        let _ = writeln!(
            std::io::stderr(),
            "NOT CHECKED: VOLCV_GODOT_CPP is not set: the extension for Godot 4 beside godot-cpp"
        );
        return;
    };
    for compiler in ["g++", "clang++"] {
        let mut command = Command::new(compiler);
        command.args(["-std=c++17", "-fno-exceptions", "-fsyntax-only"]).args(STRICT);
        for folder in ["include", "gen/include", "gdextension"] {
            command.arg("-isystem").arg(godot_cpp.join(folder));
        }
        command.arg("-I").arg(root().join("include"));
        ran(command.arg(root().join("examples/godot4/extension.cpp")));
    }
}

/// What the extension uses of godot-cpp.
const GODOT: &str = r#"#include <cstdint>
#include <cstdio>
#define GDCLASS(name, base) public: static void bind() { name::_bind_methods(); } private:
#define ADD_SIGNAL(signal) ((void)(signal))
#define ERR_PRINT(text) ((void)std::puts(text))
#define GDREGISTER_CLASS(name) name::bind()
#define GDE_EXPORT __attribute__((visibility("default")))
namespace godot {
struct CharString { const char* get_data() const { return ""; } };
struct String {
    String(const char* = "") {}
    static String utf8(const char* text) { return String(text); }
    CharString utf8() const { return {}; }
};
struct PackedByteArray {
    const uint8_t* ptr() const { return nullptr; }
    uint8_t* ptrw() { return nullptr; }
    int64_t size() const { return 0; }
    int64_t resize(int64_t) { return 0; }
};
struct Variant { enum Type { INT, STRING, OBJECT }; };
template <class T> struct Ref {
    T* operator->() const { static T value; return &value; }
};
struct Image {
    enum Format { FORMAT_RGBA8 };
    PackedByteArray get_data() const { return {}; }
    int get_width() const { return 0; }
    int get_height() const { return 0; }
    static Ref<Image> create_from_data(int, int, bool, Format, const PackedByteArray&) { return {}; }
};
struct Node {
    virtual ~Node() = default;
    virtual void _process(double) {}
    virtual void _exit_tree() {}
    template <class... Args> void emit_signal(const char*, const Args&...) {}
};
struct OS {
    static OS* get_singleton() { static OS os; return &os; }
    String get_environment(const char*) const { return {}; }
};
struct PropertyInfo { PropertyInfo(Variant::Type, const char*) {} };
struct MethodInfo { template <class... Args> MethodInfo(const char*, const Args&...) {} };
struct ClassDB { template <class Method> static void bind_method(int, Method) {} };
template <class... Args> int D_METHOD(const Args&...) { return 0; }
enum ModuleInitializationLevel { MODULE_INITIALIZATION_LEVEL_SCENE };
struct GDExtensionBinding {
    struct InitObject {
        template <class... Args> InitObject(const Args&...) {}
        void register_initializer(void (*)(ModuleInitializationLevel)) const {}
        void register_terminator(void (*)(ModuleInitializationLevel)) const {}
        void set_minimum_library_initialization_level(ModuleInitializationLevel) const {}
        bool init() const { return true; }
    };
};
}
"#;
