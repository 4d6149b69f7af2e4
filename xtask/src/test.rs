//! Checks everything that must hold before a change lands.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::time::Instant;

use crate::Result;
use crate::command::{ask, ask_rustc, cargo, io, run};
use crate::environment;
use crate::paths::Paths;
use crate::profile::Profile;
use crate::report::{book, copy_in, notebooks, script, site};
use crate::setup::setup;

/// Runs every part. The last lines sum them up.
pub fn test(paths: &Paths) -> Result {
    let mut summary = Vec::new();
    let mut part = |name: &str, work: &dyn Fn() -> Result<String>| {
        println!("\n=== {name}");
        let start = Instant::now();
        let found = work().map_err(|sentence| format!("{name}: {sentence}"))?;
        let line = format!(
            "{name:10} passed in {:4} s  {found}",
            start.elapsed().as_secs()
        );
        println!("=== {}", line.trim_end());
        summary.push(line);
        Ok::<(), String>(())
    };
    part("format", &|| format(paths))?;
    part("set-up", &|| {
        setup(paths, Profile::Thorough).map(|()| String::new())
    })?;
    part("clippy", &|| clippy(paths))?;
    part("documents", &|| documents(paths))?;
    part("crates", &|| check_crates(paths))?;
    part("fuzzers", &|| check_fuzzers(paths))?;
    part("tests", &|| cargo_test(paths))?;
    let scripted = |name: &str, remedy: &str| {
        run(script(paths, name).arg(&paths.root), remedy)?;
        Ok(String::new())
    };
    part("kernel", &|| {
        run(
            &mut script(paths, "kernel_test.py"),
            "the kernel does not keep its promises: see above",
        )?;
        Ok(String::new())
    })?;
    part("chapters", &|| {
        let remedy = "correct what is named above in the notebooks' texts";
        scripted("chapters_test.py", remedy)
    })?;
    part("languages", &|| {
        let remedy = "correct what is named above in the translations; what stands in brackets is left to do";
        scripted("languages_test.py", remedy)
    })?;
    part("forms", &|| {
        let remedy = "correct what is named above in the paper, or in the cells that it takes from";
        scripted("forms_test.py", remedy)
    })?;
    part("notebooks", &|| small_report(paths))?;

    println!("\nAll passed:");
    for line in summary {
        println!("  {}", line.trim_end());
    }
    Ok(())
}

fn format(paths: &Paths) -> Result<String> {
    run(
        cargo(&paths.root, "fmt").args(["--all", "--check"]),
        "run `cargo fmt --all`",
    )?;
    Ok(String::new())
}

fn clippy(paths: &Paths) -> Result<String> {
    run(
        cargo(&paths.root, "clippy")
            .args(["--quiet", "--workspace", "--all-targets"])
            .args(["--", "-Dwarnings"]),
        "correct what clippy names above",
    )?;
    Ok(String::new())
}

/// Every link of the documentation leads somewhere.
fn documents(paths: &Paths) -> Result<String> {
    run(
        cargo(&paths.root, "doc")
            .args(["--quiet", "--no-deps"])
            .env("RUSTDOCFLAGS", "-Dwarnings"),
        "correct what rustdoc names above",
    )?;
    Ok(String::new())
}

/// The fuzz targets compile: their crate takes the library's files one by one, and nothing else builds it.
fn check_fuzzers(paths: &Paths) -> Result<String> {
    run(
        cargo(&paths.root.join("fuzz"), "check")
            .arg("--quiet")
            .arg("--target-dir")
            .arg(paths.target().join("fuzz")),
        "bring fuzz/src/lib.rs and fuzz/Cargo.toml up to what the readers need",
    )?;
    Ok(String::new())
}

/// Licences and sources of the crates, without network. CONTRIBUTING.md says how to check advisories.
fn check_crates(paths: &Paths) -> Result<String> {
    if ask("cargo", &["deny", "--version"]).is_none() {
        return Ok("nothing checked: cargo-deny is not installed".into());
    }
    // The crates of other platforms may not be on this machine.
    let platform = ask_rustc("host-tuple")?;
    run(
        cargo(&paths.root, "deny")
            .args(["--offline", "--target", &platform])
            .args(["check", "licenses", "bans", "sources"]),
        "correct what cargo-deny names above",
    )?;
    Ok(String::new())
}

fn cargo_test(paths: &Paths) -> Result<String> {
    let mut tests = cargo(&paths.root, "test");
    let (mut passed, mut ignored) = count_tests(tests.arg("--workspace"))?;
    let note = match environment::make_test_venv(paths) {
        Ok(python) => {
            // Tests that need these are ignored unless they are asked for, and have them in their names.
            let mut with_others = cargo(&paths.root, "test");
            with_others
                .args(["--workspace", "--tests", "--", "--ignored"])
                .args(["obspy", "dask", "slurm", "s3_"])
                .env("QUAKEBOOK_OBSPY_PYTHON", &python)
                .env("QUAKEBOOK_DASK_PYTHON", &python)
                .env("QUAKEBOOK_S3_PYTHON", &python);
            let (more, _) = count_tests(&mut with_others)?;
            passed += more;
            ignored = ignored.saturating_sub(more);
            ""
        }
        // Without network the other tests still run.
        Err(sentence) => {
            println!("       {sentence}");
            ", without those of ObsPy, Dask and S3, which could not be installed"
        }
    };
    Ok(format!("{passed} tests, {ignored} ignored{note}"))
}

/// Runs cargo's tests, shows what they print, and counts those that passed and those ignored.
fn count_tests(tests: &mut Command) -> Result<(u32, u32)> {
    let failed = || "a test failed: it stands above".to_string();
    let mut child = tests
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|error| format!("cargo could not be started: {error}"))?;
    let output = child.stdout.take().expect("stdout was asked for");
    let mut counts = (0, 0);
    for line in BufReader::new(output).lines() {
        let line = line.map_err(|error| format!("the tests' output could not be read: {error}"))?;
        println!("{line}");
        if let Some((passed, ignored)) = test_result(&line) {
            counts = (counts.0 + passed, counts.1 + ignored);
        }
    }
    let status = child.wait().map_err(|_| failed())?;
    status.success().then_some(counts).ok_or_else(failed)
}

/// `test result: ok. 12 passed; 0 failed; 1 ignored; …`
fn test_result(line: &str) -> Option<(u32, u32)> {
    let parts = line.strip_prefix("test result: ok. ")?;
    let count = |name: &str| {
        let mut parts = parts.split("; ");
        parts.find_map(|part| part.strip_suffix(name)?.trim().parse().ok())
    };
    Some((count("passed")?, count("ignored")?))
}

/// The notebooks, the book and the site with the small study, in a folder of their own: the clone's notebooks
/// and products stay as they are.
fn small_report(paths: &Paths) -> Result<String> {
    let folder = std::env::temp_dir().join(format!("quakebook-test-{}", std::process::id()));
    // It fails where something has that name already, so all that is in it is ours.
    std::fs::create_dir(&folder).map_err(io(&folder))?;
    let all = notebooks(paths)?;
    run(
        script(paths, "notebooks.py")
            .arg("--into")
            .arg(&folder)
            .args(&all)
            .env(
                "QUAKEBOOK_STUDY",
                paths.root.join("tests/studies/small.toml"),
            )
            .env("QUAKEBOOK_DATA", folder.join("data")),
        "a notebook failed with the small study: its cell and message stand above",
    )?;
    let executed: Vec<_> = all.iter().map(|path| copy_in(&folder, path)).collect();
    book(paths, &executed, &folder)?;
    let site = site(paths, &executed, &folder)?;
    run(
        script(paths, "site_test.py").arg(site),
        "correct what is named above: `cargo xtask report --forms-only` makes the site of the notebooks as committed",
    )?;
    std::fs::remove_dir_all(&folder).map_err(io(&folder))?;
    Ok(format!(
        "{} with the small study, and their book and site",
        all.len()
    ))
}

#[cfg(test)]
mod tests {
    use super::test_result;

    #[test]
    fn cargos_line_of_results_is_counted() {
        let line = "test result: ok. 12 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.52s";
        assert_eq!(test_result(line), Some((12, 1)));
        assert_eq!(
            test_result("test result: FAILED. 1 passed; 2 failed; 0 ignored"),
            None
        );
        assert_eq!(test_result("test time::reads ... ok"), None);
    }
}
