//! The engines of `scale/`: with Dask and with Slurm, whatever is killed, the table is that of one process.
//!
//! Others wrote them. The tests of Dask run where `QUAKEBOOK_DASK_PYTHON` names a Python that has `distributed`
//! and `dask-jobqueue`, as `cargo xtask test` sets it up, and those of Slurm where it is installed.

mod common;

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::OnceLock;
use std::time::Duration;

use common::Beside;
use quakebook::time::{self, TimeDelta};
use quakebook::waveform::{Archive, Nslc, Samples, Segment, Trace};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use tempfile::TempDir;

const N_STATIONS: usize = 8;
const N_DAYS: usize = 5;
const RATE_HZ: f64 = 50.0;
const N_SHARDS: usize = N_STATIONS * N_DAYS;

/// Minutes of noise around midnights, loud now and then.
fn write(root: &Path, station: &str) {
    let mut rng = ChaCha8Rng::seed_from_u64(station.bytes().map(u64::from).sum());
    let archive = Archive::create(root, "XX", station, "", "*", false).unwrap();
    for channel in ["HHE", "HHN", "HHZ"] {
        let mut segment = |day: usize| {
            let mut loud = 1.0;
            let mut sample = |i: usize| {
                if i.is_multiple_of(700) {
                    loud = 10f64.powf(rng.random_range(0.0..2.0));
                }
                (loud * rng.random_range(-100.0..100.0)) as i32
            };
            let n = (600.0 * RATE_HZ) as usize;
            Segment {
                start: time::parse("2014-05-29T23:55:00").unwrap() + TimeDelta::days(day as i64),
                samples: Samples::Int32((0..n).map(&mut sample).collect()),
            }
        };
        let trace = Trace {
            id: Nslc::new("XX", station, "", channel).unwrap(),
            sampling_rate_hz: RATE_HZ,
            segments: (0..N_DAYS - 1).map(&mut segment).collect(),
        };
        archive.write(&[trace]).unwrap();
    }
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

fn quakebook(args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_quakebook"));
    command.args(args).output().unwrap()
}

/// An archive, and plans of it.
struct World {
    dir: TempDir,
}

impl World {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        for number in 0..N_STATIONS {
            write(&dir.path().join("sds"), &format!("S{number}"));
        }
        // A processor is faster than these tests need it.
        let program = dir.path().join("slow");
        let exec = format!("exec '{}' \"$@\"", env!("CARGO_BIN_EXE_quakebook"));
        fs::write(&program, format!("#!/bin/sh\nsleep 0.4\n{exec}\n")).unwrap();
        fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
        Self { dir }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn plan(&self, name: &str) -> PathBuf {
        let (archive, plan) = (self.path("sds"), self.path(name));
        let output = quakebook(&[
            "plan",
            "--archive",
            text(&archive),
            "--model",
            "regional",
            "--threshold",
            "0.02",
            "--hop",
            "1",
            "--shard",
            "station-day",
            "--out",
            text(&plan),
        ]);
        assert!(output.status.success(), "{output:?}");
        plan
    }

    /// The table of a plan, as far as it was worked on.
    fn table(&self, plan: &Path) -> Vec<u8> {
        let table = self.path("found.csv");
        quakebook(&["collect", "--plan", text(plan), "--out", text(&table)]);
        fs::read(&table).unwrap()
    }

    /// `scale/run.py` on a plan.
    fn run(&self, plan: &Path, args: &[&str]) -> Command {
        let mut command = Command::new(python());
        command
            .args(["scale/run.py", "--every", "1", "--dashboard", "127.0.0.1:0"])
            .args([
                "--plan",
                text(plan),
                "--quakebook",
                text(&self.path("slow")),
            ])
            .args(args);
        command
    }
}

fn python() -> PathBuf {
    let python = std::env::var_os("QUAKEBOOK_DASK_PYTHON").map(PathBuf::from);
    python.expect("QUAKEBOOK_DASK_PYTHON names a Python with distributed")
}

/// The archive, and the table that one process makes of it.
fn undisturbed() -> &'static (World, Vec<u8>) {
    static UNDISTURBED: OnceLock<(World, Vec<u8>)> = OnceLock::new();
    UNDISTURBED.get_or_init(|| {
        let world = World::new();
        let plan = world.plan("undisturbed");
        let output = quakebook(&["work", "--plan", text(&plan), "--all"]);
        assert!(output.status.success(), "{output:?}");
        let table = world.table(&plan);
        let n_rows = table.iter().filter(|byte| **byte == b'\n').count();
        assert!(n_rows > N_SHARDS, "{n_rows}");
        (world, table)
    })
}

/// How many shards are done, by their manifests.
fn n_done(plan: &Path) -> usize {
    let folder = fs::read_dir(plan.join("manifests/000"));
    folder.map_or(0, |files| {
        let names = files.map(|file| file.unwrap().file_name().into_string().unwrap());
        names
            .filter(|name| name.ends_with(".json") && !name.starts_with('.'))
            .count()
    })
}

/// The processes of shards that a process has begun.
fn workers(process: u32) -> Vec<String> {
    let mut found = Vec::new();
    for thread in fs::read_dir(format!("/proc/{process}/task"))
        .into_iter()
        .flatten()
    {
        let children = fs::read_to_string(thread.unwrap().path().join("children"));
        for child in children.unwrap_or_default().split_whitespace() {
            let command = fs::read(format!("/proc/{child}/cmdline")).unwrap_or_default();
            if String::from_utf8_lossy(&command).contains("--index") {
                found.push(child.to_string());
            }
        }
    }
    found
}

#[test]
#[ignore = "needs Dask: `cargo xtask test` runs it"]
fn dask_works_on_while_workers_are_killed() {
    kill_workers(4);
}

#[test]
#[ignore = "needs Dask, and a quarter of an hour"]
fn workers_of_a_cluster_may_be_killed_two_hundred_times() {
    kill_workers(200);
}

/// Two workers, the process of one of them killed after a random time, again and again, on as many plans as that takes.
fn kill_workers(n: usize) {
    let (world, table) = undisturbed();
    let mut rng = ChaCha8Rng::seed_from_u64(7);
    let mut n_killed = 0;
    while n_killed < n {
        let plan = world.plan(&format!("workers-{n_killed}"));
        // On a slow machine the same shard is killed many times.
        let many = ["--workers", "2", "--retries", "1000"];
        let mut run = Beside::start(&mut world.run(&plan, &many));
        while run.is_running() {
            std::thread::sleep(Duration::from_millis(rng.random_range(500..2500)));
            let workers = workers(run.0.id());
            if let Some(worker) = workers.get(rng.random_range(0..2)).filter(|_| n_killed < n) {
                n_killed += usize::from(signal("KILL", worker));
            }
        }
        assert_eq!(run.0.wait().unwrap().code(), Some(0));
        assert!(n_killed > 0);
        assert_eq!(&world.table(&plan), table);
    }
    println!("{n_killed} workers killed");
}

fn signal(name: &str, process: &str) -> bool {
    let status = Command::new("kill")
        .args([&format!("-{name}"), process])
        .status();
    status.unwrap().success()
}

#[test]
#[ignore = "needs Dask: `cargo xtask test` runs it"]
fn a_lost_dask_scheduler_is_waited_for() {
    kill_scheduler(2);
}

#[test]
#[ignore = "needs Dask, and some minutes"]
fn a_scheduler_may_be_killed_twenty_times() {
    kill_scheduler(20);
}

/// A scheduler and two workers, as a cluster has them: what has ended is started again.
fn kill_scheduler(n: usize) {
    let (world, table) = undisturbed();
    let plan = world.plan(&format!("scheduler-{n}"));
    let free = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = free.local_addr().unwrap().port().to_string();
    drop(free);
    let address = format!("tcp://127.0.0.1:{port}");
    let dask = |module: &str, args: &[&str]| {
        let mut command = Command::new(python());
        let module = format!("distributed.cli.{module}");
        command.args(["-m", &module, "--no-dashboard"]).args(args);
        command.stdout(Stdio::null()).stderr(Stdio::null());
        Beside::start(&mut command)
    };
    let scheduler = || dask("dask_scheduler", &["--host", "127.0.0.1", "--port", &port]);
    let scratch = world.path("scratch");
    let directory = ["--local-directory", text(&scratch)];
    let worker = || {
        dask(
            "dask_worker",
            &[&[&address, "--nthreads", "1", "--no-nanny"], &directory[..]].concat(),
        )
    };

    let mut rng = ChaCha8Rng::seed_from_u64(8);
    let mut of_cluster = (scheduler(), [worker(), worker()]);
    let mut run = Beside::start(&mut world.run(&plan, &["--scheduler", &address, "--wait", "60"]));
    let mut n_killed = 0;
    while run.is_running() {
        if n_killed < n && n_done(&plan) * n >= N_SHARDS * n_killed {
            of_cluster.0.kill();
            n_killed += 1;
            of_cluster.0 = scheduler();
        }
        std::thread::sleep(Duration::from_millis(rng.random_range(100..1500)));
        for one in &mut of_cluster.1 {
            if !one.is_running() {
                *one = worker();
            }
        }
    }
    assert_eq!(run.0.wait().unwrap().code(), Some(0));
    assert_eq!(n_killed, n);
    assert_eq!(&world.table(&plan), table);
    println!("{n_killed} schedulers killed");
}

#[test]
#[ignore = "needs Dask: `cargo xtask test` runs it"]
fn dask_names_a_shard_that_fails_and_goes_on() {
    let world = World::new();
    let (plan, other) = (world.plan("by-dask"), world.plan("by-one"));
    // What was planned is no longer there.
    let file = "sds/2014/XX/S3/HHZ.D/XX.S3..HHZ.D.2014.151";
    fs::remove_file(world.path(file)).unwrap();
    let mut run = world.run(&plan, &["--workers", "2", "--retries", "1"]);
    let output = run.output().unwrap();
    let told = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(1), "{told}");
    assert!(
        told.contains("failed 2 times: XX.S3..HH.2014-05-31: failed"),
        "{told}"
    );
    let done = n_done(&plan);
    assert!((N_SHARDS - 3..N_SHARDS).contains(&done), "{told}");
    assert!(
        told.contains(&format!("{done} of {N_SHARDS} shards are done")),
        "{told}"
    );
    let by_one = quakebook(&["work", "--plan", text(&other), "--all"]);
    assert_eq!(by_one.status.code(), Some(1));
    let table = world.table(&other);
    assert_eq!(world.table(&plan), table);
    // A result that is gone is made again, though its manifest is there.
    let results = fs::read_dir(plan.join("results/000"));
    let lost = results.unwrap().next().unwrap().unwrap();
    fs::remove_file(lost.path()).unwrap();
    let mut again = world.run(&plan, &["--workers", "2", "--retries", "0"]);
    let told = String::from_utf8(again.output().unwrap().stdout).unwrap();
    let before = done - 1;
    assert!(
        told.contains(&format!("{before} of {N_SHARDS} shards were done before")),
        "{told}"
    );
    assert_eq!(world.table(&plan), table);
}

/// A script with a Slurm of its own, in which `$plan` names the plan; nothing where Slurm is not installed.
fn slurm(world: &World, plan: &Path, script: &str) -> Option<String> {
    let output = Command::new("scale/slurm-one-node.sh")
        .args(["bash", "-euc", script])
        .env("plan", plan)
        .env("logs", world.dir.path())
        .env("QUAKEBOOK", world.path("slow"))
        .output()
        .unwrap();
    let told = [output.stdout, output.stderr].map(|bytes| String::from_utf8(bytes).unwrap());
    if output.status.code() == Some(77) {
        println!("{}", told[1].trim());
        return None;
    }
    assert!(output.status.success(), "{told:?}");
    Some(told.concat())
}

#[test]
#[ignore = "needs Dask: `cargo xtask test` runs it"]
fn numbers_that_make_no_sense_are_refused() {
    for (option, number) in [
        ("--workers", "100000"),
        ("--workers", "0"),
        ("--slurm", "0"),
        ("--retries", "-1"),
        ("--wait", "nan"),
        ("--every", "inf"),
    ] {
        let mut command = Command::new(python());
        let output = command.args(["scale/run.py", "--plan", "none", option, number]);
        let output = output.output().unwrap();
        let errors = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{errors}");
        assert!(
            errors.contains(&format!("{option}: {number}: expected")),
            "{errors}"
        );
    }
}

#[test]
fn tasks_of_no_shards_are_refused() {
    for n_each in ["0", "many", "-1", "1000000000000000000000"] {
        let mut command = Command::new("bash");
        command
            .args(["scale/slurm.sbatch", "none"])
            .env("N_EACH", n_each);
        let output = command.env("SLURM_ARRAY_TASK_ID", "0").output().unwrap();
        let errors = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{errors}");
        assert!(
            errors.contains(&format!("N_EACH={n_each}: expected")),
            "{errors}"
        );
    }
}

#[test]
#[ignore = "needs Slurm: `cargo xtask test` runs it"]
fn an_array_of_slurm_gives_the_same_table() {
    let (world, table) = undisturbed();
    let plan = world.plan("slurm");
    // Tasks 8 and 9 have nothing to do.
    let script =
        "N_EACH=5 sbatch --wait --array=0-9 --output=$logs/%A_%a.log scale/slurm.sbatch $plan";
    if slurm(world, &plan, script).is_some() {
        assert_eq!(&world.table(&plan), table);
    }
}

#[test]
#[ignore = "needs Slurm: `cargo xtask test` runs it"]
fn an_array_of_slurm_may_be_cancelled_and_submitted_again() {
    let (world, table) = undisturbed();
    let plan = world.plan("cancelled");
    let script = r#"
        submit() { sbatch --parsable --array=0-39 --output=$logs/%A_%a.log "$@" scale/slurm.sbatch $plan; }
        of_first=$(submit)
        until [[ $(ls $plan/manifests/000 2> /dev/null | wc -l) -ge 5 ]]; do sleep 0.1; done
        scancel $of_first
        until [[ -z $(squeue --noheader) ]]; do sleep 0.1; done
        echo "done before: $(ls $plan/manifests/000 | wc -l)"
        submit --wait"#;
    if let Some(told) = slurm(world, &plan, script) {
        let before = told
            .lines()
            .find_map(|line| line.strip_prefix("done before: "));
        let n_before: usize = before.unwrap().parse().unwrap();
        assert!((5..N_SHARDS).contains(&n_before), "{told}");
        assert_eq!(&world.table(&plan), table);
    }
}

#[test]
#[ignore = "needs Dask and Slurm: `cargo xtask test` runs it"]
fn dask_has_its_workers_from_slurm() {
    let (world, table) = undisturbed();
    let plan = world.plan("dask-slurm");
    let python = python();
    let script = format!(
        "cd $logs; '{}' {}/scale/run.py --plan $plan --quakebook $QUAKEBOOK --slurm 2 --slurm-options '-t 01:00:00 -p all'",
        python.display(),
        env!("CARGO_MANIFEST_DIR")
    );
    if slurm(world, &plan, &script).is_some() {
        assert_eq!(&world.table(&plan), table);
    }
}
