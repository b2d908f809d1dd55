//! A link in the place of the picture.

use std::fs;

use serde_json::{Value, json};

use crate::support::{Bench, TRANSPORTS, answer_each, png, reply_with, run, volcv, volcv_at};

/// Runs the command with a link to a picture, at a gateway that gives these replies; the bodies that came.
fn with_link(args: &str, transport: &str, replies: Vec<Vec<u8>>, size: (u32, u32)) -> Vec<String> {
    let dir = tempfile::tempdir().unwrap();
    let (base_url, bodies) = answer_each(|_| replies);
    let args = format!("outpaint {base_url}/photo.png -o out.png {args} --transport {transport}");
    let ran = run(volcv_at(&base_url, dir.path(), &args), b"").expect(0);
    let picture = image::load_from_memory(&fs::read(dir.path().join("out.png")).unwrap()).unwrap();
    assert_eq!((picture.width(), picture.height()), size, "{ran:?}");
    bodies.join().unwrap()
}

fn reply(width: u32, height: u32) -> Vec<u8> {
    reply_with(&[&png(width, height)]).to_string().into_bytes()
}

#[test]
fn a_link_is_sent_as_it_is_where_the_service_can_do_the_rest() {
    for transport in TRANSPORTS {
        let bodies = with_link("--left 1", transport, vec![reply(400, 150)], (400, 150));
        let sent: Value = serde_json::from_str(&bodies[0]).unwrap();
        let link = sent["image_urls"][0].as_str().unwrap();
        assert!(link.starts_with("http://127.0.0.1:") && link.ends_with("/photo.png"), "{link}");
        assert_eq!(sent.get("binary_data_base64"), None);
    }
}

#[test]
fn a_link_is_downloaded_where_the_size_or_the_pixels_are_needed() {
    for transport in TRANSPORTS {
        for (args, size) in [
            ("--aspect 2:1", (300, 150)),
            ("--to 300x150", (300, 150)),
            ("--pixels 50,0,50,0 --keep-original", (300, 150)),
            ("--left 0.5 --best-of 1", (300, 150)),
        ] {
            let bodies = with_link(args, transport, vec![png(200, 150), reply(300, 150)], size);
            let sent: Value = serde_json::from_str(&bodies[1]).unwrap();
            assert_eq!((bodies[0].as_str(), sent.get("image_urls")), ("", None), "{args}");
            assert_eq!(sent["binary_data_base64"], reply_with(&[&png(200, 150)])["data"]["binary_data_base64"]);
        }
    }
}

#[test]
fn a_link_that_gives_no_picture_costs_nothing() {
    for transport in TRANSPORTS {
        let dir = tempfile::tempdir().unwrap();
        let (base_url, _bodies) = answer_each(|_| vec![b"<html>".to_vec()]);
        let args = format!(
            "outpaint {base_url}/a.png -o out.png --to 300x150 --json --max-attempts 1 --transport {transport}"
        );
        let ran = run(volcv_at(&base_url, dir.path(), &args), b"");
        assert_ne!(ran.code, 0);
        assert_eq!(ran.json()["error"]["charge"], json!("none"), "{ran:?}");
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);
    }
}

#[test]
fn a_dry_run_downloads_nothing() {
    let bench = Bench::new(&[]);
    let dry = |args: &str| run(volcv(bench.dir.path(), &format!("outpaint {args} -o out.png --dry-run")), b"");
    let ran = dry("https://example.com/a.png --left 1").expect(0);
    assert_eq!(ran.json()["body"]["image_urls"], json!(["https://example.com/a.png"]));
    for args in ["--aspect 2:1", "--to 300x150"] {
        let ran = dry(&format!("https://example.com/a.png {args}")).expect(2);
        assert!(ran.stderr.starts_with("error: a dry run downloads nothing"), "{ran:?}");
    }
}

#[test]
fn a_link_and_a_file_cannot_be_mixed() {
    let bench = Bench::new(&[]);
    bench.run("outpaint https://example.com/a.png --mask in.png -o out.png").expect(2);
    bench.run("outpaint in.png --mask https://example.com/a.png -o out.png").expect(2);
    assert_eq!(bench.emulator.connections(), 0);
}
