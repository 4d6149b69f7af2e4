//! Opens the notebooks in JupyterLab.

use std::process::Child;

use crate::Result;
use crate::paths::{Paths, program};
use crate::profile::Profile;
use crate::report::with_kernel;
use crate::{kernel, setup};

const MEANWHILE: &str = "
JupyterLab opens now, and the kernel is being built: 20 to 25 minutes on two cores. The notebooks hold their
figures and tables already. Where JupyterLab asks for a kernel, choose `No Kernel`, and read chapters 0 to 2.
";

const READY: &str = "
The kernel is ready. In an open notebook choose it at the top right, `Rust (quakebook)`: it is listed there
within a minute.
";

/// Opens JupyterLab. The first time it opens to read, as soon as the Python packages are there, while the kernel is built.
pub fn lab(paths: &Paths, options: &[String]) -> Result {
    if kernel::is_built(paths) {
        setup::setup(paths, Profile::Thorough)?;
        return wait(start(paths, options)?);
    }
    setup::provide_python(paths)?;
    let lab = start(paths, options)?;
    println!("{MEANWHILE}");
    let built = setup::setup(paths, Profile::Thorough);
    match &built {
        Ok(()) => println!("{READY}"),
        Err(sentence) => eprintln!(
            "xtask: {sentence}\nThere is no kernel. JupyterLab stays open to read; close it, and run `cargo xtask lab` again."
        ),
    }
    wait(lab)?;
    built
}

fn start(paths: &Paths, options: &[String]) -> Result<Child> {
    let mut lab = with_kernel(paths, program(&paths.venv(), "jupyter-lab"));
    lab.args(options).current_dir(paths.notebooks());
    lab.spawn()
        .map_err(|error| format!("JupyterLab could not be started: {error}"))
}

/// Waits until the reader closes it.
fn wait(mut lab: Child) -> Result {
    let status = lab
        .wait()
        .map_err(|error| format!("JupyterLab was lost: {error}"))?;
    status
        .success()
        .then_some(())
        .ok_or_else(|| "JupyterLab ended with an error: its message stands above".into())
}
