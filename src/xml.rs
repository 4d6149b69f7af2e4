//! Just enough XML for QuakeML and StationXML: the elements of one name, one after another.
//!
//! A document of a data centre can be large, its elements are small: only the element at hand is
//! held in memory.

use quick_xml::XmlVersion;
use quick_xml::events::{BytesStart, Event};
use quick_xml::reader::Reader;

/// Deeper nesting than this is not a document of seismology; the bound keeps recursion finite.
const MAX_DEPTH: usize = 64;

/// One element with everything in it; names are without their namespace prefix.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Element {
    pub name: String,
    attributes: Vec<(String, String)>,
    text: String,
    children: Vec<Element>,
}

impl Element {
    /// The text within the element, without the space around it.
    pub fn text(&self) -> &str {
        self.text.trim()
    }

    pub fn attribute(&self, name: &str) -> Option<&str> {
        let found = self.attributes.iter().find(|(key, _)| key == name);
        found.map(|(_, value)| value.as_str())
    }

    /// The children of that name, in order.
    pub fn children<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Element> {
        self.children.iter().filter(move |child| child.name == name)
    }

    pub fn child(&self, name: &str) -> Option<&Element> {
        self.children.iter().find(|child| child.name == name)
    }

    /// The text at a path of child names: `text_at("time/value")`.
    pub fn text_at(&self, path: &str) -> Option<&str> {
        let mut element = self;
        for name in path.split('/') {
            element = element.child(name)?;
        }
        Some(element.text())
    }
}

/// Hands each outermost element called one of `names` to `visit`, and returns the root's name.
///
/// # Errors
/// What is wrong with the text and at which byte, or what `visit` returns.
pub(crate) fn visit<E>(
    text: &str,
    names: &[&str],
    mut visit: impl FnMut(Element) -> Result<(), E>,
) -> Result<String, E>
where
    E: From<Broken>,
{
    let mut reader = Reader::from_str(text);
    let mut root = None;
    // Elements around the wanted one, and the wanted one with what is open in it.
    let (mut depth, mut open) = (0, Vec::<Element>::new());
    loop {
        let event = match reader.read_event() {
            Ok(event) => event,
            Err(error) => return Err(Broken::new(reader.error_position(), error).into()),
        };
        let at = reader.buffer_position();
        let (start, closes) = match event {
            Event::Start(start) => (Some(start), false),
            Event::Empty(start) => (Some(start), true),
            Event::End(_) => (None, true),
            Event::Text(text) => {
                push_text(&mut open, &text.xml10_content());
                continue;
            }
            Event::CData(text) => {
                push_text(&mut open, &text.xml10_content());
                continue;
            }
            Event::GeneralRef(reference) => {
                let character = match reference.resolve_char_ref() {
                    Ok(Some(character)) => Some(character.to_string()),
                    Ok(None) => {
                        quick_xml::escape::resolve_predefined_entity(&reference).map(str::to_string)
                    }
                    Err(error) => return Err(Broken::new(at, error).into()),
                };
                let Some(character) = character else {
                    return Err(Broken::new(at, "an entity that XML does not know").into());
                };
                push_text(&mut open, &character);
                continue;
            }
            Event::Eof if depth > 0 || !open.is_empty() => {
                return Err(Broken::new(at, "the text ends within an element").into());
            }
            Event::Eof => return root.ok_or_else(|| Broken::new(at, "no element at all").into()),
            _ => continue,
        };
        if let Some(start) = start {
            let element = element(&start).map_err(|error| Broken::new(at, error))?;
            root.get_or_insert_with(|| element.name.clone());
            if depth + open.len() >= MAX_DEPTH {
                return Err(Broken::new(at, "elements nested too deeply").into());
            }
            if open.is_empty() && !names.contains(&element.name.as_str()) {
                depth += 1;
            } else {
                open.push(element);
            }
        }
        if closes {
            match (open.pop(), open.last_mut()) {
                (Some(done), Some(parent)) => parent.children.push(done),
                (Some(done), None) => visit(done)?,
                (None, _) => depth -= 1,
            }
        }
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

fn element(start: &BytesStart<'_>) -> Result<Element, quick_xml::Error> {
    let mut attributes = Vec::new();
    for attribute in start.attributes() {
        let attribute = attribute?;
        attributes.push((
            attribute.key.local_name().as_ref().to_string(),
            attribute
                .normalized_value(XmlVersion::Implicit1_0)?
                .into_owned(),
        ));
    }
    Ok(Element {
        name: start.local_name().as_ref().to_string(),
        attributes,
        ..Element::default()
    })
}

fn push_text(open: &mut [Element], text: &str) {
    if let Some(element) = open.last_mut() {
        element.text.push_str(text);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(text: &str, name: &str) -> Result<Vec<Element>, Broken> {
        let mut found = Vec::new();
        visit(text, &[name], |element| {
            found.push(element);
            Ok::<_, Broken>(())
        })?;
        Ok(found)
    }

    #[test]
    fn prefixes_entities_and_nesting() {
        let text = r#"<q:a xmlns:q="x"><b id="1 &amp; 2"><c>t &lt;&#65;</c><b/></b><b/></q:a>"#;
        let found = all(text, "b").unwrap();
        assert_eq!(found.len(), 2);
        assert_eq!(found[0].attribute("id"), Some("1 & 2"));
        assert_eq!(found[0].text_at("c"), Some("t <A"));
        assert_eq!(found[0].children("b").count(), 1);
    }

    #[test]
    fn a_text_cut_short_is_broken() {
        for text in ["", "   ", "<a><b></b>", "<a><b>", "<a></b>", "<a>&nope;</a"] {
            assert!(all(text, "b").is_err(), "{text}");
        }
        assert!(all(&"<b>".repeat(100), "b").is_err());
    }
}
