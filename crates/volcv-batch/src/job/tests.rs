//! What a line of a manifest may say.

use proptest::prelude::*;
use volcv::{Anchor, Margins, Sides, Size, TooSmall, Wish};

use super::*;

fn job(line: &str) -> Job {
    parse(line.as_bytes()).unwrap()
}

fn refused(line: &str) -> String {
    match parse(line.as_bytes()) {
        Ok(job) => job.check().unwrap_err().to_string(),
        Err(message) => message,
    }
}

#[test]
fn a_line_becomes_a_wish_and_options() {
    let wish = |line: &str| job(line).wish().unwrap();
    let size = Size { width: 1920, height: 1080 };
    assert_eq!(wish(r#"{"top": 0.5, "left": 1}"#), Wish::sides(Sides { top: 0.5, left: 1.0, ..Sides::ZERO }));
    assert_eq!(wish(r#"{"equal": 0.25}"#), Wish::sides(Sides::all(0.25)));
    assert_eq!(wish(r#"{"aspect": "16:9", "anchor": "left"}"#), Wish::aspect(16.0, 9.0).anchor(Anchor::LEFT));
    assert_eq!(wish(r#"{"to": "1920x1080", "too_small": "crop"}"#), Wish::target(size).too_small(TooSmall::Crop));
    let margins = Margins { left: 1, top: 2, right: 3, bottom: 4 };
    for pixels in [r#""1,2,3,4""#, "[1, 2, 3, 4]"] {
        assert_eq!(wish(&format!(r#"{{"pixels": {pixels}}}"#)), Wish::pixels(margins));
    }
    let options = job(
        r#"{"input": "a.jpg", "output": "b/a.png", "equal": 0.1, "prompt": "sea", "prompt_field": "both", "seed": -1,
            "scale": 7.5, "steps": 30, "strength": 0.8, "max_passes": 3, "max_side": 2048, "return_url": true,
            "paste_back": false, "strict": true, "id": null}"#,
    );
    options.check().unwrap();
    let plan = options.options().unwrap().plan_for(Size { width: 100, height: 90 }, &Wish::sides(Sides::all(0.2)));
    assert!(plan.unwrap_err().to_string().starts_with("picture is 100x90"), "strict");
    drop(job(r#"{"ability": "painting-edit", "prompt": "sea", "seed": 5, "strict": true}"#).options().unwrap());
}

#[test]
fn a_refused_line_names_the_field_the_value_and_what_it_may_be() {
    let prefix = r#""input": "a.jpg", "output": "a.png""#;
    for (rest, message) in [
        (r#""equal": 0.1, "tpo": 1"#, "unknown field `tpo`, expected one of `id`, `input`"),
        (r#""equal": "much""#, "equal is \"much\", but must be a number"),
        (r#""equal": 0.1, "seed": 1.5"#, "seed is 1.5, but must be a whole number from -1 to 4294967295"),
        (r#""equal": 0.1, "seed": 4294967296"#, "seed is 4294967296, but must be between -1 and 4294967295"),
        (r#""equal": 0.1, "steps": -1"#, "steps is -1, but must be a whole number of at least 1"),
        (r#""equal": 0.1, "steps": 0"#, "steps is 0, but must be at least 1"),
        (r#""equal": 0.1, "scale": 21"#, "scale is 21, but must be between 1 and 20"),
        (r#""equal": 0.1, "strength": 0"#, "strength is 0, but must be between 0.1 and 1"),
        (r#""equal": 0.1, "max_passes": 0"#, "max_passes is 0, but must be at least 1"),
        (r#""equal": 0.1, "max_side": 5"#, "max_side is 5, but must be between 128 and 16384 pixels"),
        (r#""equal": 0.1, "strict": "yes""#, "strict is \"yes\", but must be true or false"),
        (r#""equal": 0.1, "ability": "paint""#, "ability is \"paint\", but must be one of outpainting, painting-edit"),
        (r#""equal": 0.1, "ability": "painting-edit", "steps": 3"#, "steps is 3, but must be left out: jimeng_"),
        (
            r#""equal": 0.1, "prompt_field": "x""#,
            "prompt_field is \"x\", but must be one of prompt, custom_prompt, both",
        ),
        (r#""equal": 0.1, "prompt": 5"#, "prompt is 5, but must be a text"),
        (r#""to": "big""#, "to is \"big\", but must be two whole numbers above 0"),
        (r#""to": "20000x5""#, "target is 20000x5, but must be 1 to 16384 pixels on each side"),
        (r#""to": "9x9", "too_small": "cut""#, "too_small is \"cut\", but must be one of refuse, crop, shrink"),
        (r#""to": "9x9", "anchor": "middle""#, "anchor is \"middle\", but must be top-left, top,"),
        (r#""aspect": "wide""#, "aspect is \"wide\", but must be two positive numbers, such as 16:9"),
        (r#""aspect": "16:9", "too_small": "crop""#, "too_small is given beside aspect, but must be left out"),
        (r#""equal": 0.1, "anchor": "left""#, "anchor is given beside equal, but must be left out"),
        (r#""equal": 0.1, "to": "9x9""#, "equal beside to is given, but must be left out"),
        (r#""pixels": [1, 2, 3]"#, "pixels is [1,2,3], but must be four whole numbers: left, top, right, bottom"),
        (r#""pixels": "1,2,3""#, "pixels is \"1,2,3\", but must be four whole numbers"),
        (r#""pixels": [0, 0, 0, 0]"#, "top, bottom, left, right is 0 each, but must be above 0"),
        (r#""top": -0.1"#, "top is -0.1, but must be between 0 and"),
        (r#""seed": 1"#, "the wish is missing, but must be given as top, bottom, left or right"),
        (r#""equal": 0.1, "equal": 0.2"#, "duplicate field `equal` at column"),
        (r#""equal": 0.1,"#, "trailing comma at column"),
    ] {
        let text = refused(&format!("{{{prefix}, {rest}}}"));
        assert!(text.starts_with(message), "{rest}: {text}");
    }
    assert_eq!(refused("[1]"), "a line is [1], but must be a JSON object");
}

#[test]
fn an_input_is_a_path_or_a_safe_link() {
    let with = |input: &str| {
        let line = serde_json::json!({"input": input, "output": "a.png", "equal": 0.1}).to_string();
        job(&line).check()
    };
    assert!(refused(r#"{"output": "a.png", "equal": 0.1}"#).starts_with("input is missing"));
    assert_eq!(with("../photos/a.jpg"), Ok(()));
    assert_eq!(with("https://example.org/a.jpg?key=secret"), Ok(()));
    let error = with("http://example.org/a.jpg?key=secret").unwrap_err().to_string();
    assert!(error.contains("https://") && !error.contains("secret"), "{error}");
    assert!(with("a\0b").is_err());
}

#[test]
fn an_output_lies_inside_of_the_output_folder() {
    let with = |output: &str| {
        let line = serde_json::json!({"input": "a.jpg", "output": output, "equal": 0.1}).to_string();
        job(&line).check()
    };
    for output in ["a.png", "b/c/a.JPG", "a.jpeg", "ä b.bmp", "..a.png", "x/.volcv/a.png"] {
        assert_eq!(with(output), Ok(()), "{output}");
    }
    let long = format!("{}.png", "a".repeat(509));
    for output in [
        "",
        "a",
        "a.gif",
        ".png",
        "/a.png",
        "../a.png",
        "a/../b.png",
        "a//b.png",
        "./a.png",
        "a/",
        "C:a.png",
        "C:/a.png",
        "\\a.png",
        "a\\b.png",
        ".volcv/a.png",
        ".volcv.png",
        "a\nb.png",
        "a\0.png",
        &long,
    ] {
        assert_eq!(with(output).unwrap_err().field(), "output", "{output:?}");
    }
}

#[test]
fn an_output_that_is_not_given_has_the_name_of_the_input() {
    for (input, output) in [
        ("a.jpg", Some("a.png")),
        ("b/a.JPEG", Some("b/a.png")),
        ("../b/./a.bmp", Some("b/a.png")),
        ("/photos/b/a.jpg", Some("a.png")),
        ("a.v2", Some("a.v2.png")),
        ("a", Some("a.png")),
        (".jpg", Some(".jpg.png")),
        ("..", None),
        ("https://example.org/b/a.jpg?x=1#y", Some("a.png")),
        ("https://example.org/b/a%20b", Some("a%20b.png")),
        ("https://example.org/b/", None),
        ("https://example.org", None),
    ] {
        assert_eq!(text::output_of(input, "png").as_deref(), output, "{input}");
    }
}

#[test]
fn a_line_wins_over_the_defaults() {
    let defaults = job(r#"{"to": "9x9", "anchor": "left", "too_small": "crop", "prompt": "sea", "seed": 1}"#);
    let with = |line: &str| serde_json::to_string(&job(line).or(&defaults)).unwrap();
    assert_eq!(
        with(r#"{"input": "a"}"#),
        r#"{"input":"a","to":"9x9","anchor":"left","too_small":"crop","prompt":"sea","seed":1}"#
    );
    assert_eq!(with(r#"{"equal": 1, "seed": 2}"#), r#"{"equal":1.0,"prompt":"sea","seed":2}"#);
    assert_eq!(with(r#"{"aspect": "1:1"}"#), r#"{"aspect":"1:1","anchor":"left","prompt":"sea","seed":1}"#);
    assert_eq!(
        with(r#"{"anchor": "top", "prompt": ""}"#),
        r#"{"to":"9x9","anchor":"top","too_small":"crop","prompt":"","seed":1}"#
    );
}

#[test]
fn defaults_may_be_without_a_wish() {
    for (line, valid) in [
        ("{}", true),
        (r#"{"anchor": "top", "too_small": "crop"}"#, true),
        (r#"{"anchor": "middle"}"#, false),
        (r#"{"equal": 0}"#, false),
        (r#"{"equal": 0.1, "anchor": "top"}"#, false),
        (r#"{"scale": 0}"#, false),
    ] {
        assert_eq!(job(line).check_defaults().is_ok(), valid, "{line}");
    }
}

proptest! {
    #[test]
    fn no_line_panics(line in proptest::collection::vec(any::<u8>(), 0..200)) {
        if let Ok(job) = parse(&line) {
            let _ = job.check();
        }
    }

    #[test]
    fn no_value_of_a_field_panics(
        key in prop::sample::select(vec![
            "id", "input", "output", "top", "equal", "aspect", "to", "pixels", "anchor", "too_small", "prompt", "prompt_field",
            "seed", "scale", "steps", "strength", "ability", "max_passes", "max_side", "strict",
        ]),
        value in prop_oneof![
            any::<f64>().prop_map(|number| serde_json::json!(number)),
            any::<i64>().prop_map(|number| serde_json::json!(number)),
            ".{0,20}".prop_map(|text| serde_json::json!(text)),
            "[0-9.,:xX-]{0,12}".prop_map(|text| serde_json::json!(text)),
            proptest::collection::vec(any::<u32>(), 0..6).prop_map(|numbers| serde_json::json!(numbers)),
            Just(serde_json::Value::Null),
        ],
    ) {
        let mut line = serde_json::json!({"input": "a.jpg", "output": "a.png"});
        line[key] = value;
        let text = line.to_string();
        match parse(text.as_bytes()) {
            Ok(job) => drop(job.check()),
            Err(message) => prop_assert!(message.contains(key), "{}: {}", text, message),
        }
    }

    #[test]
    fn a_job_is_stored_and_read_as_it_was(
        names in ("[a-z/]{1,9}", ".{0,9}", proptest::option::of(".{0,9}")),
        numbers in (proptest::option::of(-1e9..1e9), any::<Option<i64>>(), any::<Option<u32>>(), any::<Option<bool>>()),
    ) {
        let mut job = Job { input: names.0, output: names.1, prompt: names.2.clone(), to: names.2, ..Job::default() };
        (job.top, job.seed, job.steps, job.strict) = numbers;
        job.pixels = job.steps.map(|steps| format!("{steps},0,0,0"));
        let text = serde_json::to_string(&job).unwrap();
        prop_assert_eq!(parse(text.as_bytes()), Ok(job));
    }
}
