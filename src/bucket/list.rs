//! Listings: what lies in a folder, page by page, up to a limit.

use std::borrow::Cow;

use object_store::list::PaginatedListOptions;
use object_store::{Error as StoreError, ListResult, ObjectMeta};

use super::webdav::WebDav;
use super::{About, Bucket, Lister, Pages, fault, wait};
use crate::error::{Result, fail};
use crate::time;

/// What lies in a folder, by its names there.
#[derive(Debug, Default)]
pub(crate) struct Listed {
    pub folders: Vec<String>,
    pub objects: Vec<(String, About)>,
    /// Whole keys that nobody can read: no paths (an empty name between two slashes, `.`, `..`, or a control character), or
    /// of a web server that tells no size. One with a slash at its end stands for all that lies below.
    pub odd: Vec<String>,
}

/// Names in one listing at most: five hundred stations of three channels and twenty years.
const MAX_NAMES: usize = 12_000_000;

/// Pages in a row that bring nothing new, at most.
const MAX_EMPTY_PAGES: usize = 100;

/// Keys that are no paths, at most: each costs some requests.
const MAX_ODD: usize = 100;

/// Names of a page of which one is no path: fewer and fewer, until that one is alone.
const FEWER: [usize; 3] = [100, 10, 1];

/// No name below a folder comes after this one in the order of keys.
const LAST_NAME: char = '\u{10ffff}';

impl Bucket {
    /// What lies in a folder below the prefix and has a name that begins with `start`; the folder is "" or ends without a
    /// slash. Nothing where there is no such folder.
    ///
    /// # Errors
    /// [`crate::Error::Storage`] naming the folder.
    pub fn list(&self, folder: &str, start: &str) -> Result<Listed> {
        self.listed(folder, start, 0)
    }

    /// All objects below a folder, by their names from there on, with slashes. A web server is looked through down to so
    /// many levels of folders below the folder, and tells of the folders too.
    ///
    /// # Errors
    /// As [`Bucket::list`].
    pub fn list_below(&self, folder: &str, n_levels: usize) -> Result<Listed> {
        self.listed(folder, "", n_levels)
    }

    fn listed(&self, folder: &str, start: &str, n_levels: usize) -> Result<Listed> {
        let within = self.key(folder)?;
        let within = match within.is_root() {
            true => String::new(),
            false => format!("{within}/"),
        };
        let place = self.place(folder);
        let mut listing = Listing {
            listed: Listed::default(),
            within: &within,
            place: &place,
        };
        match &self.service.lister {
            Lister::Pages(pages) => listing.page_by_page(pages, start, n_levels > 0)?,
            Lister::WebDav(server) => listing.folder_by_folder(server, n_levels)?,
        }
        let mut listed = listing.listed;
        listed.folders.retain(|name| name.starts_with(start));
        listed.objects.retain(|(name, _)| name.starts_with(start));
        listed.folders.sort();
        listed.objects.sort_by(|a, b| a.0.cmp(&b.0));
        listed.folders.dedup();
        Ok(listed)
    }
}

/// A listing that is under way.
struct Listing<'a> {
    listed: Listed,
    /// The folder's key with a slash, or nothing.
    within: &'a str,
    place: &'a str,
}

impl Listing<'_> {
    fn folder_by_folder(&mut self, server: &WebDav, n_levels: usize) -> Result<()> {
        let mut folders = vec![(self.within.trim_end_matches('/').to_string(), 0)];
        while let Some((folder, level)) = folders.pop() {
            let found = wait(server.list(&folder))?;
            let place = || format!("{}/{folder}", server.server);
            let mut found = found.map_err(|error| fault::of(&error, &place()))?;
            if level < n_levels {
                let below = found.folders.iter();
                folders.extend(below.map(|folder| (folder.to_string(), level + 1)));
            }
            self.listed.odd.append(&mut found.odd);
            self.take(found.into())?;
        }
        Ok(())
    }

    fn page_by_page(&mut self, pages: &Pages, start: &str, is_deep: bool) -> Result<()> {
        let prefix = format!("{}{start}", self.within);
        let prefix = (!prefix.is_empty()).then_some(prefix);
        let mut fewer = FEWER.into_iter();
        let (mut options, mut last, mut n_empty) = (first_page(is_deep, None, None), None, 0);
        loop {
            let page = wait(pages.0.list_paginated(prefix.as_deref(), options.clone()))?;
            let page = match page {
                Ok(page) => page,
                Err(StoreError::InvalidPath { source }) => {
                    // The client refuses the whole page: it is asked for in smaller ones, up to that key.
                    let n = fewer.next();
                    if n.is_none() {
                        last = Some(self.pass_over(source, last)?);
                        fewer = FEWER.into_iter();
                    }
                    options = first_page(is_deep, last.clone(), n);
                    continue;
                }
                Err(error) => return Err(fault::of(&error, self.place)),
            };
            let newest = newest(&page.result);
            // Keys come in order: a page that goes back has been there before.
            n_empty = if newest > last { 0 } else { n_empty + 1 };
            if n_empty > MAX_EMPTY_PAGES || (newest.is_some() && newest <= last) {
                return Err(self.refuse("a listing that goes in circles"));
            }
            last = newest.or(last);
            self.take(page.result)?;
            match page.page_token.filter(|next| !next.is_empty()) {
                Some(next) if options.page_token.as_ref() == Some(&next) => {
                    return Err(self.refuse("a listing whose next page is the same again"));
                }
                Some(next) => options.page_token = Some(next),
                None => return Ok(()),
            }
        }
    }

    /// Notes a key that is no path, and returns after which key the listing goes on.
    fn pass_over(
        &mut self,
        error: object_store::path::Error,
        last: Option<String>,
    ) -> Result<String> {
        use object_store::path::Error::{BadSegment, EmptySegment};
        let (EmptySegment { path: key } | BadSegment { path: key, .. }) = error else {
            return Err(fault::of(&error.into(), self.place));
        };
        let key = odd_part(&key).to_string();
        let after = after(&key);
        if Some(&after) <= last.as_ref() {
            return Err(self.refuse("a listing that goes in circles"));
        }
        if self.listed.odd.len() == MAX_ODD {
            return Err(self.refuse("more than a hundred keys that are no paths"));
        }
        self.listed.odd.push(key);
        Ok(after)
    }

    /// Takes what a page has of names below the folder.
    fn take(&mut self, page: ListResult) -> Result<()> {
        let within = self.within;
        let name = |key: &object_store::path::Path| {
            let name = key.as_ref().strip_prefix(within)?;
            (!name.is_empty()).then(|| name.to_string())
        };
        self.listed
            .folders
            .extend(page.common_prefixes.iter().filter_map(name));
        let objects = page.objects.into_iter();
        let objects = objects.filter_map(|object| Some((name(&object.location)?, about(&object))));
        self.listed.objects.extend(objects);
        match self.listed.objects.len() + self.listed.folders.len() {
            n if n > MAX_NAMES => Err(self.refuse("more than twelve million names")),
            _ => Ok(()),
        }
    }

    fn refuse(&self, what: &str) -> crate::Error {
        let remedy = "Give the prefix that holds the archive's years, and times or stations";
        fail!(Storage, self.place, what, remedy)
    }
}

/// The first page after a key, of so many names.
fn first_page(
    is_deep: bool,
    offset: Option<String>,
    max_keys: Option<usize>,
) -> PaginatedListOptions {
    PaginatedListOptions {
        delimiter: (!is_deep).then_some(Cow::Borrowed("/")),
        offset,
        max_keys,
        ..PaginatedListOptions::default()
    }
}

/// The last name of a page in the order of keys.
fn newest(page: &ListResult) -> Option<String> {
    let objects = page.objects.iter();
    let objects = objects.map(|object| object.location.to_string());
    let folders = page.common_prefixes.iter();
    let folders = folders.map(|folder| after(&format!("{folder}/")));
    objects.chain(folders).max()
}

/// A key that is no path, or the folder in it that is none, with all that lies there.
fn odd_part(key: &str) -> &str {
    let folders = key
        .match_indices('/')
        .map(|(at, slash)| &key[..at + slash.len()]);
    let mut folders = folders.filter(|folder| object_store::path::Path::parse(folder).is_err());
    folders.next().unwrap_or(key)
}

/// A key after which comes what follows an object, or all that lies in a folder.
fn after(key: &str) -> String {
    match key.ends_with('/') {
        true => format!("{key}{LAST_NAME}"),
        false => key.into(),
    }
}

/// What tells a version of an object from another.
pub(super) fn about(object: &ObjectMeta) -> About {
    let tag = object.e_tag.as_deref().map(|tag| tag.trim_matches('"'));
    About {
        n_bytes: object.size,
        tag: tag.filter(|tag| !tag.is_empty()).map(String::from),
        changed: time::iso(object.last_modified),
    }
}
