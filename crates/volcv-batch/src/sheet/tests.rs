//! Pages out of items and files.

use std::sync::mpsc;

use volcv::{EncodeOptions, Encoding, Image, PngEffort, Size, encode};

use super::*;
use crate::ledger::{Counts, Spending};

fn png(width: u32, height: u32) -> Vec<u8> {
    let data = [200, 100, 50].repeat(width as usize * height as usize);
    let image = Image::new(Size { width, height }, false, data).unwrap();
    encode(&image.pixels(), &EncodeOptions::new(Encoding::Png(PngEffort::Fast))).unwrap().bytes
}

fn totals() -> Totals {
    let counts = Counts { planned: 1, unknown: 1, done: 1, refused: 1, failed: 2, ..Counts::default() };
    let spending = Spending { charged: 3, unknown: 1, refused: 1, ..Spending::default() };
    Totals { title: samples::HOSTILE.to_owned(), counts, spending, states: Vec::new() }
}

/// A folder with `in`, `out` and `sheet`.
struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        for name in ["in", "out"] {
            fs::create_dir(folder.path().join(name)).unwrap();
        }
        fs::write(folder.path().join("in/done.jpg"), png(40, 40)).unwrap();
        fs::write(folder.path().join("out/a.png"), png(40, 20)).unwrap();
        fs::write(folder.path().join("in/refused.jpg"), "no picture").unwrap();
        fs::write(folder.path().join("out/rejected.png.rejected"), &png(30, 30)[..60]).unwrap();
        Self(folder)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn writer(&self) -> Writer {
        let options = SheetOptions::new().side(16);
        Writer::new(&self.path("in"), &self.path("out"), &self.path("sheet"), &options, totals()).unwrap()
    }

    fn names(&self) -> Vec<String> {
        let found = fs::read_dir(self.path("sheet")).unwrap();
        let mut names: Vec<_> = found.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path("sheet").join(name)).unwrap()
    }
}

/// Without the pictures.
fn short(html: &str) -> String {
    let mut parts = html.split("data:image/jpeg;base64,");
    let first = parts.next().unwrap().to_owned();
    parts.fold(first, |text, part| text + "data:…" + &part[part.find('"').unwrap()..])
}

#[test]
fn a_card_shows_before_and_after_on_the_same_scale() {
    let folder = Folder::new();
    let card = card::card(&samples::done(0, "a.png"), &folder.writer().place);
    expect_test::expect![[r#"
         data-state=done data-seam="0.32">
        <h3><bdi>done</bdi> <span class="state done"><span aria-hidden=true>✓</span> done</span></h3>
        <div class="pair stacked">
        <figure><a class=frame style="--r:2.0000" href="../in/done.jpg"><img style="left:25.000%;top:0.000%;width:50.000%;height:100.000%" alt="before: done.jpg" src="data:…"></a><figcaption>before <span>40 × 40</span></figcaption></figure>
        <figure><a class=frame style="--r:2.0000" href="../out/a.png"><img alt="after: a.png" src="data:…"><span class=marks style="left:25.000%;top:0.000%;width:50.000%;height:100.000%"></span></a><figcaption>after <span>40 × 20</span></figcaption></figure>
        </div>
        <dl><div><dt>prompt</dt><dd><bdi>a lake &amp; a sky</bdi></dd></div><div><dt>cost</dt><dd>2 charged</dd></div><div><dt>seam</dt><dd>4.81 → <b>0.32</b></dd></div><div><dt>exact</dt><dd>yes</dd></div><div><dt>seeds</dt><dd>7, the service's choice</dd></div><div><dt>output</dt><dd><a href="../out/a.png"><bdi>a.png</bdi></a></dd></div></dl>
        <details><summary>more</summary><dl><div><dt>aspect</dt><dd><bdi>2:1</bdi></dd></div><div><dt>attempts</dt><dd>2</dd></div><div><dt>took</dt><dd>2.3 s</dd></div><div><dt>request</dt><dd><bdi>r1</bdi></dd></div><div><dt>request</dt><dd><bdi>r2</bdi></dd></div></dl></details>
        </li>
    "#]].assert_eq(&short(&card));
}

#[test]
fn a_card_says_what_is_not_there() {
    let folder = Folder::new();
    let cards: String = samples::all()[1..5].iter().map(|item| card::card(item, &folder.writer().place)).collect();
    expect_test::expect![[r#"
         data-state=planned>
        <h3><bdi>waiting</bdi> <span class="state planned"><span aria-hidden=true>○</span> planned</span></h3>
        <div class="pair stacked">
        <figure><div class="frame empty" style="--r:1.5000"><p>no file is here</p></div><figcaption>before <bdi>waiting.jpg</bdi></figcaption></figure>
        </div>
        <dl><div><dt>cost</dt><dd>nothing</dd></div><div><dt>output</dt><dd><bdi>waiting.png</bdi></dd></div></dl>
        </li>
         data-state=refused>
        <h3><bdi>refused</bdi> <span class="state refused"><span aria-hidden=true>⊘</span> refused</span></h3>
        <div class="pair stacked">
        <figure><div class="frame empty" style="--r:1.5000"><p>the file cannot be shown: a file that does not begin like a known picture is not supported</p></div><figcaption>before <bdi>refused.jpg</bdi></figcaption></figure>
        </div>
        <p class=problem><b>refused</b> the picture was refused (50411)</p>
        <dl><div><dt>cost</dt><dd>nothing</dd></div><div><dt>output</dt><dd><bdi>refused.png</bdi></dd></div></dl>
        <details><summary>more</summary><dl><div><dt>attempts</dt><dd>1</dd></div></dl></details>
        </li>
         data-state=unknown>
        <h3><bdi>unknown</bdi> <span class="state unknown"><span aria-hidden=true>?</span> unknown</span></h3>
        <div class="pair stacked">
        <figure><div class="frame empty" style="--r:1.5000"><p>no file is here</p></div><figcaption>before <bdi>unknown.jpg</bdi></figcaption></figure>
        </div>
        <p class=problem>a paid call may have reached the service, and no answer is known</p>
        <dl><div><dt>cost</dt><dd>1 may be charged</dd></div><div><dt>output</dt><dd><bdi>unknown.png</bdi></dd></div></dl>
        <details><summary>more</summary><dl><div><dt>attempts</dt><dd>1</dd></div></dl></details>
        </li>
         data-state=failed>
        <h3><bdi>rejected</bdi> <span class="state failed"><span aria-hidden=true>✕</span> failed</span></h3>
        <div class="pair stacked">
        <figure><div class="frame empty" style="--r:1.5000"><p>no file is here</p></div><figcaption>before <bdi>rejected.jpg</bdi></figcaption></figure>
        <figure><div class="frame empty" style="--r:1.5000"><p>the file cannot be shown: the png is damaged: the file ends early</p></div><figcaption>rejected <bdi>rejected.png.rejected</bdi></figcaption></figure>
        </div>
        <p class=problem><b>decode</b> the picture ends early</p>
        <dl><div><dt>cost</dt><dd>1 charged</dd></div><div><dt>output</dt><dd><bdi>rejected.png</bdi></dd></div></dl>
        <details open><summary>more</summary><dl><div><dt>attempts</dt><dd>1</dd></div><div><dt>warning</dt><dd><bdi>odd</bdi></dd></div><div><dt>rejected file</dt><dd><a href="../out/rejected.png.rejected"><bdi>rejected.png.rejected</bdi></a></dd></div><div><dt>link</dt><dd><a href="https://a.example/x?y=1&amp;z=&quot;" rel="noreferrer noopener">https://a.example/x?y=1&amp;z=&quot;</a></dd></div><div><dt>link</dt><dd><bdi>javascript:alert(1)</bdi></dd></div></dl></details>
        </li>
    "#]].assert_eq(&short(&cards));
}

#[test]
fn texts_of_users_and_of_the_service_stay_texts() {
    let folder = Folder::new();
    let mut writer = folder.writer();
    writer.add(&samples::all(), true).unwrap();
    writer.finish().unwrap();
    for name in ["index.html", "page-001.html"] {
        let page = folder.read(name);
        // The page's own script, and its hash in the policy.
        assert_eq!((page.matches("<script").count(), page.matches("alert(&#39;").count() > 0), (1, true), "{name}");
        assert!(!page.contains("alert('"), "{name}");
        assert!(!page.contains('\0'), "{name}");
        for link in page.split("href=").skip(1) {
            let link = link.strip_prefix('"').unwrap().split('"').next().unwrap();
            let is_ours = link.starts_with("https://a.example/")
                || !link.contains(':')
                    && link
                        .split('#')
                        .next()
                        .unwrap()
                        .bytes()
                        .all(|byte| byte.is_ascii_alphanumeric() || b"-._~%/".contains(&byte));
            assert!(is_ours, "{name}: {link}");
        }
    }
    let page = folder.read("page-001.html");
    let outside = "../out/%22%3E%3Cscript%3Ealert%28%27x%27%29%3C%2Fscript%3E%20%23%3F%2525%20%26amp%3B";
    assert!(page.contains(&outside.replace("%2F", "/")), "{}", short(&page));
}

#[test]
fn a_sheet_without_its_index_is_not_finished() {
    let folder = Folder::new();
    let items = samples::all();
    let mut writer = folder.writer();
    writer.add(&items[..3], false).unwrap();
    writer.add(&items[3..], true).unwrap();
    let index = folder.path("sheet/index.html");
    assert!(!index.exists());
    let written = writer.finish().unwrap();
    assert_eq!(written, ["index.html", "page-001.html", "page-002.html"].map(|name| folder.path("sheet").join(name)));
    assert_eq!(folder.names(), ["index.html", "page-001.html", "page-002.html"]);
    let (first, second) = (folder.read("page-001.html"), folder.read("page-002.html"));
    assert!(first.contains("items 1 to 3 of 6") && first.contains("rel=next href=\"page-002.html\""));
    assert!(second.contains("items 4 to 6 of 6") && !second.contains("rel=next"));

    let mut writer = folder.writer();
    assert!(!index.exists(), "the sheet is being written");
    writer.add(&items[..1], true).unwrap();
    drop(writer);
    assert_eq!(folder.names(), ["page-001.html", "page-002.html"]);
    let mut writer = folder.writer();
    drop(StopOnDrop(Arc::clone(&writer.stopped)));
    writer.add(&items[..2], true).unwrap_err();
    assert!(folder.read("page-001.html").contains("items 1 to 1 of"), "no page is written after the end");
    let mut writer = folder.writer();
    writer.add(&items[..1], true).unwrap();
    writer.finish().unwrap();
    assert_eq!(folder.names(), ["index.html", "page-001.html"], "no page of a longer sheet stays");
}

#[test]
fn an_empty_path_is_this_folder() {
    let folder = Folder::new();
    let empty = Path::new("");
    let writer = Writer::new(empty, empty, &folder.path("sheet"), &SheetOptions::new(), totals()).unwrap();
    let here = std::env::current_dir().unwrap().canonicalize().unwrap();
    assert_eq!((&writer.place.base, &writer.place.output), (&here, &here));
}

#[test]
fn other_files_are_not_replaced() {
    let folder = Folder::new();
    drop(folder.writer());
    for name in ["index.html", "page-001.html"] {
        let file = folder.path("sheet").join(name);
        fs::write(&file, "<!doctype html><p>mine").unwrap();
        let options = SheetOptions::new();
        let writer = Writer::new(&folder.path("in"), &folder.path("out"), &folder.path("sheet"), &options, totals());
        let error = writer.and_then(|mut writer| writer.add(&samples::all()[..1], true)).err().unwrap();
        assert!(error.to_string().ends_with(&format!("{name}: it is no page of a contact sheet, and is not replaced")));
        assert_eq!(fs::read_to_string(&file).unwrap(), "<!doctype html><p>mine");
        fs::remove_file(file).unwrap();
    }
}

#[test]
fn the_index_shows_the_worst_seams_first_and_lists_problems() {
    let folder = Folder::new();
    let mut items: Vec<ItemReport> = (0..30).map(|seq| samples::done(seq, "a.png")).collect();
    for (item, seam) in items.iter_mut().zip([1.0, 9.0, 3.0]) {
        item.result.seam = Some(seam);
    }
    items[9].result.recognised = Some(false);
    let mut writer = folder.writer();
    writer.add(&items, false).unwrap();
    writer.add(&samples::all()[1..5], true).unwrap();
    writer.finish().unwrap();
    let index = folder.read("index.html");
    let seams: Vec<&str> = index
        .split("data-seam=\"")
        .skip(1)
        .map(|rest| rest.split("</h3>").next().unwrap().split('>').next().unwrap())
        .collect();
    assert_eq!(seams[..5], ["0.32\" data-lost", "9\"", "3\"", "1\"", "0.32\""]);
    assert_eq!(seams.len(), 24);
    assert!(!index.contains(" id=i"), "cards of several pages would have the same");
    let problems: Vec<&str> = index.split("<tr><td>").skip(1).map(|row| row.split('"').nth(1).unwrap()).collect();
    assert_eq!(problems, ["page-002.html#i2", "page-002.html#i3", "page-002.html#i4"]);
}

#[test]
fn the_share_of_a_picture_waits_for_the_others() {
    let budget = Budget::new();
    let (order, seen) = mpsc::channel();
    let whole = budget.take(u64::MAX);
    thread::scope(|scope| {
        for _ in 0..4 {
            let (order, budget) = (order.clone(), &budget);
            scope.spawn(move || {
                let _share = budget.take(1);
                order.send("small").unwrap();
            });
        }
        order.send("whole").unwrap();
        drop(whole);
    });
    assert_eq!(seen.try_iter().collect::<Vec<_>>(), ["whole", "small", "small", "small", "small"]);
}
