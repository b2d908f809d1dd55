//! `cargo xtask`: what needs more than `cargo test`, and how generated files are made.

pub mod landscape;

mod abi;
mod api_table;
mod bench;
mod ci;
mod conan;
mod coverage;
mod debug;
mod dist;
mod fuzz;
mod header;
mod installed;
mod licences;
mod oldest;
mod package;
mod platforms;
mod public_api;
mod python;
mod readme;
mod sanitizers;
mod sh;
mod sheets;
mod sizes;
mod table;
mod toolchain;
mod tools;
mod vcpkg;
mod wheel;
mod windows;

use std::process::ExitCode;

const USAGE: &str = "\
cargo xtask ci         every check beyond `cargo test --workspace`; says what it needs and fails without it;
                       with words behind it: the checks whose names contain them
cargo xtask tools      installs the cargo tools and fetches the compilers that `ci` needs and that are missing
cargo xtask abi        compares what C programs see of libvolcv with docs/api/libvolcv.abi; --update: writes it
cargo xtask api        compares the public items of the library crates with docs/api; --update: writes them
cargo xtask dist       makes what a release hands out beside crates.io, in target/dist/packages: tarball, Debian's packages,
                       list of crates, checksums; --stage FOLDER: only the files that are installed, for this machine
cargo xtask header     writes include/volcv.h
cargo xtask bench      what a call costs, beside raw sockets and a client written by hand; --scale: with many calls at once;
                       --plot FILE; --codec: bytes per second; --pictures: decoding, encoding and fitting
                       beside libspng and libjpeg-turbo; --instructions [--update]: valgrind's counts
cargo xtask landscape  renders examples/assets/valley.jpg
cargo xtask pictures   makes the README's pictures with its first command and with the example seam
cargo xtask windows    builds the package for Windows x86-64 in target/windows
cargo xtask sizes      builds libvolcv for each set of features and compares docs/sizes.txt; --update: writes it
cargo xtask wheel      makes the Python wheel in target/wheels
";

fn main() -> ExitCode {
    let mut words = std::env::args().skip(1);
    let result = match words.next().as_deref() {
        Some("abi") => abi::compare(words.next().as_deref() == Some("--update")),
        Some("api") => public_api::compare(words.next().as_deref() == Some("--update")),
        Some("bench") => bench::bench(&words.collect::<Vec<_>>()),
        Some("ci") => ci::ci(&words.collect::<Vec<_>>().join(" ")),
        Some("dist") => dist::dist(&words.collect::<Vec<_>>()),
        Some("header") => header::write(),
        Some("landscape") => {
            landscape::write(&sh::root().join("examples/assets/valley.jpg")).map_err(|e| e.to_string())
        }
        Some("pictures") => readme::pictures(),
        Some("sizes") if words.next().as_deref() == Some("--update") => sizes::update(),
        Some("sizes") => sizes::check(),
        Some("tools") => tools::install(),
        Some("windows") => windows::release(),
        Some("wheel") => wheel::wheel(),
        _ => Err(USAGE.to_owned()),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            sh::say(&message);
            ExitCode::FAILURE
        }
    }
}
