//! Everything that must hold before a change lands.

use std::time::Instant;

use crate::Result;
use crate::command::{cargo, io, run};
use crate::places::Places;
use crate::report::{book, notebooks, script};
use crate::setup::setup;

pub fn test(places: &Places) -> Result {
    let start = Instant::now();
    let part = |name: &str, work: &mut dyn FnMut() -> Result| {
        println!("\n=== {name}");
        work().map_err(|sentence| format!("{name}: {sentence}"))?;
        println!(
            "=== {name}: passed, {} s after the start",
            start.elapsed().as_secs()
        );
        Ok::<(), String>(())
    };
    part("format", &mut || {
        run(
            cargo(&places.root).args(["fmt", "--all", "--check"]),
            "run `cargo fmt --all`",
        )
    })?;
    part("set-up", &mut || setup(places))?;
    part("clippy", &mut || {
        run(
            cargo(&places.root).args([
                "clippy",
                "--quiet",
                "--workspace",
                "--all-targets",
                "--",
                "-Dwarnings",
            ]),
            "correct what clippy names above",
        )
    })?;
    part("tests", &mut || {
        run(
            cargo(&places.root).args(["test", "--workspace"]),
            "a test failed: it stands above",
        )
    })?;
    part("kernel", &mut || {
        run(
            &mut script(places, "kernel_test.py"),
            "the kernel does not keep its promises: see above",
        )
    })?;
    part("notebooks with the small study", &mut || {
        small_report(places)
    })?;
    println!("\nAll parts passed in {} s.", start.elapsed().as_secs());
    Ok(())
}

/// The notebooks and the PDF with the small study, in a folder of their own: the clone's notebooks
/// and products stay as they are.
fn small_report(places: &Places) -> Result {
    let folder = std::env::temp_dir().join(format!("quakebook-test-{}", std::process::id()));
    std::fs::create_dir_all(&folder).map_err(io(&folder))?;
    let all = notebooks(places)?;
    run(
        script(places, "notebooks.py")
            .arg("--into")
            .arg(&folder)
            .args(&all)
            .env(
                "QUAKEBOOK_STUDY",
                places.root.join("tests/studies/small.toml"),
            )
            .env("QUAKEBOOK_DATA", folder.join("data")),
        "a notebook failed: its cell and message stand above",
    )?;
    let executed: Vec<_> = all
        .iter()
        .filter_map(|path| Some(folder.join(path.file_name()?)))
        .collect();
    book(places, &executed, &folder.join("quakebook.pdf"))?;
    std::fs::remove_dir_all(&folder).map_err(io(&folder))
}
