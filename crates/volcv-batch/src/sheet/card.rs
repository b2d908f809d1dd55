//! One item on a page: its pictures, and what is known of it.

use std::path::{Path, PathBuf};

use serde_json::Value;
use volcv::{Rect, Size};

use super::text::{Text, url};
use super::thumb::{Budget, Shown, Thumb};
use crate::job::text::is_link;
use crate::ledger::{ItemReport, ItemResult};
use crate::state::State;

/// How each card begins; an `id` may follow.
pub(super) const CARD: &str = "<li class=card";

/// Width by height of a frame without a picture.
const EMPTY: f64 = 1.5;

/// Where the files of a batch are, and how large small pictures become.
#[derive(Debug)]
pub(super) struct Place {
    /// Inputs are relative to it.
    pub(super) base: PathBuf,
    /// Outputs are relative to it.
    pub(super) output: PathBuf,
    /// Where the pages are.
    pub(super) folder: PathBuf,
    /// The longest side of a small picture.
    pub(super) side: u32,
    pub(super) budget: Budget,
}

impl Place {
    fn input(&self, input: &str) -> PathBuf {
        self.base.join(input)
    }

    fn url(&self, file: &Path) -> String {
        url(&self.folder, file)
    }
}

/// What stands behind [`CARD`] for an item. Reads and shrinks its pictures.
pub(super) fn card(item: &ItemReport, place: &Place) -> String {
    let result = &item.result;
    let seam = result.seam.map(|seam| format!(" data-seam=\"{seam}\"")).unwrap_or_default();
    let lost = if result.recognised == Some(false) { " data-lost" } else { "" };
    let (id, state) = (Text(&item.item.id), item.state);
    format!(
        " data-state={state}{seam}{lost}>\n<h3><bdi>{id}</bdi> {badge}</h3>\n{pictures}{problem}\
         <dl>{facts}</dl>\n{more}</li>\n",
        badge = badge(state),
        pictures = pictures(item, place),
        problem = problem(item),
        facts = facts(item, place),
        more = more(item, place),
    )
}

fn pictures(item: &ItemReport, place: &Place) -> String {
    let Pictures { before, after } = Pictures::read(item, place);
    let original = original(&item.result).filter(|_| after.is_some());
    let whole = original.map(|(_, whole)| whole);
    let size = whole.or_else(|| [&after, &before].iter().find_map(|found| found.as_ref()?.shown.size()));
    let layout = match size {
        Some(size) if u64::from(size.width) * 3 <= u64::from(size.height) * 4 => "beside",
        _ => "stacked",
    };
    let before = match before {
        Some(before) => before.figure(whole, original.map(|(part, _)| part), ""),
        None => link_figure(&item.item.job.input),
    };
    let marks = original.map(|(part, whole)| format!("<span class=marks style=\"{}\"></span>", position(part, whole)));
    let after = after.map(|after| after.figure(whole, None, &marks.unwrap_or_default())).unwrap_or_default();
    format!("<div class=\"pair {layout}\">\n{before}{after}</div>\n")
}

/// The state as a word, with a sign and a colour of its own.
pub(super) fn badge(state: State) -> String {
    let sign = match state {
        State::Planned => "○",
        State::Claimed | State::Sending => "…",
        State::Unknown => "?",
        State::Paid => "◐",
        State::Done => "✓",
        State::Refused => "⊘",
        State::Failed => "✕",
    };
    format!("<span class=\"state {state}\"><span aria-hidden=true>{sign}</span> {state}</span>")
}

/// What the item has cost, in words.
pub(super) fn cost(item: &ItemReport) -> String {
    match (item.charged, item.unknown) {
        (0, 0) => "nothing".to_owned(),
        (charged, 0) => format!("{charged} charged"),
        (0, unknown) => format!("{unknown} may be charged"),
        (charged, unknown) => format!("{charged} charged, {unknown} may be charged"),
    }
}

/// Why an item is not done, in words; `None` if there is nothing to say.
pub(super) fn reason(item: &ItemReport) -> Option<&str> {
    item.result.message.as_deref().or(item.result.error.as_deref()).or(match item.state {
        State::Unknown => Some("a paid call may have reached the service, and no answer is known"),
        _ => None,
    })
}

/// A picture of an item, or why it is not there.
struct Picture {
    label: &'static str,
    shown: Shown,
    /// The file, as seen from the page.
    url: String,
    /// The file's name, for people.
    name: String,
}

struct Pictures {
    /// `None` if the input is a link.
    before: Option<Picture>,
    /// `None` if none is expected.
    after: Option<Picture>,
}

impl Pictures {
    fn read(item: &ItemReport, place: &Place) -> Self {
        let limit = Size { width: place.side, height: place.side };
        let result = &item.result;
        let read = |label, name: &str, path: PathBuf, small: &dyn Fn(Size) -> Size| Picture {
            label,
            shown: Shown::read(&path, &place.budget, small),
            url: place.url(&path),
            name: name.to_owned(),
        };
        let job = &item.item.job;
        let after = match (item.state, result.rejected.first()) {
            (State::Done, _) => {
                Some(read("after", &job.output, place.output.join(&job.output), &|size| size.shrink_into(limit)))
            }
            (_, Some(name)) => Some(read("rejected", name, place.output.join(name), &|size| size.shrink_into(limit))),
            _ => None,
        };
        // On the same scale as it lies in the finished picture.
        let scale = original(result).filter(|_| after.is_some());
        let before = |size: Size| match scale {
            Some((part, whole)) => {
                let small = whole.shrink_into(limit);
                let side = |part: u32, whole: u32, small: u32| {
                    let side = u64::from(part) * u64::from(small) / u64::from(whole);
                    // Not above `small`, since the part is not above the whole.
                    (side as u32).max(1)
                };
                Size {
                    width: side(part.width, whole.width, small.width),
                    height: side(part.height, whole.height, small.height),
                }
            }
            None => size.shrink_into(limit),
        };
        let before = job.link().is_none().then(|| read("before", &job.input, place.input(&job.input), &before));
        Self { before, after }
    }
}

impl Picture {
    /// A `<figure>` with a frame like a picture of the size `whole`, in which this one lies at `part`; a frame of its own size
    /// without them. `over` lies above the picture.
    fn figure(&self, whole: Option<Size>, part: Option<Rect>, over: &str) -> String {
        let (label, url, name) = (self.label, Text(&self.url), Text(&self.name));
        let ratio = |size: Size| f64::from(size.width) / f64::from(size.height);
        match &self.shown {
            Shown::Picture(Thumb { url: data, size }) => {
                let ratio = ratio(whole.unwrap_or(*size));
                let style = part.zip(whole).map(|(part, whole)| format!(" style=\"{}\"", position(part, whole)));
                let style = style.unwrap_or_default();
                format!(
                    "<figure><a class=frame style=\"--r:{ratio:.4}\" href=\"{url}\"><img{style} alt=\"{label}: {name}\" \
                     src=\"{data}\">{over}</a><figcaption>{label} <span>{} × {}</span></figcaption></figure>\n",
                    size.width, size.height
                )
            }
            Shown::Missing(why) => format!(
                "<figure><div class=\"frame empty\" style=\"--r:{:.4}\"><p>{}</p></div><figcaption>{label} \
                 <bdi>{name}</bdi></figcaption></figure>\n",
                whole.map_or(EMPTY, ratio),
                Text(why)
            ),
        }
    }
}

/// Stands where the picture before would be.
fn link_figure(input: &str) -> String {
    format!(
        "<figure><div class=\"frame empty\" style=\"--r:{EMPTY}\"><p>{}</p></div><figcaption>before, a link</figcaption>\
         </figure>\n",
        link(input)
    )
}

/// Where the original lies in the finished picture, and the size of that; `None` where the ledger does not say so, or nonsense.
fn original(result: &ItemResult) -> Option<(Rect, Size)> {
    let ((x, y, width, height), whole) = (result.original?, result.size?);
    let (part, whole) = (Rect { x, y, width, height }, Size { width: whole.0, height: whole.1 });
    (part.fits(whole) && width > 0 && height > 0).then_some((part, whole))
}

/// The style of what lies at `part` of `whole`.
fn position(part: Rect, whole: Size) -> String {
    let percent = |part: u32, whole: u32| f64::from(part) / f64::from(whole) * 100.0;
    format!(
        "left:{:.3}%;top:{:.3}%;width:{:.3}%;height:{:.3}%",
        percent(part.x, whole.width),
        percent(part.y, whole.height),
        percent(part.width, whole.width),
        percent(part.height, whole.height)
    )
}

fn problem(item: &ItemReport) -> String {
    let Some(reason) = reason(item).filter(|_| item.state != State::Done) else { return String::new() };
    let kind = item.result.error.as_deref().filter(|kind| *kind != reason);
    let kind = kind.map(|kind| format!("<b>{}</b> ", Text(kind))).unwrap_or_default();
    format!("<p class=problem>{kind}{}</p>\n", Text(reason))
}

fn facts(item: &ItemReport, place: &Place) -> String {
    let result = &item.result;
    let mut facts = vec![("cost", cost(item))];
    if let Some(prompt) = &item.item.job.prompt {
        facts.insert(0, ("prompt", format!("<bdi>{}</bdi>", Text(prompt))));
    }
    if let Some(after) = result.seam {
        let before = result.seam_before.map(|before| format!("{before:.2} → ")).unwrap_or_default();
        facts.push(("seam", format!("{before}<b>{after:.2}</b>")));
    }
    if result.recognised == Some(false) {
        facts.push(("original", "<b class=bad>not recognised in the result</b>".to_owned()));
    }
    if let Some(exact) = result.exact {
        facts.push(("exact", if exact { "yes" } else { "no" }.to_owned()));
    }
    let seeds = result.seeds.iter().map(|seed| seed.map_or("the service's choice".to_owned(), |seed| seed.to_string()));
    if !result.seeds.is_empty() {
        let name = if result.seeds.len() == 1 { "seed" } else { "seeds" };
        facts.push((name, seeds.collect::<Vec<_>>().join(", ")));
    }
    let output = &item.item.job.output;
    let output = match item.state {
        State::Done => file(place, output),
        _ => format!("<bdi>{}</bdi>", Text(output)),
    };
    facts.push(("output", output));
    facts.iter().map(|(name, value)| fact(name, value)).collect()
}

fn fact(name: &str, value: &str) -> String {
    format!("<div><dt>{name}</dt><dd>{value}</dd></div>")
}

/// A link to a file below the output folder.
fn file(place: &Place, name: &str) -> String {
    format!("<a href=\"{}\"><bdi>{}</bdi></a>", Text(&place.url(&place.output.join(name))), Text(name))
}

/// What few people ask for: the rest of the wish, calls, warnings, and what else was paid for.
fn more(item: &ItemReport, place: &Place) -> String {
    let result = &item.result;
    let plain = |text: &String| format!("<bdi>{}</bdi>", Text(text));
    let mut facts = wish(item);
    let mut each = |name: &str, values: Vec<String>| {
        facts.extend(values.into_iter().map(|value| fact(name, &value)));
    };
    each("attempts", (item.attempts > 0).then(|| item.attempts.to_string()).into_iter().collect());
    each(
        "took",
        (result.elapsed_ms > 0).then(|| format!("{:.1} s", result.elapsed_ms as f64 / 1e3)).into_iter().collect(),
    );
    each("request", result.request_ids.iter().map(plain).collect());
    each("task", result.task.iter().map(plain).collect());
    each("warning", result.warnings.iter().map(plain).collect());
    each("rejected file", result.rejected.iter().map(|name| file(place, name)).collect());
    each("link", result.links.iter().map(|url| link(url)).collect());
    if facts.is_empty() {
        return String::new();
    }
    // A warning, or what was paid for, must not stay unseen.
    let open =
        if result.warnings.is_empty() && result.rejected.is_empty() && result.links.is_empty() { "" } else { " open" };
    format!("<details{open}><summary>more</summary><dl>{}</dl></details>\n", facts.concat())
}

/// The members of the job, without those that are shown elsewhere.
fn wish(item: &ItemReport) -> Vec<String> {
    let Ok(Value::Object(job)) = serde_json::to_value(&item.item.job) else { return Vec::new() };
    let shown = job.iter().filter(|(key, _)| !["id", "input", "output", "prompt"].contains(&key.as_str()));
    shown
        .map(|(key, value)| {
            let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            fact(&Text(key).to_string(), &format!("<bdi>{}</bdi>", Text(&value)))
        })
        .collect()
}

/// A link of the service or of the input; text if it is of another kind.
fn link(url: &str) -> String {
    match is_link(url) {
        true => format!("<a href=\"{0}\" rel=\"noreferrer noopener\">{0}</a>", Text(url)),
        false => format!("<bdi>{}</bdi>", Text(url)),
    }
}
