//! What a message says where nothing is that was sought: what there is instead.

use std::path::Path;

use super::layout::Layout;
use super::sought::Sought;
use super::{DayFiles, Place, archive_near};
use crate::atomic_file;
use crate::bucket::is_url;
use crate::code_pattern::NslcPattern;
use crate::error::{Error, Result, fail};
use crate::time::Time;

/// Names that a message has; more are counted.
const N_NAMED: usize = 12;

/// The first names, and how many more there are.
pub(super) fn named(names: impl IntoIterator<Item = String>) -> String {
    let mut names: Vec<String> = names.into_iter().collect();
    let n_more = names.len().saturating_sub(N_NAMED);
    if n_more > 0 {
        names.truncate(N_NAMED);
        names.push(format!("{n_more} more"));
    }
    names.join(", ")
}

/// What is wrong with a place in which no day file lies, and what to do.
pub(crate) fn without_day_files(root: &Path, layout: Layout) -> (String, String) {
    let pattern = layout.pattern();
    if is_url(root) {
        return (
            format!("no object of an archive, {pattern}, lies there at these times"),
            "Give the prefix below which the archive's objects lie, their --layout, and a time that it has"
                .into(),
        );
    }
    let what = format!("no day file of an archive, {pattern}, lies below this folder");
    if let Some(near) = archive_near(root) {
        let near = near.display();
        return (
            format!("{what}; {near} holds such"),
            format!("Give {near} as the archive"),
        );
    }
    let held = match named(atomic_file::names(root).unwrap_or_default()) {
        names if names.is_empty() => "it is empty".into(),
        names => format!("it holds {names}"),
    };
    (
        format!("{what}; {held}"),
        "Give the folder that holds the archive's years, or say how its files are named by --layout (a link is no day file)"
            .into(),
    )
}

impl Place {
    /// Why no station of an archive can be taken: what was sought (any, without patterns), and what is there instead.
    ///
    /// # Errors
    /// [`Error::Io`] where a folder cannot be read.
    pub fn nothing_of(
        &self,
        sought: &[NslcPattern],
        (from, to): (Option<Time>, Option<Time>),
    ) -> Result<Error> {
        let any = Sought {
            from,
            to,
            ..Sought::default()
        };
        let held = self.storage().held(self.layout(), &any, &mut |_| ())?;
        let (what, remedy) = match (held.streams.is_empty(), sought) {
            (true, _) => without_day_files(self.root(), self.layout()),
            (false, []) => (
                format!(
                    "no channel of 10 samples a second or more; the archive has {}",
                    names_of(&held.streams)
                ),
                "Take an archive of faster channels".into(),
            ),
            (false, sought) => (
                format!(
                    "sought {}; the archive has {}",
                    named(sought.iter().map(ToString::to_string)),
                    names_of(&held.streams)
                ),
                "Give the codes as the archive has them: capital and small letters differ".into(),
            ),
        };
        Ok(fail!(Waveform, self.root().display(), what, remedy))
    }
}

/// The streams of these files by name.
pub(super) fn names_of(streams: &[DayFiles]) -> String {
    named(streams.iter().map(|files| files[0].stream.to_string()))
}
