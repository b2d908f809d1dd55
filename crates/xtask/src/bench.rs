//! The benches of `benches/`: what a call costs beside other clients, how fast the codec is, what pixels take beside the
//! codecs in C, and how many instructions the core takes, which are held against a committed table.

use serde_json::Value;

use crate::sh::{need, output, root, run, say};
use crate::table::{Row, Table};

/// The committed counts.
const TABLE: Table = Table("benches/instructions.txt");

/// `cargo xtask bench`, with the words behind it.
pub(crate) fn bench(words: &[String]) -> Result<(), String> {
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words[..] {
        ["--instructions"] => compare(),
        ["--instructions", "--update"] => TABLE.write(&comment()?, &count()?),
        ["--pictures"] => pictures(),
        ["--codec"] => run(&root(), "cargo bench --locked --manifest-path benches/codec/Cargo.toml --bench speed", &[]),
        _ => {
            let words = words.join(" ");
            run(&root(), &format!("cargo run --release --locked --manifest-path benches/Cargo.toml -- {words}"), &[])
        }
    }
}

/// Decoding, encoding and fitting of pictures beside the codecs in C.
fn pictures() -> Result<(), String> {
    let way_out = "on Debian: apt-get install --no-install-recommends libspng-dev libturbojpeg0-dev";
    need("pkg-config --exists spng libturbojpeg", way_out)?;
    run(&root(), "cargo run --release --locked --manifest-path benches/pictures/Cargo.toml", &[])
}

/// Fails if a count has grown by more than the tolerance.
///
/// Another compiler makes other instructions, and another processor has others: then the counts are printed only.
pub(crate) fn compare() -> Result<(), String> {
    let (rows, here) = (count()?, comment()?);
    let result = TABLE.compare(&rows);
    if here == TABLE.comment()? {
        return result;
    }
    say(&format!("NOT JUDGED: the committed counts are of another compiler or processor than this one:\n{here}"));
    Ok(())
}

/// What the counts depend on.
fn comment() -> Result<String, String> {
    #[cfg(target_arch = "x86_64")]
    let processor = if std::is_x86_feature_detected!("avx2") { "x86_64 with AVX2" } else { "x86_64 without AVX2" };
    #[cfg(not(target_arch = "x86_64"))]
    let processor = std::env::consts::ARCH;
    let compiler = output(&root(), "rustc --version")?;
    Ok(format!(
        "# Instructions by valgrind's count, on {processor}; by {compiler}\
         # `cargo xtask bench --instructions` fails above +2 %.\n"
    ))
}

/// Runs the benches under valgrind.
fn count() -> Result<Vec<Row>, String> {
    need("valgrind --version", "install valgrind")?;
    if std::env::var_os("GUNGRAUN_RUNNER").is_none() {
        need("gungraun-runner --version", "install it with: cargo xtask tools")?;
    }
    let json = output(
        &root(),
        "cargo bench --locked --manifest-path benches/codec/Cargo.toml --bench instructions -- --output-format=json",
    )?;
    let counts = json.lines().map(|line| {
        let bench: Value = serde_json::from_str(line).ok()?;
        let count = bench.pointer("/profiles/0/data/total/metrics/Ir/values/new")?.as_u64()?;
        Some((bench["function_name"].as_str()?.to_owned(), count))
    });
    counts.collect::<Option<_>>().ok_or_else(|| "gungraun's report is not as expected".to_owned())
}
