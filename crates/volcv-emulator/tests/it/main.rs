//! The emulator, seen through raw sockets.

#[cfg(test)]
mod abilities;
#[cfg(test)]
mod checks;
#[cfg(test)]
mod counting;
#[cfg(test)]
mod direct;
#[cfg(test)]
mod distort;
#[cfg(test)]
mod faults;
#[cfg(test)]
mod grammar;
#[cfg(test)]
mod pictures;
#[cfg(test)]
mod signed;
#[cfg(test)]
mod support;
#[cfg(test)]
mod tasks;
