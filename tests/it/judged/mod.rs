//! volcv's pixels held against those of libspng and Pillow, which share no code with it.
//!
//! The feature `second-ring` turns this on. Pictures are made by `tests/python/pictures.py` at run time; those of the folder
//! `VOLCV_TEST_PICTURES` are judged too where that variable is set.

mod given;
mod judge;
mod made;
mod pasted;
mod written;
