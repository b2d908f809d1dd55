//! Several pictures of one wish: the best one, and one picture that shows all.

use std::collections::HashSet;
use std::fs;

use serde_json::{Value, json};
use volcv_emulator::Emulator;

use crate::support::{Bench, TRANSPORTS};

fn distorted(faults: &[&str]) -> Bench {
    let faults = faults.iter().map(|fault| fault.parse().unwrap()).collect::<Vec<_>>();
    Bench::with(Emulator::builder().faults(faults).distort("cast=20".parse().unwrap()))
}

fn of<'a>(outputs: &'a [Value], field: &str) -> Vec<&'a Value> {
    outputs.iter().map(|output| output.get(field).unwrap_or(&output["operation"][field])).collect()
}

#[test]
fn the_best_of_several_becomes_out_and_the_others_stay_beside_it() {
    for transport in TRANSPORTS {
        for keep in ["", "--keep-original"] {
            let bench = distorted(&[]);
            let args = format!("--pixels 60,0,60,0 --best-of 4 --seed 11 {keep} --json --transport {transport}");
            let ran = bench.run(&format!("outpaint in.png -o out.png {args}")).expect(0).json();
            let outputs = ran["outputs"].as_array().unwrap();
            assert_eq!(of(outputs, "best"), [&json!(true), &json!(false), &json!(false), &json!(false)]);
            let best = outputs[0]["seed"].as_i64().unwrap();
            let mut names = vec!["out.png".to_owned()];
            names.extend((11..15).filter(|seed| *seed != best).map(|seed| format!("out-{}.png", seed - 10)));
            assert_eq!(
                of(outputs, "path"),
                names.iter().map(|name| json!(name)).collect::<Vec<_>>().iter().collect::<Vec<_>>()
            );
            let score = if keep.is_empty() { "seam_before" } else { "seam_after" };
            let scores: Vec<f64> = of(outputs, score).iter().map(|score| score.as_f64().unwrap()).collect();
            assert!(scores.iter().all(|score| scores[0] <= *score), "{scores:?}");
            let exact = if keep.is_empty() { Value::Null } else { json!(true) };
            assert!(of(outputs, "exact").into_iter().all(|value| *value == exact), "{outputs:?}");
            assert_eq!((&ran["charges"], &ran["attempts"]), (&json!(4), &json!(4)));
            names.sort();
            assert_eq!(bench.files(), names);
            let pictures: HashSet<Vec<u8>> = names.iter().map(|name| fs::read(bench.path(name)).unwrap()).collect();
            assert_eq!((pictures.len(), bench.emulator.charges()), (4, 4), "each one was paid for and is there");
        }
    }
}

#[test]
fn seeds_of_the_best_are_random_unless_they_are_given() {
    let bench = distorted(&[]);
    let ran = bench.run("outpaint in.png -o out.png --left 0.5 --best-of 2 --json").expect(0).json();
    let seeds: HashSet<i64> =
        of(ran["outputs"].as_array().unwrap(), "seed").iter().map(|seed| seed.as_i64().unwrap()).collect();
    assert_eq!(seeds.len(), 2);
    let ran = bench.run("outpaint in.png -o one.png --left 0.5 --best-of 1").expect(0);
    assert!(ran.stdout.starts_with("one.png 300x150 png seed ") && ran.stdout.ends_with(" best\n"), "{ran:?}");
    assert!(bench.files().contains(&"one.png".to_owned()));
}

#[test]
fn a_run_of_which_one_has_failed_still_has_a_best() {
    for transport in TRANSPORTS {
        let bench = distorted(&["code=50500"]);
        let args = format!("--left 0.5 --best-of 3 --seed 1 --contact-sheet sheet.png --json --transport {transport}");
        let ran = bench.run(&format!("outpaint in.png -o out.png {args}")).expect(5).json();
        assert_eq!((ran["ok"].as_bool(), ran["outputs"].as_array().unwrap().len()), (Some(false), 2));
        assert_eq!((&ran["outputs"][0]["path"], &ran["charges"]), (&json!("out.png"), &json!(2)));
        assert_eq!(ran["contact_sheet"], "sheet.png");
        assert_eq!((bench.files().len(), bench.emulator.charges()), (3, 3));
    }
}

#[test]
fn a_contact_sheet_shows_every_picture_of_the_run() {
    let bench = distorted(&[]);
    for (more, cells) in [("", 1), ("--variants 3", 3), ("--best-of 4", 4)] {
        let args = format!("--to 300x150 {more} --contact-sheet sheet.png");
        let ran = bench.run(&format!("outpaint in.png -o out.png {args}")).expect(0);
        assert_eq!(ran.stdout.lines().last(), Some("sheet.png shows all"));
        let (width, height) = bench.size("sheet.png");
        assert!((width / 300) * (height / 150) >= cells, "{width}x{height} for {cells}");
    }
    let ran = bench.run("outpaint in.png -o out.png --left 1 --contact-sheet sheet.jpg --json").expect(0);
    assert_eq!(ran.json()["contact_sheet"], "sheet.jpg");
    assert!(fs::read(bench.path("sheet.jpg")).unwrap().starts_with(b"\xff\xd8"));
}
