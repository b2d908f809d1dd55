//! Contact sheets: pages of HTML that show each item before and after, and what it has cost.
//!
//! Each page is one file that needs no other: small pictures, style and script are inside of it. `index.html` has the totals, the
//! worst seams and what is not done; it is written last, so that an interrupted sheet has none.

mod card;
mod index;
mod page;
#[cfg(test)]
pub(crate) mod samples;
#[cfg(test)]
mod tests;
mod text;
mod thumb;

use std::fmt;
use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use self::card::Place;
use self::index::Index;
use self::page::{HEAD, Totals};
use self::thumb::Budget;
use crate::error::BatchError;
use crate::ledger::{ItemReport, Ledger};
use crate::replace::replace;
use crate::state::State;

/// What is shown, and how.
#[derive(Clone)]
#[must_use]
pub struct SheetOptions {
    title: Option<String>,
    states: Vec<State>,
    per_page: u32,
    side: u32,
    observe: Arc<dyn Fn(u64, u64) + Send + Sync>,
}

impl Default for SheetOptions {
    fn default() -> Self {
        Self { title: None, states: Vec::new(), per_page: 100, side: 320, observe: Arc::new(|_, _| ()) }
    }
}

impl SheetOptions {
    /// All items, 100 on a page, small pictures of 320 pixels.
    pub fn new() -> Self {
        Self::default()
    }

    /// What stands above each page; the name of the output folder by default.
    pub fn title(mut self, title: impl Into<String>) -> Self {
        self.title = Some(title.into());
        self
    }

    /// Items of these states only; all if there are none.
    pub fn states(mut self, states: &[State]) -> Self {
        self.states = states.to_vec();
        self
    }

    /// Items on a page, 1 to 1000; 100 by default.
    pub fn per_page(mut self, items: u32) -> Self {
        self.per_page = items;
        self
    }

    /// The longest side of a small picture, 16 to 2048 pixels; 320 by default.
    pub fn side(mut self, pixels: u32) -> Self {
        self.side = pixels;
        self
    }

    /// Gets the number of items that are on finished pages, and that of all, after each page.
    pub fn observe(mut self, observe: impl Fn(u64, u64) + Send + Sync + 'static) -> Self {
        self.observe = Arc::new(observe);
        self
    }

    fn check(&self) -> Result<(), BatchError> {
        let wrong = |name, value, allowed| BatchError::Option(format!("{name} {value} is not allowed: {allowed}"));
        if !(1..=1000).contains(&self.per_page) {
            return Err(wrong("items per page", self.per_page, "1 to 1000"));
        }
        if !(16..=2048).contains(&self.side) {
            return Err(wrong("longest side of a small picture", self.side, "16 to 2048 pixels"));
        }
        Ok(())
    }
}

impl fmt::Debug for SheetOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SheetOptions")
            .field("title", &self.title)
            .field("states", &self.states)
            .field("per_page", &self.per_page)
            .field("side", &self.side)
            .finish_non_exhaustive()
    }
}

/// Writes contact sheets into `folder`, which is made if it does not exist: `index.html` and `page-001.html`, `page-002.html` and
/// so on. Gives their paths, `index.html` first.
///
/// Inputs are read below `base` and pictures below `output`. What is not there or cannot be decoded is named in its place. Pages of
/// an earlier sheet are replaced; their `index.html` is removed first. The pictures of a page are decoded on all processors,
/// with at most 512 MiB for pixels, but for a picture that needs more by itself. If the future is dropped, no further picture
/// is decoded, and there is no `index.html`.
///
/// # Errors
/// The ledger cannot be read, an option is out of range, a page cannot be written, or a file of that name is not of a contact sheet.
pub async fn contact_sheets(
    ledger: &Ledger,
    base: &Path,
    output: &Path,
    folder: &Path,
    options: &SheetOptions,
) -> Result<Vec<PathBuf>, BatchError> {
    options.check()?;
    let totals = |counts, spending| Totals {
        title: options.title.clone().unwrap_or_else(|| name_of(output)),
        counts,
        spending,
        states: options.states.clone(),
    };
    let totals = totals(ledger.counts().await?, ledger.spending().await?);
    let all = totals.items();
    let mut writer = Writer::new(base, output, folder, options, totals)?;
    let _stop = StopOnDrop(Arc::clone(&writer.stopped));
    let mut items = ledger.page(None, &options.states, options.per_page).await?;
    let mut done = 0;
    while !items.items.is_empty() {
        // Whether there is a next page has to be known before this one is written.
        let next = match &items.next {
            Some(next) => ledger.page(Some(next), &options.states, options.per_page).await?,
            None => Default::default(),
        };
        done += items.items.len() as u64;
        let is_last = next.items.is_empty();
        writer = blocking(move || writer.add(&items.items, is_last).map(|()| writer)).await?;
        (options.observe)(done, all.max(done));
        items = next;
    }
    blocking(move || writer.finish()).await
}

/// Ends the threads of a page when nobody waits for it any more.
struct StopOnDrop(Arc<AtomicBool>);

impl Drop for StopOnDrop {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, BatchError> + Send + 'static,
) -> Result<T, BatchError> {
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result,
        Err(error) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
        // Only a runtime that ends cancels it.
        Err(_) => Err(BatchError::Option("the runtime ended while contact sheets were written".to_owned())),
    }
}

fn name_of(folder: &Path) -> String {
    let full = fs::canonicalize(folder).unwrap_or_else(|_| folder.into());
    full.file_name().map_or_else(|| full.display().to_string(), |name| name.to_string_lossy().into_owned())
}

/// Writes pages as their items come.
struct Writer {
    folder: PathBuf,
    place: Place,
    index: Index,
    written: Vec<PathBuf>,
    stopped: Arc<AtomicBool>,
}

impl Writer {
    fn new(
        base: &Path,
        output: &Path,
        folder: &Path,
        options: &SheetOptions,
        totals: Totals,
    ) -> Result<Self, BatchError> {
        let file = |source| BatchError::File { path: folder.into(), source };
        fs::create_dir_all(folder).map_err(file)?;
        let full = |path: &Path| {
            // The folder of a manifest that is named alone.
            let path = if path.as_os_str().is_empty() { Path::new(".") } else { path };
            fs::canonicalize(path).or_else(|_| std::path::absolute(path)).map_err(file)
        };
        let place = Place {
            base: full(base)?,
            output: full(output)?,
            folder: full(folder)?,
            side: options.side,
            budget: Budget::new(),
        };
        let writer = Self {
            folder: folder.into(),
            place,
            index: Index::new(totals),
            written: Vec::new(),
            stopped: Arc::default(),
        };
        let index = writer.folder.join("index.html");
        if may_be_replaced(&index)? {
            fs::remove_file(&index).map_err(|source| BatchError::File { path: index, source })?;
        }
        Ok(writer)
    }

    fn add(&mut self, items: &[ItemReport], is_last: bool) -> Result<(), BatchError> {
        let cards = render(items, &self.place, &self.stopped);
        if self.stopped.load(Ordering::Relaxed) {
            return Err(BatchError::Option("the contact sheets were given up".to_owned()));
        }
        let page = self.index.add(items, cards, is_last);
        self.write(&page::file_name(self.index.pages()), &page)
    }

    fn finish(mut self) -> Result<Vec<PathBuf>, BatchError> {
        // Pages of an earlier sheet that was longer.
        for number in self.index.pages() + 1.. {
            let old = self.folder.join(page::file_name(number));
            if !matches!(may_be_replaced(&old), Ok(true)) {
                break;
            }
            fs::remove_file(&old).map_err(|source| BatchError::File { path: old, source })?;
        }
        self.write("index.html", &self.index.html())?;
        self.written.rotate_right(1);
        Ok(self.written)
    }

    fn write(&mut self, name: &str, page: &str) -> Result<(), BatchError> {
        let path = self.folder.join(name);
        may_be_replaced(&path)?;
        replace(&path, page.as_bytes()).map_err(|source| BatchError::File { path: path.clone(), source })?;
        self.written.push(path);
        Ok(())
    }
}

/// Whether there is a page of a contact sheet; any other file is an error.
fn may_be_replaced(path: &Path) -> Result<bool, BatchError> {
    let file = |source| BatchError::File { path: path.into(), source };
    let mut head = Vec::new();
    match File::open(path) {
        Ok(found) => found.take(HEAD.len() as u64).read_to_end(&mut head).map_err(file)?,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        Err(error) => return Err(file(error)),
    };
    if head == HEAD.as_bytes() {
        return Ok(true);
    }
    let reason = "it is no page of a contact sheet, and is not replaced";
    Err(file(io::Error::new(io::ErrorKind::AlreadyExists, reason)))
}

/// The cards of a page, made by as many threads as there are processors.
fn render(items: &[ItemReport], place: &Place, stopped: &AtomicBool) -> Vec<String> {
    let next = AtomicUsize::new(0);
    let cards: Vec<Mutex<String>> = items.iter().map(|_| Mutex::default()).collect();
    let work = || {
        loop {
            let index = next.fetch_add(1, Ordering::Relaxed);
            let Some(item) = items.get(index).filter(|_| !stopped.load(Ordering::Relaxed)) else { break };
            let card = card::card(item, place);
            *cards[index].lock().unwrap_or_else(PoisonError::into_inner) = card;
        }
    };
    let threads = thread::available_parallelism().map_or(1, usize::from).min(items.len());
    thread::scope(|scope| {
        for _ in 1..threads {
            // This thread works too, so a thread that the system refuses is only missed.
            let _ = thread::Builder::new().name("volcv-sheet".to_owned()).spawn_scoped(scope, work);
        }
        work();
    });
    cards.into_iter().map(|card| card.into_inner().unwrap_or_else(PoisonError::into_inner)).collect()
}
