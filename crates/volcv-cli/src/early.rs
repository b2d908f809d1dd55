//! What was written while other calls of the batch still ran, so that a program that is killed then has lost nothing
//! that was paid for. What cannot be written is left for the end, where it can be said.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use volcv::Bytes;

use crate::output::{Place, Target};
use crate::save;

/// The account of the files; clones share it.
#[derive(Clone, Default)]
pub(crate) struct Early(Arc<Mutex<Written>>);

#[derive(Default)]
struct Written {
    pictures: HashSet<PathBuf>,
    /// By call and place among the rejected pictures of the call.
    rejected: HashMap<(usize, usize), PathBuf>,
}

impl Early {
    /// Writes a picture that goes to a file.
    pub(crate) fn save(&self, place: &Place, bytes: &[u8]) {
        if let Place::File(path) = place
            && save::save(path, bytes).is_ok()
        {
            self.lock().pictures.insert(path.clone());
        }
    }

    /// Keeps the pictures of a call that failed a check.
    pub(crate) fn keep_rejected(&self, target: &Target, call: usize, pictures: &[Bytes]) {
        for (i, bytes) in pictures.iter().enumerate() {
            if let Ok(path) = target.keep_rejected(call, i, pictures.len(), bytes) {
                self.lock().rejected.insert((call, i), path);
            }
        }
    }

    /// Whether a picture was written to this file.
    pub(crate) fn has(&self, path: &Path) -> bool {
        self.lock().pictures.contains(path)
    }

    /// The file of a rejected picture.
    pub(crate) fn rejected(&self, call: usize, i: usize) -> Option<PathBuf> {
        self.lock().rejected.get(&(call, i)).cloned()
    }

    fn lock(&self) -> MutexGuard<'_, Written> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
