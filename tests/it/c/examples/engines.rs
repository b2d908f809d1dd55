//! The recipes of `docs/engines.md` compile. Unreal and Unity are not here: a few lines stand for what the recipes use of
//! each, so that this proves the recipes' use of volcv and C++ or C#, not their use of the engine.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::c::{STRICT, fresh_folder, ran, root};

/// The code blocks of a language, in order.
fn blocks(language: &str) -> Vec<String> {
    let text = std::fs::read_to_string(root().join("docs/engines.md")).unwrap();
    let fence = format!("```{language}\n");
    let blocks: Vec<String> =
        text.split(&fence).skip(1).map(|rest| rest.split("\n```").next().unwrap().to_owned() + "\n").collect();
    assert!(!blocks.is_empty(), "no {language} in docs/engines.md");
    blocks
}

fn block(language: &str, name: &str) -> String {
    blocks(language).into_iter().find(|block| block.starts_with(&format!("// {name}"))).unwrap()
}

/// Writes an empty file for each header of the engine that the code includes.
pub(super) fn empty_headers(code: &str, folder: &Path) {
    for line in code.lines() {
        let Some(name) = line.strip_prefix("#include ") else { continue };
        let name = name.trim_matches(['"', '<', '>']);
        let file = folder.join(name);
        if name.contains("volcv.hpp") || !name.contains(".h") || file.exists() {
            continue;
        }
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(file, "").unwrap();
    }
}

/// Compiles C++ with the engine's stand-in put before it, as Unreal and Godot do: without exceptions and RTTI.
pub(super) fn compile_cpp(source: &Path, stand_in: &str) {
    let folder = source.parent().unwrap();
    std::fs::write(folder.join("engine.h"), stand_in).unwrap();
    for compiler in ["g++", "clang++"] {
        let mut command = Command::new(compiler);
        command.args(["-x", "c++", "-std=c++17", "-fno-exceptions", "-fno-rtti", "-fsyntax-only"]).args(STRICT);
        command.arg("-include").arg(folder.join("engine.h")).arg("-I").arg(root().join("include"));
        ran(command.arg("-I").arg(folder).arg(source));
    }
}

fn compile_cs(out: &Path, sources: &[PathBuf], defines: &[&str]) {
    let mut mcs = Command::new("mcs");
    mcs.args(["-unsafe", "-target:library", "-warn:4", "-warnaserror"]).arg(format!("-out:{}", out.display()));
    ran(mcs.args(defines).args(sources));
}

const UNREAL: &str = r#"#include <cstdint>
#include <cstdio>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>
using uint8 = uint8_t; using uint64 = unsigned long long; using int64 = long long;
using int32 = int; using TCHAR = char;
#define TEXT(text) text
#define UTF8_TO_TCHAR(text) text
#define check(condition) ((void)(condition))
#define THIRD_PARTY_INCLUDES_START
#define THIRD_PARTY_INCLUDES_END
#define UCLASS()
#define GENERATED_BODY() using Super = UGameInstanceSubsystem;
#define RETURN_QUICK_DECLARE_CYCLE_STAT(name, group) return TStatId()
#define DEFINE_LOG_CATEGORY_STATIC(name, level, most) static const int name = 0
#define UE_LOG(category, level, ...) ((void)category, (void)std::printf(__VA_ARGS__))
template <class T> std::remove_reference_t<T>&& MoveTemp(T&& value) {
    return static_cast<std::remove_reference_t<T>&&>(value);
}
struct FString {
    std::string text;
    FString(const char* from = "") : text(from) {}
    const char* operator*() const { return text.c_str(); }
};
struct FTCHARToUTF8 {
    std::string text;
    explicit FTCHARToUTF8(const TCHAR* from) : text(from) {}
    const char* Get() const { return text.c_str(); }
};
struct FPlatformMisc { static FString GetEnvironmentVariable(const TCHAR*) { return {}; } };
struct TStatId {};
using uint32 = uint32_t;
template <class T> struct TArray64 {
    std::vector<T> items;
    T* GetData() { return items.data(); }
    int64 Num() const { return static_cast<int64>(items.size()); }
};
enum class ERawImageFormat { BGRA8 };
struct FImage {
    TArray64<uint8> RawData;
    int32 SizeX = 0, SizeY = 0;
    void Init(int32, int32, ERawImageFormat) {}
};
template <class T> struct TUniquePtr : std::unique_ptr<T> {
    using std::unique_ptr<T>::unique_ptr;
    T* Get() const { return this->get(); }
    T* Release() { return this->release(); }
};
template <class T, class... Args> TUniquePtr<T> MakeUnique(Args&&... args) {
    return TUniquePtr<T>(new T(static_cast<Args&&>(args)...));
}
template <class K, class V> struct TMap {
    std::map<K, V> map;
    int32 Num() const { return static_cast<int32>(map.size()); }
    void Empty() { map.clear(); }
    V& Add(const K& key, V&& value) { return map[key] = MoveTemp(value); }
    bool RemoveAndCopyValue(K key, V& out) { out = MoveTemp(map[key]); return map.erase(key) == 1; }
};
template <class... Args> struct TDelegate { bool ExecuteIfBound(Args...) const { return true; } };
#define DECLARE_DELEGATE_TwoParams(name, first, second) using name = TDelegate<first, second>
struct FSubsystemCollectionBase {};
struct UGameInstanceSubsystem {
    virtual ~UGameInstanceSubsystem() = default;
    virtual void Initialize(FSubsystemCollectionBase&) {}
    virtual void Deinitialize() {}
    bool IsTemplate() const { return false; }
};
enum class ETickableTickType { Never, Conditional };
struct FTickableGameObject {
    virtual ~FTickableGameObject() = default;
    virtual void Tick(float) = 0;
    virtual bool IsTickable() const = 0;
    virtual bool IsTickableWhenPaused() const = 0;
    virtual ETickableTickType GetTickableTickType() const = 0;
    virtual TStatId GetStatId() const = 0;
};
"#;

#[test]
fn the_unreal_recipe_compiles() {
    let folder = fresh_folder("unreal");
    let header = block("cpp", "VolcvSubsystem.h");
    let source = block("cpp", "VolcvSubsystem.cpp");
    std::fs::write(folder.join("VolcvSubsystem.h"), &header).unwrap();
    std::fs::write(folder.join("VolcvSubsystem.cpp"), &source).unwrap();
    empty_headers(&(header + &source), &folder);
    compile_cpp(&folder.join("VolcvSubsystem.cpp"), UNREAL);

    let rules = r#"namespace UnrealBuildTool {
public class ReadOnlyTargetRules {}
public class List : System.Collections.Generic.List<string> {}
public enum ModuleType { External }
public class ModuleRules {
    protected const ModuleType External = ModuleType.External;
    public ModuleType Type;
    public string ModuleDirectory = "";
    public List PublicSystemIncludePaths, PublicAdditionalLibraries, PublicDefinitions;
    public ModuleRules(ReadOnlyTargetRules target) {
        PublicSystemIncludePaths = PublicAdditionalLibraries = PublicDefinitions = null;
    }
} }"#;
    let sources = [folder.join("Volcv.Build.cs"), folder.join("UnrealBuildTool.cs")];
    std::fs::write(&sources[0], block("cs", "Volcv.Build.cs")).unwrap();
    std::fs::write(&sources[1], rules).unwrap();
    compile_cs(&folder.join("Rules.dll"), &sources, &[]);
}

const UNITY: &str = r#"using System;
namespace Unity.Collections {
public struct NativeArray<T> { public int Length { get { return 0; } } }
}
namespace Unity.Collections.LowLevel.Unsafe {
public static unsafe class NativeArrayUnsafeUtility {
    public static void* GetUnsafePtr<T>(this NativeArray<T> array) { return null; }
}
}
namespace UnityEngine {
public class MonoBehaviour {}
public sealed class SerializeField : Attribute {}
public enum TextureFormat { RGBA32 }
public class Texture2D {
    public int width, height;
    public Texture2D(int width, int height, TextureFormat format, bool mipChain) {}
    public Unity.Collections.NativeArray<T> GetRawTextureData<T>() { return default(Unity.Collections.NativeArray<T>); }
    public void Apply() {}
}
}
namespace UnityEditor {
public sealed class InitializeOnLoad : Attribute {}
public static class AssemblyReloadEvents {
    public static event Action beforeAssemblyReload { add {} remove {} }
} }"#;

#[test]
fn the_unity_recipe_compiles() {
    let folder = fresh_folder("unity");
    let sources = [root().join("examples/unity/Volcv.cs"), folder.join("Outpainter.cs"), folder.join("UnityEngine.cs")];
    std::fs::write(&sources[1], block("cs", "Outpainter.cs")).unwrap();
    std::fs::write(&sources[2], UNITY).unwrap();
    // The engine sets fields with SerializeField, and calls the private methods.
    compile_cs(&folder.join("Game.dll"), &sources, &["-define:UNITY_EDITOR"]);
}
