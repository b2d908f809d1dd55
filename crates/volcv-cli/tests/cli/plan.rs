//! `volcv plan`, without a key and without a network.

use serde_json::json;

use crate::support::{Bench, Ran, png, run, volcv};

/// The command without a gateway and a key.
fn plan(bench: &Bench, args: &str) -> Ran {
    run(volcv(bench.dir.path(), &format!("plan {args}")), b"")
}

#[test]
fn a_plan_says_in_plain_text_what_is_sent_made_and_paid() {
    let bench = Bench::new(&[]);
    let ran = plan(&bench, "1024x768 --to 1500x768 --anchor left --max-passes 3").expect(0);
    let expected = "\
source    1024x768
result    1500x768
original  1024x768 at 0,0
calls     1, each of which is paid for
call      sides right 0.4650: sends 1024x768, gets 1500x768
";
    assert_eq!((ran.stdout.as_str(), ran.stderr.as_str()), (expected, ""));
    let ran = plan(&bench, "1024x768 --to 1000x900 --too-small crop").expect(0);
    assert!(ran.stdout.contains("\nused      1000x768 at 12,0\n"), "{ran:?}");
    let ran = plan(&bench, "in.png --pixels 0,0,40,0").expect(0);
    assert!(ran.stdout.contains("\nresult    240x150\n") && ran.stdout.contains("\nupload    "), "{ran:?}");
    let ran = plan(&bench, "1000x1000 --to 8000x1000 --max-passes 2").expect(0);
    assert!(ran.stdout.contains("calls     2") && ran.stdout.contains(", scaled to 8000x1000\n"), "{ran:?}");
    assert!(ran.stderr.contains("warning: --max-side is 4096, so 8000x1000 is made as"), "{ran:?}");
    assert_eq!(bench.emulator.connections(), 0);
}

#[test]
fn a_plan_is_one_json_object_and_is_carried_out_exactly_so() {
    let bench = Bench::new(&[]);
    let ran = plan(&bench, "in.png --to 300x170 --anchor 0,1 --json").expect(0).json();
    let size = |width: u32, height: u32| json!({"width": width, "height": height});
    assert_eq!((&ran["ok"], &ran["calls"], &ran["warnings"]), (&json!(true), &json!(1), &json!([])));
    assert_eq!((&ran["source"], &ran["result"]), (&size(200, 150), &size(300, 170)));
    assert_eq!(ran["original"], json!({"x": 0, "y": 20, "width": 200, "height": 150}));
    assert_eq!(ran["crop"], json!({"x": 0, "y": 0, "width": 200, "height": 150}));
    let pass = &ran["passes"][0];
    assert_eq!(
        (&pass["mode"], &pass["upload"], &pass["expected"]),
        (&json!("sides"), &size(200, 150), &size(300, 170))
    );

    bench.run("outpaint in.png -o out.png --to 300x170 --anchor 0,1").expect(0);
    assert_eq!(bench.size("out.png"), (300, 170));
    let request = &bench.emulator.requests()[0];
    let sent = request.json.as_ref().unwrap();
    for field in ["top", "bottom", "left", "right", "max_width", "max_height"] {
        assert_eq!(sent[field], pass[field], "{field}");
    }
    assert_eq!(ran["upload_bytes"], request.content_length.unwrap());
    let ran = plan(&bench, "200x150 --to 300x170 --json").expect(0).json();
    assert_eq!((&ran["upload_bytes"], &ran["drawing"]), (&json!(null), &json!(null)));
}

#[test]
fn a_drawing_has_the_original_at_its_place() {
    let bench = Bench::new(&[]);
    let ran = plan(&bench, "in.png --to 300x170 --anchor left --draw plan.png").expect(0);
    assert!(ran.stdout.ends_with("drawing   plan.png\n"), "{ran:?}");
    assert_eq!(bench.size("plan.png"), (300, 170));
    let drawn = image::open(bench.path("plan.png")).unwrap().to_rgb8();
    let original = image::open(bench.path("in.png")).unwrap().to_rgb8();
    assert_eq!(drawn.get_pixel(90, 80), original.get_pixel(90, 70));
    let ran = plan(&bench, "4000x3000 --aspect 2:1 --json --draw plan.jpg").expect(0);
    assert_eq!((ran.json()["drawing"].as_str(), bench.size("plan.jpg")), (Some("plan.jpg"), (1024, 512)));
}

#[test]
fn a_file_wins_over_a_size_of_the_same_name() {
    let bench = Bench::new(&[]);
    bench.write("90x90", &png(300, 200));
    assert_eq!(plan(&bench, "90x90 --left 1 --json").expect(0).json()["source"]["width"], 300);
    assert_eq!(plan(&bench, "80x80 --left 1 --json").expect(0).json()["source"]["width"], 80);
}

#[test]
fn a_plan_that_cannot_be_made_says_why() {
    let bench = Bench::new(&[]);
    bench.write("text.png", b"not a picture");
    for (args, words) in [
        ("100x100", "--to"),
        ("nothing.png --left 1", "cannot read the picture"),
        ("text.png --left 1", "cannot read the picture"),
        ("https://example.com/a.png --left 1", "give the size of the picture"),
        ("100x100 --to 90x90", "--to is 90x90, but must be"),
        ("100x100 --to 900x100", "--max-passes is 1, but must be at least 2"),
        ("100x100 --left 1 --draw no/plan.png", "cannot write no/plan.png"),
        ("100x100 --left 1 --draw plan.gif", "png, jpg or bmp"),
    ] {
        let ran = plan(&bench, args).expect(2);
        assert!(ran.stdout.is_empty() && ran.stderr.contains(words), "{args}: {ran:?}");
        let ran = plan(&bench, &format!("{args} --json")).expect(2);
        assert!(ran.json()["error"]["message"].as_str().unwrap().contains(words), "{args}: {ran:?}");
    }
    assert_eq!(bench.files(), ["text.png"]);
}
