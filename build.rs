//! Tells the linker where libtorch lies, so that tests, programs and the notebooks' kernel find it
//! at run time without `LD_LIBRARY_PATH`.

use std::path::Path;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-env-changed=LIBTORCH");
    // Clones share one target folder, in which cargo takes the build of another clone for its own
    // where that is newer than this clone's files: the clone's path makes it look again.
    println!("cargo::rerun-if-env-changed=QUAKEBOOK_ROOT");

    let Some(libtorch) = std::env::var_os("LIBTORCH") else {
        println!(
            "cargo::error=libtorch is missing: run `cargo xtask setup`, or set LIBTORCH to the folder of libtorch 2.13"
        );
        return;
    };
    let lib = Path::new(&libtorch).join("lib");
    if !lib.is_dir() {
        println!(
            "cargo::error=LIBTORCH names {}, which has no folder `lib`: run `cargo xtask setup`",
            Path::new(&libtorch).display()
        );
        return;
    }
    println!("cargo::rustc-link-arg=-Wl,-rpath,{}", lib.display());
    if lib.join("libtorch_cuda.so").is_file() {
        // Nothing refers to it by name: it registers itself when it is loaded, so the linker must
        // not leave it out as unneeded.
        println!("cargo::rustc-link-arg=-Wl,--no-as-needed,-ltorch_cuda,--as-needed");
    }
}
