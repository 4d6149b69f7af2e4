//! Products are made once, whole, whoever asks for them.

use std::io::Write;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use quakebook::store::{RECIPE, Store};
use quakebook::study::Study;

/// Set in the processes that the test starts: where each of them writes that it made the product.
const MADE: &str = "QUAKEBOOK_TEST_MADE";

#[test]
fn two_processes_make_a_product_once() {
    if let Some(made) = std::env::var_os(MADE) {
        return make_and_tell(Path::new(&made));
    }
    let data = tempfile::tempdir().unwrap();
    let made = data.path().join("made");
    let start = || {
        Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "two_processes_make_a_product_once"])
            .env(MADE, &made)
            .env("QUAKEBOOK_DATA", data.path())
            .spawn()
            .unwrap()
    };
    let processes = [start(), start(), start()];
    for mut process in processes {
        assert!(process.wait().unwrap().success());
    }
    assert_eq!(std::fs::read_to_string(&made).unwrap(), "made\n");
}

fn make_and_tell(made: &Path) {
    let store = Store::of(&Study::oklahoma());
    let number = store.table("number", || {
        std::thread::sleep(Duration::from_millis(300));
        let mut told = std::fs::File::options()
            .create(true)
            .append(true)
            .open(made)
            .unwrap();
        writeln!(told, "made").unwrap();
        Ok(42)
    });
    assert_eq!(number.unwrap(), 42);
}

#[test]
fn products_of_another_study_lie_elsewhere() {
    let study = Study::oklahoma();
    let mut other = study.clone();
    other.method.guard_s += 1.0;
    let [one, two] = [&study, &other].map(|study| Store::of(study).path("x"));
    assert_ne!(one, two);
    let folder = one.parent().unwrap().file_name().unwrap().to_str().unwrap();
    assert!(
        folder.starts_with("oklahoma-") && folder.ends_with(RECIPE),
        "{folder}"
    );
}
