//! `volcv mask`: a padded picture and a mask that `volcv outpaint --mask` takes.

use image::{GenericImageView as _, GrayImage, RgbImage};

use crate::support::{Bench, run, volcv};

fn mask(bench: &Bench, args: &str) -> (RgbImage, GrayImage) {
    let ran = run(volcv(bench.dir.path(), &format!("mask in.png -o padded.png --mask-out mask.png {args}")), b"");
    let ran = ran.expect(0);
    assert!(ran.stdout.starts_with("padded.png ") && ran.stdout.contains("\nmask.png "), "{ran:?}");
    let open = |name: &str| image::open(bench.path(name)).unwrap();
    (open("padded.png").to_rgb8(), open("mask.png").to_luma8())
}

#[test]
fn the_padded_picture_holds_the_original_and_the_mask_is_black_there() {
    let bench = Bench::new(&[]);
    let original = image::open(bench.path("in.png")).unwrap().to_rgb8();
    let (padded, mask) = mask(&bench, "--to 300x200 --anchor top-left");
    assert_eq!((padded.dimensions(), mask.dimensions()), ((300, 200), (300, 200)));
    assert_eq!(*padded.view(0, 0, 200, 150).to_image(), *original);
    assert!(mask.enumerate_pixels().all(|(x, y, value)| value.0[0] == if x < 200 && y < 150 { 0 } else { 255 }));

    bench.run("outpaint padded.png --mask mask.png -o out.png").expect(0);
    let made = image::open(bench.path("out.png")).unwrap().to_rgb8();
    assert_eq!(made.dimensions(), (300, 200));
    assert_eq!(*made.view(0, 0, 200, 150).to_image(), *original);
}

#[test]
fn an_overlap_and_a_soft_edge_reach_into_the_original_on_growing_sides_only() {
    let bench = Bench::new(&[]);
    let (_, hard) = mask(&bench, "--pixels 50,0,0,0 --overlap 8");
    assert_eq!([57, 58, 249].map(|x| hard.get_pixel(x, 70).0[0]), [255, 0, 0]);
    let (_, soft) = mask(&bench, "--pixels 50,0,0,0 --overlap 8 --soft 10");
    let row: Vec<u8> = (57..69).map(|x| soft.get_pixel(x, 70).0[0]).collect();
    assert!(row.windows(2).all(|pair| pair[0] >= pair[1]) && row[0] == 255 && row[11] == 0, "{row:?}");
    assert!(row.iter().any(|value| (1..255).contains(value)), "{row:?}");
}

#[test]
fn the_padding_is_filled_as_it_is_told() {
    let bench = Bench::new(&[]);
    let original = image::open(bench.path("in.png")).unwrap().to_rgb8();
    let (padded, _) = mask(&bench, "--pixels 0,0,50,0 --fill 10ff80");
    assert_eq!(padded.get_pixel(249, 149).0, [16, 255, 128]);
    let (padded, _) = mask(&bench, "--pixels 0,0,50,0 --fill mirror");
    assert_eq!(padded.get_pixel(200, 30), original.get_pixel(199, 30));
    assert_eq!(padded.get_pixel(249, 30), original.get_pixel(150, 30));
    let (padded, _) = mask(&bench, "--pixels 0,0,50,0");
    assert_eq!(padded.dimensions(), (250, 150));
}

#[test]
fn what_cannot_be_prepared_says_why_and_writes_nothing() {
    let bench = Bench::new(&[]);
    bench.write("text.png", b"not a picture");
    for (args, words) in [
        ("in.png -o padded.png --mask-out mask.png", "--to"),
        ("in.png -o padded.png --to 300x150", "--mask-out"),
        ("in.png -o padded.webp --mask-out mask.png --to 300x150", "png, jpg or bmp"),
        ("in.png -o padded.png --mask-out mask.jpg --to 300x150", "mask.jpg has to be a png"),
        ("in.png -o padded.png --mask-out mask.png --to 300x150 --fill blue", "six hex digits"),
        ("in.png -o padded.png --mask-out mask.png --to 300x150 --overlap 900", "overlap is 900, but must be"),
        ("in.png -o padded.png --mask-out mask.png --to 900x150", "at least 2 to grow"),
        ("text.png -o padded.png --mask-out mask.png --to 300x150", "cannot read the picture"),
        ("https://example.com/a.png -o padded.png --mask-out mask.png --to 300x150", "download it first"),
        ("in.png -o no/padded.png --mask-out mask.png --to 300x150", "cannot write no/padded.png"),
    ] {
        let ran = run(volcv(bench.dir.path(), &format!("mask {args}")), b"").expect(2);
        assert!(ran.stderr.contains(words), "{args}: {ran:?}");
        let ran = run(volcv(bench.dir.path(), &format!("mask {args} --json")), b"").expect(2);
        assert!(ran.json()["error"]["message"].as_str().unwrap().contains(words), "{args}: {ran:?}");
    }
    assert_eq!(bench.files(), ["text.png"]);
}
