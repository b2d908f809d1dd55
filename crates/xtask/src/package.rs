//! The published crates as their users get them: from their own tarballs, with any dependencies that they allow.

use std::{fs, io};

use serde_json::Value;

use crate::installed::VERSION;
use crate::sh::{output, outside, root, run};

/// The crates that are published, in the order of their layers.
const PUBLISHED: [&str; 8] = [
    "volcv-types",
    "volcv-core",
    "volcv-transport",
    "volcv-image",
    "volcv",
    "volcv-emulator",
    "volcv-batch",
    "volcv-cli",
];

/// Each crate builds from its own tarball, and the tests of volcv-types pass in it.
///
/// cargo's own verification keeps what it built of a crate for as long as the version stays the same, and would build a
/// changed crate with the old code of the crates below it.
pub(crate) fn tarballs() -> Result<(), String> {
    let root = root();
    metadata()?;
    let packages = PUBLISHED.map(|name| format!("-p {name}")).join(" ");
    // The tree may have changes that are not committed yet.
    run(&root, &format!("cargo package --quiet --locked --allow-dirty --no-verify {packages}"), &[])?;
    // The order, the index and the manifests are judged by cargo, which packs the same files once more. What `cargo publish`
    // would build to verify them is built below.
    run(&root, "cargo publish --quiet --workspace --dry-run --no-verify --locked --allow-dirty", &[])?;
    outside("package", |folder| {
        let failed = |error: io::Error| format!("{}: {error}", folder.display());
        fs::create_dir_all(folder).map_err(failed)?;
        for name in PUBLISHED {
            // cargo takes files for unchanged that are older than what it built in a folder of the same name.
            run(folder, &format!("tar -xmf {}/target/package/{name}-{VERSION}.crate", root.display()), &[])?;
            for file in ["LICENSE-APACHE", "LICENSE-MIT", "README.md"] {
                let same = fs::read(folder.join(format!("{name}-{VERSION}/{file}"))).is_ok_and(|text| text.len() > 100);
                if !same {
                    return Err(format!("{name} is published without {file}"));
                }
            }
        }
        fs::write(folder.join("Cargo.toml"), workspace()).map_err(failed)?;
        fs::copy(root.join("Cargo.lock"), folder.join("Cargo.lock")).map_err(failed)?;
        let target = root.join("target/tarballs").display().to_string();
        run(folder, "cargo check --quiet --workspace", &[("CARGO_TARGET_DIR", &target)])?;
        run(folder, "cargo test --quiet -p volcv-types", &[("CARGO_TARGET_DIR", &target)])
    })
}

/// The manifests have what crates.io asks for, beyond what cargo looks at.
fn metadata() -> Result<(), String> {
    let text = output(&root(), "cargo metadata --locked --no-deps --format-version 1")?;
    let metadata: Value = serde_json::from_str(&text).map_err(|error| error.to_string())?;
    let mut published = Vec::new();
    for package in metadata["packages"].as_array().into_iter().flatten().filter(|package| package["publish"].is_null())
    {
        let name = package["name"].as_str().unwrap_or_default();
        published.push(name);
        if let Some(key) =
            ["description", "license", "readme", "repository"].into_iter().find(|key| package[key].is_null())
        {
            return Err(format!("{name} has no {key}"));
        }
        for (key, longest) in [("keywords", 20), ("categories", 50)] {
            let words: Vec<_> = package[key].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
            if words.is_empty()
                || words.len() > 5
                || words.iter().any(|word| word.len() > longest || word.contains(' '))
            {
                return Err(format!("crates.io takes 1 to 5 {key} without spaces; {name} has {words:?}"));
            }
        }
    }
    published.sort_unstable();
    let mut expected = PUBLISHED;
    expected.sort_unstable();
    if published == expected { Ok(()) } else { Err(format!("{published:?} are published instead of {expected:?}")) }
}

/// The manifest of a workspace of the unpacked tarballs, which find each other there and not in the registry.
fn workspace() -> String {
    let folders = PUBLISHED.map(|name| format!("\"{name}-{VERSION}\"")).join(", ");
    let patches = PUBLISHED.map(|name| format!("{name} = {{ path = \"{name}-{VERSION}\" }}\n")).concat();
    format!("[workspace]\nresolver = \"3\"\nmembers = [{folders}]\n\n[patch.crates-io]\n{patches}")
}

/// The published crates compile with the oldest versions of their direct dependencies that they allow.
pub(crate) fn oldest_versions() -> Result<(), String> {
    let root = root();
    // In a clone, so that the committed lock file stays.
    outside("oldest", |folder| {
        run(&root, &format!("git clone --quiet {} {}", root.display(), folder.display()), &[])?;
        // The resolver's option is not stable; the code is compiled without any unstable feature.
        run(folder, "cargo update --quiet -Z direct-minimal-versions", &[("RUSTC_BOOTSTRAP", "1")])?;
        let target = root.join("target/minimal").display().to_string();
        run(
            folder,
            "cargo check --quiet -p volcv -p volcv-emulator -p volcv-batch -p volcv-cli --all-features",
            &[("CARGO_TARGET_DIR", &target)],
        )
    })
}
