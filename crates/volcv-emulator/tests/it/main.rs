//! The emulator, seen through raw sockets.

#[cfg(test)]
mod checks;
#[cfg(test)]
mod counting;
#[cfg(test)]
mod distort;
#[cfg(test)]
mod faults;
#[cfg(test)]
mod grammar;
#[cfg(test)]
mod pictures;
#[cfg(test)]
mod support;
