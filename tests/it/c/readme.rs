//! The C and C++ code of the README and of the pages in `docs/` compiles as it stands there.

use std::process::Command;

use super::{C_COMPILERS, CXX_COMPILERS, STRICT, fresh_folder, ran, root};

#[test]
fn the_code_of_the_readme_and_the_docs_compiles() {
    let docs = std::fs::read_dir(root().join("docs")).unwrap().map(|entry| entry.unwrap().path());
    // The blocks of engines.md are parts of programs for engines, which `examples/engines.rs` compiles.
    let pages = docs.filter(|path| path.extension().is_some_and(|end| end == "md") && !path.ends_with("engines.md"));
    let pages = pages.chain([root().join("README.md")]);
    let text: String = pages.map(|page| std::fs::read_to_string(page).unwrap() + "\n").collect();
    let folder = fresh_folder("readme");
    let mut blocks = 0;
    for (language, compilers, standard) in [("c", C_COMPILERS, "c99"), ("cpp", CXX_COMPILERS, "c++17")] {
        for block in text.split(&format!("\n```{language}\n")).skip(1) {
            let file = folder.join(format!("block-{blocks}.{language}"));
            std::fs::write(&file, block.split_inclusive("\n").take_while(|line| *line != "```\n").collect::<String>())
                .unwrap();
            for compiler in compilers {
                let mut command = Command::new(compiler);
                command.args(STRICT).args([&format!("-std={standard}"), "-fsyntax-only", "-Wno-unused-function"]);
                ran(command.arg("-I").arg(root().join("include")).arg(&file));
            }
            blocks += 1;
        }
    }
    assert!(blocks >= 4, "{blocks} blocks of code");
}
