//! Rules for the files themselves.

use std::fs;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() && path.file_name().is_some_and(|name| name != "target" && name != ".git") {
            sources(&path, found);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            found.push(path);
        }
    }
}

fn all_sources() -> Vec<(PathBuf, String)> {
    let mut paths = Vec::new();
    sources(&root(), &mut paths);
    assert!(paths.len() > 40, "the sources were found");
    paths.into_iter().map(|path| (path.clone(), fs::read_to_string(path).unwrap())).collect()
}

#[test]
fn no_source_file_is_longer_than_a_reader_can_bear() {
    for (path, text) in all_sources() {
        let lines = text.lines().count();
        assert!(lines <= 520, "{} has {lines} lines", path.display());
    }
}

#[test]
fn no_test_and_no_doctest_is_ignored() {
    let marks = [concat!("#[", "ignore"), concat!("```", "ignore")];
    for (path, text) in all_sources() {
        assert!(!marks.iter().any(|mark| text.contains(mark)), "{}", path.display());
    }
}

#[test]
fn every_module_has_a_sentence_that_says_what_it_is_for() {
    for (path, text) in all_sources() {
        assert!(text.starts_with("//!"), "{} does not say what it is for", path.display());
    }
}

#[test]
fn the_architecture_names_every_crate_every_folder_of_the_core_and_only_files_that_exist() {
    let text = fs::read_to_string(root().join("ARCHITECTURE.md")).unwrap();
    for folder in fs::read_dir(root().join("crates")).unwrap() {
        let name = folder.unwrap().file_name().into_string().unwrap();
        assert!(text.contains(&format!("`{name}`")), "{name}");
    }
    for entry in fs::read_dir(root().join("crates/volcv-core/src")).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        assert!(name.contains('.') || text.contains(&format!("`{name}/`")), "{name}/");
    }
    let files: Vec<String> = all_sources().into_iter().map(|(path, _)| path.display().to_string()).collect();
    let named = text.split(|c: char| !(c.is_ascii_alphanumeric() || "/._-".contains(c)));
    for name in named.filter(|name| name.ends_with(".rs") && name.len() > 3) {
        assert!(files.iter().any(|file| file.ends_with(&format!("/{name}"))), "there is no {name}");
    }
}

#[test]
fn the_doctests_have_every_page_with_code_in_rust() {
    let doctests = fs::read_to_string(root().join("tests/readme.rs")).unwrap();
    let docs = fs::read_dir(root().join("docs")).unwrap().map(|entry| entry.unwrap().path());
    let pages = docs.filter(|path| path.extension().is_some_and(|end| end == "md"));
    for page in pages.filter(|page| fs::read_to_string(page).unwrap().contains("\n```rust")) {
        let name = page.file_name().unwrap().to_str().unwrap();
        assert!(doctests.contains(&format!("include_str!(\"../docs/{name}\")")), "{name}");
    }
    assert!(doctests.contains("include_str!(\"../README.md\")"));
}

#[test]
fn the_files_that_the_pages_for_contributors_name_exist() {
    for page in ["CONTRIBUTING.md", "RELEASING.md", "SECURITY.md"] {
        let text = fs::read_to_string(root().join(page)).unwrap();
        let paths = text.split('`').skip(1).step_by(2).filter(|word| word.contains('/') && !word.contains([' ', '\n']));
        for path in paths {
            assert!(root().join(path).exists(), "{page} names {path}");
        }
    }
}

#[test]
fn the_photo_of_the_examples_is_small() {
    let size = fs::metadata(root().join("examples/assets/valley.jpg")).unwrap().len();
    assert!(size < 300_000, "{size} bytes");
}

#[test]
fn the_page_about_batches_has_the_keys_of_the_report() {
    let [source, page] = ["crates/volcv-batch/src/report.rs", "docs/batch.md"]
        .map(|file| fs::read_to_string(root().join(file)).unwrap());
    let rows: Vec<_> =
        source.lines().filter_map(|line| line.strip_prefix("/// ").filter(|row| row.starts_with('|'))).collect();
    assert!(rows.len() > 20 && page.contains(&rows.join("\n")), "the tables differ");
}
