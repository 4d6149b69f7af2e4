//! Just enough XML for QuakeML and StationXML: the elements within the containers of a document,
//! one after another.
//!
//! A document of a data centre can be large, its elements are small: only the element at hand is
//! held in memory, and of that only what was asked for.
//!
//! An element counts if its namespace is one of the document's kind, or if neither it nor what it stands
//! in has one. Elements and attributes of any other namespace are extensions: they are passed over with
//! everything in them.

mod element;
mod namespace;
mod text;

use std::io::{BufRead, BufReader};

use quick_xml::events::{BytesStart, Event};
use quick_xml::reader::Reader;

pub(crate) use element::Element;
use namespace::Namespaces;
use text::{Latin1, is_latin1};
pub(crate) use text::{escaped, optional};

/// Elements nest at most this deep, so that recursion ends.
const MAX_DEPTH: usize = 64;

/// What to look for in a document.
pub(crate) struct Shape {
    /// The name of the outermost element, which is a container.
    pub root: &'static str,
    /// The namespaces of its elements.
    pub namespaces: &'static [&'static str],
    /// Elements that are told of when they begin and end, and whose children are handed over one
    /// by one.
    pub containers: &'static [&'static str],
    /// The elements that are looked at, in whatever they stand; all others are passed over with
    /// everything in them.
    pub wanted: &'static [&'static str],
    /// Those that may stand in an element once at most.
    pub once: &'static [&'static str],
    /// And the attributes, which have no namespace.
    pub attributes: &'static [&'static str],
    /// Attributes of extensions, with their namespaces.
    pub foreign_attributes: &'static [(&'static str, &'static str)],
}

/// One step through a document.
#[derive(Debug)]
pub(crate) enum Part<'a> {
    /// A container begins; it comes with its attributes alone.
    Open(&'a Element),
    /// A whole element in the innermost open container.
    Whole(&'a Element),
    /// The innermost open container ends.
    Close,
}

/// Walks through a document in UTF-8, or in Latin-1 where its first line says so.
///
/// # Errors
/// What is wrong with the text and at which byte, or what `visit` returns.
pub(crate) fn walk<E: From<Broken>>(
    mut source: impl BufRead,
    shape: &Shape,
    visit: impl FnMut(Part) -> Result<(), E>,
) -> Result<(), E> {
    let beginning = source.fill_buf().map_err(|error| Broken::new(0, error))?;
    if beginning.iter().take(4).any(|byte| *byte == 0) {
        let what = "a byte 0, as in UTF-16 without its mark or in UTF-32; UTF-8, UTF-16 with its mark or Latin-1 was expected";
        return Err(Broken::new(0, what).into());
    }
    if is_latin1(beginning) {
        let utf8 = BufReader::new(Latin1::new(source));
        Walk::new(utf8, shape, visit).run()
    } else {
        Walk::new(source, shape, visit).run()
    }
}

struct Walk<'a, R, V> {
    reader: Reader<R>,
    shape: &'a Shape,
    namespaces: Namespaces,
    visit: V,
    /// How many containers are open.
    n_containers: usize,
    /// The element at hand, and what is open in it.
    open: Vec<Element>,
    /// Elements that are done with, whose memory is used again.
    spare: Vec<Element>,
    /// Of each open container, which elements it had that may stand there once.
    had: Vec<Vec<&'static str>>,
    /// How many elements are open that nobody asked for.
    n_passed_over: usize,
    /// Whether the root was seen to end.
    done: bool,
}

impl<'a, E: From<Broken>, R: BufRead, V: FnMut(Part) -> Result<(), E>> Walk<'a, R, V> {
    fn new(source: R, shape: &'a Shape, visit: V) -> Self {
        Self {
            reader: Reader::from_reader(source),
            shape,
            namespaces: Namespaces::default(),
            visit,
            n_containers: 0,
            open: Vec::new(),
            spare: Vec::new(),
            had: Vec::new(),
            n_passed_over: 0,
            done: false,
        }
    }

    fn run(mut self) -> Result<(), E> {
        let mut buffer = Vec::new();
        loop {
            buffer.clear();
            let event = match self.reader.read_event_into(&mut buffer) {
                Ok(event) => event,
                Err(error) => {
                    return Err(Broken::new(self.reader.error_position(), error).into());
                }
            };
            match event {
                Event::Start(start) => self.start(&start)?,
                Event::Empty(start) => {
                    self.start(&start)?;
                    self.end()?;
                }
                Event::End(_) => self.end()?,
                Event::Text(text) => self.text(&text.xml10_content())?,
                Event::CData(text) => self.text(&text.xml10_content())?,
                Event::GeneralRef(reference) => {
                    let character = match reference.resolve_char_ref() {
                        Ok(character) => character.map(String::from),
                        Err(error) => return Err(self.broken(error).into()),
                    };
                    let known = || quick_xml::escape::resolve_predefined_entity(&reference);
                    let Some(character) = character.or_else(|| known().map(str::to_string)) else {
                        return Err(self.broken("an entity that XML does not know").into());
                    };
                    self.text(&character)?;
                }
                Event::Eof if self.done => return Ok(()),
                Event::Eof if self.n_containers == 0 => {
                    return Err(self.broken("no element at all").into());
                }
                Event::Eof => return Err(self.broken("the text ends within an element").into()),
                _ => {}
            }
        }
    }

    fn start(&mut self, start: &BytesStart<'_>) -> Result<(), E> {
        let name = start.local_name();
        let name: &str = name.as_ref();
        let depth = self.n_containers + self.open.len() + self.n_passed_over;
        if depth >= MAX_DEPTH {
            return Err(self.broken("elements nested too deeply").into());
        }
        let declared = self.namespaces.enter(start, depth);
        declared.map_err(|error| self.broken(error))?;
        if self.done {
            return Err(self.broken("a second document after the first").into());
        }
        if self.n_containers == 0 && name != self.shape.root {
            let what = format!("<{name}> where <{}> was expected", self.shape.root);
            return Err(self.broken(what).into());
        }
        let prefixed = self.namespaces.check_prefix(start);
        prefixed.map_err(|what| self.broken(what))?;
        if self.n_passed_over > 0 {
            self.n_passed_over += 1;
            return Ok(());
        }
        let known = |names| known(name, names);
        let container = match self.n_containers {
            0 => Some(self.shape.root),
            _ if self.open.is_empty() => known(self.shape.containers),
            _ => None,
        };
        let name = match container.or_else(|| known(self.shape.wanted)) {
            Some(name) => {
                let at = (self.n_containers, container.is_some());
                let is_own = self.namespaces.admits(start, name, at, self.shape);
                is_own.map(|is_own| is_own.then_some(name))
            }
            None => Ok(None),
        };
        let Some(name) = name.map_err(|what| self.broken(what))? else {
            self.n_passed_over += 1;
            return Ok(());
        };
        if is_twice(name, self.shape, &self.open, &mut self.had) {
            let what =
                format!("<{name}> for the second time in one element: which of the two is right?");
            return Err(self.broken(what).into());
        }
        let mut element = self.spare.pop().unwrap_or_default();
        element.name = name;
        namespace::attributes(
            start,
            self.namespaces.declared(),
            self.shape,
            &mut element.attributes,
        )
        .map_err(|what| self.broken(what))?;
        if container.is_some() {
            self.n_containers += 1;
            self.had.push(Vec::new());
            return (self.visit)(Part::Open(&element));
        }
        self.open.push(element);
        Ok(())
    }

    fn end(&mut self) -> Result<(), E> {
        if self.n_passed_over > 0 {
            self.n_passed_over -= 1;
            return Ok(());
        }
        match (self.open.pop(), self.open.last_mut()) {
            (Some(done), Some(parent)) => parent.children.push(done),
            (Some(done), None) => {
                (self.visit)(Part::Whole(&done))?;
                self.recycle(done);
            }
            (None, _) => {
                // The reader has checked that each end belongs to a start.
                self.n_containers -= 1;
                self.had.pop();
                self.done = self.n_containers == 0;
                if self.done {
                    let whole = self.namespaces.check_whole();
                    whole.map_err(|what| self.broken(what))?;
                }
                (self.visit)(Part::Close)?;
            }
        }
        Ok(())
    }

    fn recycle(&mut self, mut element: Element) {
        while let Some(child) = element.children.pop() {
            self.recycle(child);
        }
        element.attributes.clear();
        element.text.clear();
        self.spare.push(element);
    }

    fn text(&mut self, text: &str) -> Result<(), E> {
        let is_outside = self.n_containers == 0;
        if is_outside && !text.trim_matches('\u{feff}').trim().is_empty() {
            return Err(self.broken("text outside the document").into());
        }
        if self.n_passed_over == 0
            && let Some(element) = self.open.last_mut()
        {
            let unfit = |byte: u8| byte < b' ' && !matches!(byte, b'\t' | b'\n' | b'\r');
            // Without a branch the processor takes several bytes as one.
            if text.bytes().fold(false, |any, byte| any | unfit(byte)) {
                return Err(self
                    .broken("a control character, which XML cannot hold")
                    .into());
            }
            // Most of it is the space between elements.
            let is_first = element.text.is_empty();
            element.text += if is_first { text.trim_start() } else { text };
        }
        Ok(())
    }

    fn broken(&self, what: impl ToString) -> Broken {
        Broken::new(self.reader.buffer_position(), what)
    }
}

/// What is wrong with a text that should be XML.
#[derive(Debug)]
pub(crate) struct Broken {
    pub byte: u64,
    pub what: String,
}

impl Broken {
    fn new(byte: u64, what: impl ToString) -> Self {
        Self {
            byte,
            what: what.to_string(),
        }
    }
}

/// Whether an element that begins is the second of its name where there may be one.
fn is_twice(
    name: &'static str,
    shape: &Shape,
    open: &[Element],
    had: &mut [Vec<&'static str>],
) -> bool {
    match (open.last(), had.last_mut()) {
        _ if !shape.once.contains(&name) => false,
        (Some(parent), _) => parent.child(name).is_some(),
        (None, Some(had)) if had.contains(&name) => true,
        (None, Some(had)) => {
            had.push(name);
            false
        }
        (None, None) => false,
    }
}

/// The name, if it is one of these.
fn known(name: &str, names: &[&'static str]) -> Option<&'static str> {
    names.iter().copied().find(|known| *known == name)
}

#[cfg(test)]
mod tests;
