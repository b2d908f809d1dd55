//! What each crate depends on, and what it must never depend on: the layers, proved by `cargo tree`.

use std::collections::BTreeSet;
use std::process::Command;

use serde_json::Value;

/// The crates in the tree of a package built with these features, itself left out.
fn tree(package: &str, features: &str) -> BTreeSet<String> {
    let line = "tree --locked --prefix none --format {lib} -e normal --no-default-features";
    let mut tree = cargo(&line.split(' ').chain(["-p", package, "--features", features]).collect::<Vec<_>>());
    tree.remove(&package.replace('-', "_"));
    tree
}

/// The first words of the lines that cargo prints.
fn cargo(words: &[&str]) -> BTreeSet<String> {
    let output = Command::new(env!("CARGO"))
        .args(words)
        .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines().filter_map(|line| line.split_whitespace().next()).map(str::to_owned).collect()
}

#[track_caller]
fn without(tree: &BTreeSet<String>, forbidden: &[&str]) {
    for name in forbidden {
        let found: Vec<_> = tree.iter().filter(|dependency| dependency.starts_with(name)).collect();
        assert!(found.is_empty(), "{found:?} in the tree");
    }
}

/// The crates of volcv that each crate names as dependencies: each layer names the one below it, and none above.
const LAYERS: [(&str, &[&str]); 9] = [
    ("volcv-types", &[]),
    ("volcv-core", &["volcv-types"]),
    ("volcv-transport", &["volcv-core"]),
    ("volcv-image", &["volcv-types"]),
    ("volcv", &["volcv-image", "volcv-transport"]),
    ("volcv-ffi", &["volcv"]),
    ("volcv-emulator", &[]),
    ("volcv-batch", &["volcv"]),
    ("volcv-cli", &["volcv", "volcv-batch", "volcv-emulator"]),
];

#[test]
fn each_layer_depends_on_the_layer_below_it_only() {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--locked", "--no-deps", "--format-version=1"])
        .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
        .output()
        .unwrap();
    let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
    for package in metadata["packages"].as_array().unwrap() {
        let name = package["name"].as_str().unwrap();
        let Some((_, below)) = LAYERS.iter().find(|(layer, _)| *layer == name) else {
            assert!(["examples", "tests", "xtask"].contains(&name), "{name} has no layer");
            continue;
        };
        // Optional dependencies and those of other platforms count too; those of tests do not.
        let dependencies = package["dependencies"].as_array().unwrap().iter().filter(|found| found["kind"].is_null());
        let found: BTreeSet<_> = dependencies.filter_map(|found| found["name"].as_str()).collect();
        let found: Vec<_> = found.into_iter().filter(|name| name.starts_with("volcv")).collect();
        assert_eq!(found, *below, "{name}");
    }
}

/// What signatures of direct access need: HMAC, SHA-256, what these two are made of, and memory that is wiped.
const SIGNATURES: [&str; 12] = [
    "block_buffer",
    "cfg_if",
    "cmov",
    "cpufeatures",
    "crypto_common",
    "ctutils",
    "digest",
    "hmac",
    "hybrid_array",
    "sha2",
    "typenum",
    "zeroize",
];

/// The rest of a tree that has all of [`SIGNATURES`].
fn without_signatures(mut tree: BTreeSet<String>) -> BTreeSet<String> {
    assert!(SIGNATURES.iter().all(|name| tree.remove(*name)), "{tree:?}");
    tree
}

const HTTP: [&str; 5] = ["reqwest", "ureq", "hyper", "h2", "tower"];
const TLS: [&str; 4] = ["rustls", "ring", "aws_lc", "webpki"];
const RUNTIME: [&str; 3] = ["tokio", "mio", "async_std"];

#[test]
fn types_depend_on_serde_thiserror_and_bytes_only() {
    let family = [
        "bytes",
        "serde",
        "serde_core",
        "serde_derive",
        "serde_json",
        "itoa",
        "memchr",
        "zmij",
        "thiserror",
        "thiserror_impl",
        "proc_macro2",
        "quote",
        "syn",
        "unicode_ident",
    ];
    let tree = tree("volcv-types", "");
    assert!(tree.iter().all(|name| family.contains(&name.as_str())), "{tree:?}");
}

#[test]
fn core_has_no_network_no_tls_and_no_runtime() {
    for features in ["", "http-body"] {
        let tree = without_signatures(tree("volcv-core", features));
        [&HTTP[..], &TLS, &RUNTIME].iter().for_each(|names| without(&tree, names));
        assert!(tree.len() <= 25, "{} crates: {tree:?}", tree.len());
    }
}

#[test]
fn the_transport_without_features_has_no_network_no_tls_and_no_runtime() {
    let tree = tree("volcv-transport", "");
    [&HTTP[..], &TLS, &RUNTIME].iter().for_each(|names| without(&tree, names));
}

#[test]
fn the_ureq_build_is_small_and_has_no_runtime() {
    let tree = without_signatures(tree("volcv-transport", "ureq,tls-ring,roots-webpki"));
    without(&tree, &["reqwest", "hyper", "h2", "tower", "aws_lc"]);
    without(&tree, &RUNTIME);
    assert!(tree.len() <= 45, "{} crates: {tree:?}", tree.len());
}

#[test]
fn the_c_library_has_no_runtime_and_without_features_no_network_and_no_tls() {
    let full = without_signatures(tree("volcv-ffi", "ureq"));
    without(&full, &["reqwest", "hyper", "h2", "tower", "aws_lc"]);
    without(&full, &RUNTIME);
    assert!(full.len() <= 50, "{} crates: {full:?}", full.len());
    let bare = tree("volcv-ffi", "");
    [&HTTP[..], &TLS, &RUNTIME].iter().for_each(|names| without(&bare, names));
}

#[test]
fn the_reqwest_build_has_no_second_crypto_library() {
    let tree = without_signatures(tree("volcv-transport", "reqwest,tls-ring,roots-webpki"));
    without(&tree, &["ureq", "aws_lc", "openssl_sys", "native_tls", "h2"]);
    assert!(tree.len() <= 100, "{} crates: {tree:?}", tree.len());
}

/// What only the ledger and the pace of a batch need.
const LEDGER: [&str; 3] = ["sqlx", "libsqlite3_sys", "governor"];

#[test]
fn only_batches_and_the_command_have_a_ledger() {
    for (package, _) in LAYERS.iter().filter(|(package, _)| !["volcv-batch", "volcv-cli"].contains(package)) {
        // On every platform, with every feature, and in what builds and tests them.
        let line = "tree --locked --prefix none --format {lib} -e normal,build,dev --target all --all-features";
        let found = cargo(&line.split(' ').chain(["-p", package]).collect::<Vec<_>>());
        without(&found, &LEDGER);
    }
    let batch = tree("volcv-batch", "");
    assert!(LEDGER.iter().all(|name| batch.contains(*name)), "{batch:?}");
}

#[test]
fn the_ledger_has_one_crypto_library_and_no_second_database() {
    let tree = without_signatures(tree("volcv-batch", ""));
    without(&tree, &["aws_lc", "openssl", "native_tls", "sqlx_mysql", "async_std", "reqwest", "ureq"]);
    assert!(tree.len() <= 150, "{} crates: {tree:?}", tree.len());
}

#[test]
fn each_dependency_of_the_libraries_has_one_version() {
    let output = Command::new(env!("CARGO"))
        .args(["tree", "--locked", "--prefix", "none", "--format", "{p}", "-e", "normal"])
        .args(["-p", "volcv", "--features", "ureq,reqwest"])
        .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let packages: BTreeSet<(&str, &str)> = text
        .lines()
        .filter_map(|line| line.split_once(' ').map(|(name, rest)| (name, rest.split(' ').next().unwrap_or_default())))
        .collect();
    let names: Vec<&str> = packages.iter().map(|(name, _)| *name).collect();
    let twice: Vec<_> = names.windows(2).filter(|pair| pair[0] == pair[1]).collect();
    assert!(twice.is_empty(), "{twice:?} in two versions");
}
