//! The program as a reader types it, and worker processes that may be killed: chapter 13.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

use super::many_stations::many_stations;
use crate::error::{Error, Result, fail};
use crate::plan::{Plan, Running, Status};
use crate::study::Study;

/// A folder, and commands that run in it: a shell that knows one program.
#[derive(Debug, Clone)]
pub struct Shell {
    program: PathBuf,
    /// A Python that has Dask's `distributed`.
    python: Option<PathBuf>,
    dir: PathBuf,
}

/// Exit codes of the program: done; done without damaged records; something is missing.
const TOLD: [i32; 3] = [0, 3, 4];

impl Shell {
    /// A shell in the folder of [`many_stations`], in which nothing else lies. The program is built from this clone where
    /// that is not done.
    ///
    /// # Errors
    /// As [`many_stations`]; [`Error::Plan`] where the program cannot be built.
    pub fn of(study: &Study) -> Result<Self> {
        let dir = many_stations(study)?;
        for entry in fs::read_dir(&dir).map_err(Error::io(&dir))? {
            let path = entry.map_err(Error::io(&dir))?.path();
            if path.join("plan.toml").is_file() {
                fs::remove_dir_all(&path).map_err(Error::io(&path))?;
            } else if path.is_file() {
                fs::remove_file(&path).map_err(Error::io(&path))?;
            }
        }
        Ok(Self {
            program: program()?,
            python: dask_python(),
            dir,
        })
    }

    /// A path in the folder.
    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.join(name)
    }

    /// The plan in a folder.
    ///
    /// # Errors
    /// As [`Plan::open`].
    pub fn plan(&self, name: &str) -> Result<Plan> {
        Plan::open(&self.path(name))
    }

    /// Runs `quakebook` with these arguments, divided at spaces, in one thread. Returns what it printed, progress first.
    ///
    /// # Errors
    /// [`Error::Plan`] where it fails, with what it said.
    pub fn quakebook(&self, args: &str) -> Result<String> {
        let mut command = self.command(args.split_whitespace());
        let output = command.output().map_err(Error::io(&self.program))?;
        let text = said(&output);
        match output.status.code().filter(|code| TOLD.contains(code)) {
            Some(_) => Ok(text),
            None => {
                let remedy = "Correct what it names";
                Err(fail!(Plan, format!("quakebook {args}"), text, remedy))
            }
        }
    }

    fn command<'a>(&self, args: impl IntoIterator<Item = &'a str>) -> Command {
        let mut command = Command::new(&self.program);
        command.args(args).current_dir(&self.dir);
        command.env("RAYON_NUM_THREADS", "1").stdin(Stdio::null());
        command
    }

    /// Starts workers on a plan: by `scale/run.py` where Dask is there, else each with its part of the shards.
    ///
    /// # Errors
    /// [`Error::Io`] where one cannot be started; as [`Plan::open`].
    pub fn workers(&self, plan: &str, n_workers: usize) -> Result<Workers> {
        let n_shards = self.plan(plan)?.n_shards();
        let mut commands = Vec::new();
        match &self.python {
            Some(python) => {
                let mut command = Command::new(python);
                command.arg(clone_folder().join("scale/run.py"));
                command.args(["--plan", plan, "--workers", &n_workers.to_string()]);
                command.arg("--quakebook").arg(&self.program);
                command.args(["--dashboard", "127.0.0.1:0", "--every", "5"]);
                commands.push(command);
            }
            None => {
                for worker in 0..n_workers.min(n_shards) {
                    let first = worker * n_shards / n_workers;
                    let last = ((worker + 1) * n_shards / n_workers).max(first + 1) - 1;
                    let indices = format!("{first}-{last}");
                    commands.push(self.command(["work", "--plan", plan, "--index", &indices]));
                }
            }
        }
        let start = |command: &mut Command| {
            command.current_dir(&self.dir).stdin(Stdio::null());
            command.stdout(Stdio::piped()).stderr(Stdio::piped());
            command.spawn().map_err(Error::io(command.get_program()))
        };
        Ok(Workers {
            children: commands.iter_mut().map(start).collect::<Result<_>>()?,
            has_dask: self.python.is_some(),
        })
    }

    /// Whether [`Shell::workers`] are Dask's.
    pub fn has_dask(&self) -> bool {
        self.python.is_some()
    }

    /// Kills the process of a worker as soon as one is at work and something is done: SIGKILL, which nobody can catch.
    ///
    /// # Errors
    /// [`Error::Plan`] where the plan is done before that; as [`Status::of`].
    pub fn kill_one(&self, plan: &str) -> Result<Running> {
        let plan = self.plan(plan)?;
        loop {
            let status = Status::of(&plan)?;
            if status.is_complete() {
                let remedy = "Make a new plan, and kill sooner";
                let what = "the work was done before a worker could be killed";
                return Err(fail!(Plan, plan.dir().display(), what, remedy));
            }
            let at_work = status.running.into_iter().next();
            if let Some(running) = at_work.filter(|_| status.n_done > 0)
                && kill(running.process)
            {
                return Ok(running);
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

/// Worker processes. They end with this value.
pub struct Workers {
    children: Vec<Child>,
    has_dask: bool,
}

impl Workers {
    /// Waits for all of them, and returns what they said.
    ///
    /// # Errors
    /// [`Error::Io`] where one cannot be waited for.
    pub fn wait(&mut self) -> Result<String> {
        let mut text = String::new();
        for child in self.children.drain(..) {
            let output = child.wait_with_output().map_err(Error::io("a worker"))?;
            text += &match self.has_dask {
                // Dask's own warnings come on the other stream.
                true => String::from_utf8_lossy(&output.stdout).into_owned(),
                false => said(&output),
            };
        }
        Ok(text)
    }
}

impl Drop for Workers {
    fn drop(&mut self) {
        for child in &mut self.children {
            // Who has ended is waited for all the same.
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

fn said(output: &Output) -> String {
    [&output.stderr, &output.stdout]
        .map(|bytes| String::from_utf8_lossy(bytes))
        .concat()
}

fn kill(process: u32) -> bool {
    let mut kill = Command::new("kill");
    let status = kill.args(["-KILL", &process.to_string()]).status();
    status.is_ok_and(|status| status.success())
}

/// The clone that this library was built from.
fn clone_folder() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The program `quakebook` of this clone, which cargo builds where it is not up to date.
fn program() -> Result<PathBuf> {
    let mut cargo = Command::new("cargo");
    cargo.args(["build", "--locked", "--bin", "quakebook"]);
    cargo.args(["--message-format", "json-render-diagnostics"]);
    // Cells are compiled with flags of their own.
    cargo.current_dir(clone_folder()).env_remove("RUSTFLAGS");
    let output = cargo.output().map_err(Error::io("cargo"))?;
    let text = String::from_utf8_lossy(&output.stdout);
    let executable = |line: &str| {
        let message: serde_json::Value = serde_json::from_str(line).ok()?;
        Some(PathBuf::from(message.get("executable")?.as_str()?))
    };
    let built = text.lines().filter_map(executable).next_back();
    built.filter(|_| output.status.success()).ok_or_else(|| {
        let remedy = "Run `cargo build --bin quakebook` in this clone";
        let what = "the program could not be built";
        fail!(Plan, clone_folder().display(), what, remedy)
    })
}

/// The Python that `QUAKEBOOK_DASK_PYTHON` names, else `python3`, if it has Dask's `distributed`.
fn dask_python() -> Option<PathBuf> {
    let named = std::env::var_os("QUAKEBOOK_DASK_PYTHON").filter(|name| !name.is_empty());
    let python = named.map_or_else(|| PathBuf::from("python3"), PathBuf::from);
    let mut import = Command::new(&python);
    import.args(["-c", "import distributed"]);
    let output = import.stdin(Stdio::null()).output().ok()?;
    output.status.success().then_some(python)
}
