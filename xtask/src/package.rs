//! A package that the kernel has compiled, and what becomes of it: kept beside all that it was made of.

use std::ffi::OsStr;
use std::fmt::Write;
use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};

/// The kernel's name for the package of a cell.
const CELL: &str = "ctx";

/// Stands for the kernel's own folder, which is another one each time that it starts.
const KERNELS: &str = "<kernel>";

/// What the compiler said of a package that is kept, and all that it was made of: files beside its products.
const SAID: &str = "said";
const MADE_OF: &str = "made of";

/// What the compiler is asked for.
pub struct Package {
    pub args: Vec<String>,
    /// The kernel's folder.
    kernels: String,
    /// All that it is made of, as text.
    made_of: String,
    /// Where it is kept, if it is.
    kept: PathBuf,
}

impl Package {
    /// `None` where the compiler is asked for something else, such as its version.
    pub fn of(rustc: &str, args: &[String], folder: &Path) -> Option<Self> {
        let after = |name: &str| {
            let at = args.iter().position(|arg| arg == name)?;
            args.get(at + 1)
        };
        let links = |arg: &String| arg.starts_with("--emit=") && arg.ends_with("link");
        if !args.iter().any(links) {
            return None;
        }
        let is_cell = after("--crate-name")? == CELL;
        let (kernels, _) = after("--out-dir")?.split_once("/target/")?;
        // Cargo makes this number of the kernel's folder. Types of a cell have it in their own: in cells
        // of one kernel it must be the same, whenever they were compiled.
        let args: Vec<String> = args
            .iter()
            .map(|arg| match is_cell && arg.starts_with("metadata=") {
                true => format!("metadata={CELL}"),
                false => arg.clone(),
            })
            .collect();
        let mut made_of = format!("{}\n", version(Path::new(rustc))?);
        for arg in &args {
            writeln!(made_of, "{}", arg.replace(kernels, KERNELS)).ok()?;
        }
        for library in libraries(&args) {
            let what = match library.starts_with(kernels) {
                true => content(library)?,
                false => version(library)?,
            };
            writeln!(made_of, "{what}").ok()?;
        }
        let source = args.iter().find(|arg| arg.ends_with(".rs"))?;
        let source = fs::read_to_string(source).ok()?;
        made_of += &match is_cell {
            true => in_one_order(&source),
            false => source,
        };
        Some(Self {
            kept: folder.join(hash(made_of.as_bytes())),
            kernels: kernels.into(),
            args,
            made_of,
        })
    }

    /// Puts the products where the compiler would; returns what it had to say. `None` where they are not kept.
    pub fn restore(&self) -> Option<String> {
        let text = |name: &str| fs::read_to_string(self.kept.join(name)).ok();
        if text(MADE_OF)? != self.made_of {
            return None;
        }
        let told = |name: &str| Some(text(name)?.replace(KERNELS, &self.kernels));
        let said = told(SAID)?;
        for (name, path) in products(&said) {
            // The old one may be loaded: it is left as it is, without its name.
            let _ = fs::remove_file(path);
            match is_list(path) {
                true => fs::write(path, told(name)?).ok()?,
                false => fs::copy(self.kept.join(name), path).map(|_| ()).ok()?,
            }
        }
        Some(said)
    }

    /// Keeps what the compiler has made of one file, and said.
    pub fn keep(&self, said: &str) -> std::io::Result<()> {
        for (_, path) in products(said).filter(|(_, path)| is_list(path)) {
            if !is_of_one_file(&fs::read_to_string(path)?) {
                return Ok(());
            }
        }
        // Whole or not at all: two notebooks may have the same cell at the same time.
        let new = self
            .kept
            .with_extension(format!("new-{}", std::process::id()));
        fs::create_dir_all(&new)?;
        let plain = |text: &str| text.replace(&self.kernels, KERNELS);
        for (name, path) in products(said) {
            match is_list(path) {
                true => fs::write(new.join(name), plain(&fs::read_to_string(path)?))?,
                false => drop(fs::copy(path, new.join(name))?),
            }
        }
        fs::write(new.join(SAID), plain(said))?;
        fs::write(new.join(MADE_OF), &self.made_of)?;
        if fs::rename(&new, &self.kept).is_err() {
            fs::remove_dir_all(&new)?;
            // The other notebook was first. What comes of the same is not the same to the last byte, and cells
            // that are compiled for one are not found by the other.
            self.restore();
        }
        Ok(())
    }
}

/// A cell's source with its items, and its lines that hand variables from cell to cell, sorted: the kernel
/// writes them in an order that is another one each time, and means nothing.
fn in_one_order(source: &str) -> String {
    let mut items: Vec<Vec<&str>> = vec![Vec::new()];
    let mut depth = 0;
    for line in source.lines() {
        if let Some(item) = items.last_mut() {
            item.push(line);
        }
        // Brackets in texts and comments are counted too: they mostly come in pairs.
        depth += line.matches(['{', '(', '[']).count();
        let Some(left) = depth.checked_sub(line.matches(['}', ')', ']']).count()) else {
            return source.into();
        };
        depth = left;
        let line = line.trim_end();
        if depth == 0 && (line.ends_with(['}', ';']) || line.starts_with("#![")) {
            items.push(Vec::new());
        }
    }
    if depth != 0 {
        return source.into();
    }
    let hands_on = |line: &&str| line.contains("evcxr_variable_store.");
    for item in &mut items {
        for run in item.chunk_by_mut(|a, b| hands_on(a) && hands_on(b)) {
            if run.iter().all(&hands_on) {
                run.sort_unstable();
            }
        }
    }
    items.sort_unstable();
    items.concat().join("\n")
}

/// The files that the compiler says it has made, by name and path: it tells cargo, in JSON.
fn products(said: &str) -> impl Iterator<Item = (&str, &Path)> {
    let paths = said
        .lines()
        .filter_map(|line| line.split_once("\"artifact\":\"")?.1.split('"').next());
    paths.filter_map(|path| Some((Path::new(path).file_name()?.to_str()?, Path::new(path))))
}

/// Whether it is what tells cargo of which files a package was made.
fn is_list(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "d")
}

/// Whether that names one file, as a target without a rule, and nothing of the environment.
fn is_of_one_file(list: &str) -> bool {
    let files = list.lines().filter(|line| line.ends_with(':'));
    files.count() == 1 && !list.contains("# env-dep")
}

/// The libraries that are named to the compiler by `--extern`.
fn libraries(args: &[String]) -> Vec<&Path> {
    let mut found = Vec::new();
    let mut is_next = false;
    for arg in args {
        let named = match is_next {
            true => Some(arg.as_str()),
            false => arg.strip_prefix("--extern="),
        };
        found.extend(named.and_then(|named| Some(Path::new(named.split_once('=')?.1))));
        is_next = arg == "--extern";
    }
    found
}

/// Name, length and time of change of a file.
fn version(path: &Path) -> Option<String> {
    let data = fs::metadata(path).ok()?;
    Some(format!(
        "{} {} {:?}",
        path.display(),
        data.len(),
        data.modified().ok()?
    ))
}

/// Name and content of a small file, which is made anew each time.
fn content(path: &Path) -> Option<String> {
    let name = path.file_name().map(OsStr::to_string_lossy)?;
    Some(format!("{name} {}", hash(&fs::read(path).ok()?)))
}

fn hash(bytes: &[u8]) -> String {
    let mut hasher = DefaultHasher::new();
    bytes.hash(&mut hasher);
    format!("{:016x}", hasher.finish())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A kernel's folder with a cell and a library that is made anew, and what is asked of the compiler there.
    fn kernel(folder: &Path, cell: &str) -> Vec<String> {
        let here = folder.display();
        let out = format!("{here}/target/deps");
        fs::create_dir_all(&out).unwrap();
        fs::write(folder.join("lib.rs"), cell).unwrap();
        fs::write(folder.join("target/deps/libthin.rlib"), "thin").unwrap();
        let args = format!(
            "--crate-name ctx {here}/lib.rs --emit=dep-info,link -C metadata={} --out-dir {out} \
             --extern thin={out}/libthin.rlib --extern=own={here}/../libown.so",
            hash(here.to_string().as_bytes())
        );
        args.split_whitespace().map(String::from).collect()
    }

    /// What the compiler would make there, and say.
    fn make(folder: &Path, list: &str) -> String {
        let out = folder.join("target/deps");
        fs::write(out.join("libctx.so"), "compiled").unwrap();
        fs::write(out.join("ctx.d"), list).unwrap();
        let artifact = |name: &str| {
            let path = out.join(name);
            format!("{{\"artifact\":\"{}\",\"emit\":\"…\"}}\n", path.display())
        };
        format!("a warning\n{}{}", artifact("ctx.d"), artifact("libctx.so"))
    }

    fn list(folder: &Path) -> String {
        let here = folder.display();
        format!("{here}/target/deps/ctx.d: {here}/lib.rs\n\n{here}/lib.rs:\n")
    }

    #[test]
    fn a_cell_is_found_again_by_all_that_it_is_made_of() {
        let folder = std::env::temp_dir().join(format!("quakebook-cells-{}", std::process::id()));
        let (first, second) = (folder.join("kernel-1"), folder.join("kernel-2"));
        fs::create_dir_all(&folder).unwrap();
        let own = folder.join("libown.so");
        fs::write(&own, "own").unwrap();
        let kept = folder.join("cells");
        let of = |args: &[String]| Package::of(own.to_str().unwrap(), args, &kept).unwrap();

        let cell = of(&kernel(&first, "1 + 1"));
        assert!(cell.restore().is_none());
        assert!(cell.args.contains(&"metadata=ctx".to_string()));
        // Of two files: not kept.
        cell.keep(&make(&first, &format!("{}other.rs:\n", list(&first))))
            .unwrap();
        assert!(cell.restore().is_none());
        cell.keep(&make(&first, &list(&first))).unwrap();
        cell.keep(&make(&first, &list(&first))).unwrap();

        // Another kernel, in its own folder.
        let args = kernel(&second, "1 + 1");
        let said = of(&args).restore();
        let read = |name: &str| fs::read_to_string(second.join("target/deps").join(name)).unwrap();
        assert_eq!(read("libctx.so"), "compiled");
        assert_eq!(read("ctx.d"), list(&second));
        assert_eq!(said, Some(make(&second, &list(&second))));

        assert!(of(&kernel(&second, "1 + 2")).restore().is_none());
        let args = kernel(&second, "1 + 1");
        assert!(of(&args).restore().is_some());
        fs::write(&own, "another").unwrap();
        assert!(of(&args).restore().is_none());

        // The kernel's order of variables and items.
        let in_order = |variables: [&str; 2], items: [&str; 2]| {
            let take = |name: &str| format!("let {name} = evcxr_variable_store.take({name});\n");
            let cell = format!(
                "fn cell() {{\n{}{}print(\"{{}}\", a);\nprint(b);\n}}\n",
                take(variables[0]),
                take(variables[1])
            );
            in_one_order(&format!("#![allow(x)]\n{}{cell}{}", items[0], items[1]))
        };
        let [one, two] = ["struct One(u8);\n", "fn two() {\n    if x {\n    }\n}\n"];
        let order = in_order(["a", "b"], [one, two]);
        assert_eq!(order, in_order(["b", "a"], [two, one]));
        let swapped = order.replace("a);\nprint(b", "b);\nprint(a");
        assert_ne!(order, in_one_order(&swapped));
        let open = "b();\na('{');\n";
        assert_eq!(in_one_order(open), open);

        let check: Vec<String> = args.iter().map(|a| a.replace("link", "metadata")).collect();
        assert!(Package::of("rustc", &check, &kept).is_none());
        let n_kept = fs::read_dir(&kept).unwrap().count();
        fs::remove_dir_all(folder).unwrap();
        assert_eq!(n_kept, 1);
    }
}
