//! Folders, globs and manifests as they are found on a disk.

use std::fs;
use std::path::Path;

use proptest::prelude::*;
use tempfile::TempDir;

use super::*;

fn folder(files: &[&str]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for file in files {
        let path = folder.path().join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, "").unwrap();
    }
    folder
}

fn defaults() -> Defaults {
    let mut defaults = Defaults::default();
    defaults.job.equal = Some(0.1);
    defaults
}

/// The ids and outputs of a valid input in order, and the number of other files.
fn found(input: &Input) -> (Vec<(String, String)>, u64) {
    let mut items = Vec::new();
    let others = input.each(&defaults(), true, &mut |found| {
        assert_eq!(found.item.seq, items.len() as u64);
        items.push((found.item.id, found.item.job.output));
        Ok(())
    });
    let others = others.unwrap();
    items.sort();
    (items, others)
}

fn ids(input: &Input) -> Vec<String> {
    found(input).0.into_iter().map(|(id, _)| id).collect()
}

fn find(text: &str, output: &Path) -> Input {
    Input::find(text, output).unwrap()
}

fn manifest(folder: &Path, text: impl AsRef<[u8]>) -> Input {
    let path = folder.join("jobs.jsonl");
    fs::write(&path, text).unwrap();
    find(path.to_str().unwrap(), &folder.join("out"))
}

/// The error of an input, with the name of the manifest in place of its path.
fn refused(input: &Input, folder: &Path) -> String {
    let error = input.survey(&defaults(), None, None).unwrap_err().to_string();
    error.replace(&format!("{}{}", folder.display(), std::path::MAIN_SEPARATOR), "")
}

fn path(folder: &TempDir) -> &str {
    folder.path().to_str().unwrap()
}

#[test]
fn a_folder_stands_for_its_pictures() {
    let folder = folder(&["a.jpg", "b/c.PNG", "b/d/e.jpeg", "b/f.bmp", "notes.txt", "b/g.webp", ".h.jpg", ".i/j.jpg"]);
    let input = find(path(&folder), Path::new("elsewhere"));
    let (items, others) = found(&input);
    let items: Vec<_> = items.iter().map(|(id, output)| (id.as_str(), output.as_str())).collect();
    assert_eq!(
        items,
        [("a.jpg", "a.png"), ("b/c.PNG", "b/c.png"), ("b/d/e.jpeg", "b/d/e.png"), ("b/f.bmp", "b/f.png"),]
    );
    assert_eq!((others, input.base()), (2, folder.path()));
}

#[test]
fn an_output_folder_below_the_input_folder_is_left_out() {
    let folder = folder(&["a.jpg", "b/out/a.png", "b/out2/a.png", "b/c.jpg"]);
    let output = folder.path().join("b/../b/out");
    assert_eq!(ids(&find(path(&folder), &output)), ["a.jpg", "b/c.jpg", "b/out2/a.png"]);
    let pattern = format!("{}/**/*.png", path(&folder));
    assert_eq!(ids(&find(&pattern, &output)), ["b/out2/a.png"]);
    let error = Input::find(path(&folder), folder.path()).unwrap_err().to_string();
    assert!(error.contains("but must be another than the input folder"), "{error}");
}

#[test]
fn a_glob_stands_for_the_pictures_that_match() {
    let folder = folder(&["a.jpg", "b/c_raw.jpg", "b/d/e_raw.jpg", "b/d/f.jpg", "b/g_raw.txt", "b/.h_raw.jpg"]);
    let glob = |pattern: &str| find(&format!("{}/{pattern}", path(&folder)), Path::new("elsewhere"));
    assert_eq!(ids(&glob("*.jpg")), ["a.jpg"]);
    assert_eq!(ids(&glob("**/*_raw.jpg")), ["b/c_raw.jpg", "b/d/e_raw.jpg"]);
    assert_eq!(ids(&glob("*/c_raw.???")), ["b/c_raw.jpg"]);
    let (items, others) = found(&glob("b/*_raw.*"));
    assert_eq!((items, others), (vec![("c_raw.jpg".to_owned(), "c_raw.png".to_owned())], 1));
    assert_eq!(glob("b/*").base(), folder.path().join("b/"));
    assert_eq!(ids(&glob("[b]/d/*")), ["b/d/e_raw.jpg", "b/d/f.jpg"]);
    let error = Input::find(&format!("{}/b/***", path(&folder)), Path::new("out")).unwrap_err().to_string();
    assert!(error.contains("but must be a glob that can be read"), "{error}");
}

#[cfg(unix)]
#[test]
fn links_to_files_count_and_links_to_folders_do_not() {
    use std::os::unix::fs::symlink;
    let folder = folder(&["a.jpg", "b/c.jpg"]);
    symlink(folder.path().join("a.jpg"), folder.path().join("b/d.jpg")).unwrap();
    symlink(folder.path(), folder.path().join("b/loop")).unwrap();
    symlink(folder.path().join("b"), folder.path().join("e.jpg")).unwrap();
    let (items, others) = found(&find(path(&folder), Path::new("elsewhere")));
    assert_eq!(items.iter().map(|(id, _)| id.as_str()).collect::<Vec<_>>(), ["a.jpg", "b/c.jpg", "b/d.jpg"]);
    assert_eq!(others, 2);
    symlink("nowhere", folder.path().join("f.jpg")).unwrap();
    let input = find(path(&folder), Path::new("elsewhere"));
    let error = input.survey(&defaults(), None, None).unwrap_err().to_string();
    assert!(error.contains("f.jpg: No such file"), "{error}");
}

#[cfg(target_os = "linux")]
#[test]
fn the_name_of_a_picture_must_be_unicode() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt as _;
    let folder = folder(&["a.jpg"]);
    fs::write(folder.path().join(OsStr::from_bytes(b"\xff.txt")), "").unwrap();
    let input = find(path(&folder), Path::new("elsewhere"));
    assert_eq!(found(&input).1, 1);
    fs::write(folder.path().join(OsStr::from_bytes(b"\xff.jpg")), "").unwrap();
    assert!(refused(&input, folder.path()).ends_with(".jpg: the name of a picture must be Unicode"));
}

#[test]
fn a_text_that_names_nothing_is_refused() {
    let folder = folder(&["a.txt"]);
    for (name, message) in [
        ("a.txt", "but must be a folder, a glob, a manifest that ends in .jsonl or .ndjson, or - for standard input"),
        ("none", ""),
        ("none.jsonl", ""),
        ("none/*.jpg", ""),
    ] {
        let text = folder.path().join(name);
        let error = Input::find(text.to_str().unwrap(), Path::new("out")).unwrap_err().to_string();
        assert!(error.contains(name.trim_end_matches("/*.jpg")) && error.contains(message), "{error}");
    }
}

#[test]
fn a_manifest_has_a_job_in_each_line() {
    let folder = folder(&[]);
    let text = "\u{feff}{\"input\": \"a.jpg\"}\r\n\r\n  {\"input\": \"b/a.jpg\", \"id\": \"7\", \"output\": \"c.jpg\"}\n\n\
                {\"input\": \"https://example.org/x/d.jpg?k=1\", \"equal\": 0.2}";
    let input = manifest(folder.path(), text);
    let (items, others) = found(&input);
    let items: Vec<_> = items.iter().map(|(id, output)| (id.as_str(), output.as_str())).collect();
    assert_eq!(items, [("7", "c.jpg"), ("a.png", "a.png"), ("d.png", "d.png")]);
    assert_eq!((others, input.base()), (0, folder.path()));
}

#[test]
fn a_line_that_is_wrong_is_named() {
    let folder = folder(&[]);
    let refused = |text: &[u8]| refused(&manifest(folder.path(), text), folder.path());
    let good = "{\"input\": \"a.jpg\"}\n";
    let message = "jobs.jsonl:3: scale is 0, but must be between 1 and 20";
    assert_eq!(refused(format!("{good}\n{{\"input\": \"b.jpg\", \"scale\": 0}}").as_bytes()), message);
    let error = refused(format!("{good}{{\"input\": \"b.jpg\"").as_bytes());
    assert!(error.starts_with("jobs.jsonl:2: EOF while parsing an object at column"), "{error}");
    assert!(refused(b"\xff\xfe{\0}\0").starts_with("jobs.jsonl:1: the file is UTF-16"));
    assert!(refused(b"{\"input\": \"\xff.jpg\"}").starts_with("jobs.jsonl:1: invalid unicode code point"));
    assert_eq!(
        refused(b"{\"input\": \"https://example.org/\"}"),
        "jobs.jsonl:1: output is a text of 0 bytes, but must be 1 to 512 bytes"
    );
    let id = format!("{good}{{\"input\": \"b.jpg\", \"id\": \"\"}}");
    assert!(refused(id.as_bytes()).starts_with("jobs.jsonl:2: id is a text of 0 bytes, but must be"));
}

#[test]
fn a_line_may_have_a_mebibyte() {
    let folder = folder(&[]);
    let line = |bytes: usize| {
        let rest = "{\"input\": \"a.jpg\", \"prompt\": \"\"}".len();
        format!("{{\"input\": \"a.jpg\", \"prompt\": \"{}\"}}", "x".repeat(bytes - rest))
    };
    for end in ["", "\n", "\r\n", "\n\n"] {
        assert_eq!(ids(&manifest(folder.path(), line(1 << 20) + end)), ["a.png"], "{end:?}");
        let error = refused(&manifest(folder.path(), line((1 << 20) + 1) + end), folder.path());
        assert_eq!(error, "jobs.jsonl:1: the line is longer than 1048576 bytes", "{end:?}");
    }
}

#[test]
fn two_items_with_one_name_are_both_named() {
    let twice = folder(&["b/a.jpg", "b/a.png", "c.png"]);
    let error = refused(&find(path(&twice), Path::new("elsewhere")), twice.path());
    assert!(error.contains("output is \"b/a.png\", but must be another than that of "), "{error}");
    assert!(error.contains("b/a.jpg") && error.starts_with("b/a."), "{error}");
    let line =
        |id: &str, output: &str| format!("{{\"input\": \"a.jpg\", \"id\": \"{id}\", \"output\": \"{output}\"}}\n");
    let folder = folder(&[]);
    let input = manifest(folder.path(), line("1", "a.png") + &line("2", "b.png") + &line("1", "c.png"));
    let message = "jobs.jsonl:3: id is \"1\", but must be another than that of jobs.jsonl:1";
    assert_eq!(refused(&input, folder.path()), message);
    // An id may be the output of another item.
    let input = manifest(folder.path(), line("b.png", "a.png") + &line("2", "b.png"));
    assert_eq!(ids(&input), ["2", "b.png"]);
    input.survey(&defaults(), None, None).unwrap();
}

#[test]
fn an_output_does_not_replace_its_input() {
    let folder = folder(&["a.png"]);
    let pattern = format!("{}/*.png", path(&folder));
    let input = find(&pattern, folder.path());
    assert!(refused(&input, folder.path()).contains("output is \"a.png\", but must be another file than the input"));
    let mut jpg = defaults();
    jpg.format = "jpg".to_owned();
    input.survey(&jpg, None, None).unwrap();
}

#[test]
fn an_input_that_was_planned_is_known_by_its_content() {
    let folder = folder(&["a.jpg", "b/c.jpg"]);
    let output = Path::new("elsewhere");
    let text = "{\"input\": \"a.jpg\"}\n{\"input\": \"b.jpg\"}\n";
    let shard: Shard = "0/2".parse().unwrap();
    for (input, change) in [(find(path(&folder), output), "d.jpg"), (manifest(folder.path(), text), "jobs.jsonl")] {
        let survey = |shard, before: Option<&str>, defaults: &Defaults| input.survey(defaults, shard, before).unwrap();
        let Surveyed::New(first) = survey(None, None, &defaults()) else { panic!("it is new") };
        assert_eq!((first.items, first.all), (2, 2));
        let stored = serde_json::to_string(&first).unwrap();
        assert!(matches!(survey(None, Some(&stored), &defaults()), Surveyed::Same(same) if same == first));
        let mut other = defaults();
        other.job.seed = Some(1);
        assert!(matches!(survey(None, Some(&stored), &other), Surveyed::New(_)));
        other = defaults();
        other.format = "bmp".to_owned();
        assert!(matches!(survey(None, Some(&stored), &other), Surveyed::New(_)));
        assert!(matches!(survey(Some(shard), Some(&stored), &defaults()), Surveyed::New(_)));
        assert!(matches!(survey(None, Some("{}"), &defaults()), Surveyed::New(_)));
        fs::write(folder.path().join(change), "{\"input\": \"c.jpg\"}").unwrap();
        assert!(matches!(survey(None, Some(&stored), &defaults()), Surveyed::New(_)));
    }
}

#[test]
fn all_shards_together_have_every_item_once() {
    let folder = folder(&[]);
    let lines: String = (0..20_000).map(|i| format!("{{\"input\": \"photos/{i}.jpg\"}}\n")).collect();
    let input = manifest(folder.path(), lines);
    let mut items = 0;
    for index in 0..7 {
        match input.survey(&defaults(), Some(Shard::new(index, 7).unwrap()), None).unwrap() {
            Surveyed::New(survey) => {
                assert!(survey.items.abs_diff(20_000 / 7) < 300 && survey.all == 20_000, "{survey:?}");
                items += survey.items;
            }
            Surveyed::Same(_) => panic!("nothing was planned before"),
        }
    }
    assert_eq!(items, 20_000);
}

#[test]
fn defaults_are_checked_before_the_input() {
    let folder = folder(&[]);
    let input = manifest(folder.path(), "no json");
    let mut wrong = defaults();
    wrong.job.scale = Some(0.0);
    let error = input.survey(&wrong, None, None).unwrap_err().to_string();
    assert_eq!(error, "scale is 0, but must be between 1 and 20");
    wrong = defaults();
    wrong.format = "gif".to_owned();
    let error = input.survey(&wrong, None, None).unwrap_err().to_string();
    assert_eq!(error, "format is \"gif\", but must be one of png, jpg, bmp");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn a_survey_passes_if_and_only_if_no_id_and_no_output_comes_twice(
        lines in proptest::collection::vec(("[a-d]{1,2}", proptest::option::of("[a-d]{1,2}")), 1..6),
    ) {
        let folder = folder(&[]);
        let line = |(output, id): &(String, Option<String>)| {
            serde_json::json!({"input": "in.jpg", "output": format!("{output}.png"), "id": id}).to_string() + "\n"
        };
        let input = manifest(folder.path(), lines.iter().map(line).collect::<String>());
        let count = |names: Vec<String>| names.into_iter().collect::<std::collections::HashSet<_>>().len();
        let outputs = count(lines.iter().map(|(output, _)| output.clone()).collect());
        let ids = count(lines.iter().map(|(output, id)| id.clone().unwrap_or(format!("{output}.png"))).collect());
        let unique = outputs == lines.len() && ids == lines.len();
        prop_assert_eq!(input.survey(&defaults(), None, None).is_ok(), unique);
    }
}
