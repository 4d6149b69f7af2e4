//! Which elements and attributes belong to a document's own kind, by their namespaces (W3C, Namespaces in
//! XML 1.0).

use memchr::memmem::Finder;
use quick_xml::XmlVersion;
use quick_xml::events::BytesStart;
use quick_xml::name::{NamespaceError, NamespaceResolver, ResolveResult};

use super::{Shape, known};

/// At most this many attributes of an element are read.
const MAX_ATTRIBUTES: usize = 64;

/// What was seen of a document's namespaces.
///
/// Few elements declare one, and most have no prefix: whether these count is found out once, and again where
/// a declaration begins or ends. To ask of each element, as `NsReader` does, takes a fifth longer.
pub(super) struct Namespaces {
    /// What is declared here.
    declared: NamespaceResolver,
    /// A bit for each depth at which the open element declares something.
    declaring: u64,
    /// Finds an attribute that declares.
    xmlns: Finder<'static>,
    /// Whether elements without a prefix count that are no containers; `None` where it is to be found out.
    plain: Option<bool>,
    /// Whether elements without a namespace count: the outermost element has none, or a container in it.
    is_bare: bool,
    /// Whether a container was opened in the outermost element.
    has_body: bool,
    /// The first element that is called as a container there, but is of another namespace.
    foreign: Option<String>,
}

impl Default for Namespaces {
    fn default() -> Self {
        Self {
            declared: NamespaceResolver::default(),
            declaring: 0,
            xmlns: Finder::new("xmlns"),
            plain: None,
            is_bare: false,
            has_body: false,
            foreign: None,
        }
    }
}

impl Namespaces {
    /// Learns what an element declares that stands in `depth` others, at most 63.
    ///
    /// # Errors
    /// Where it may not declare this.
    pub fn enter(&mut self, start: &BytesStart<'_>, depth: usize) -> Result<(), NamespaceError> {
        if self.declaring >> depth != 0 {
            self.declaring &= (1 << depth) - 1;
            self.declared.set_level(depth as u16);
            self.plain = None;
        }
        let attributes = start.attributes_raw();
        if !attributes.is_empty() && self.xmlns.find(attributes.as_bytes()).is_some() {
            self.declaring |= 1 << depth;
            self.declared.set_level(depth as u16);
            self.declared.push(start)?;
            self.plain = None;
        }
        Ok(())
    }

    /// # Errors
    /// Where the element's prefix is not declared.
    pub fn check_prefix(&self, start: &BytesStart<'_>) -> Result<(), String> {
        let name = start.name();
        if name.prefix().is_some()
            && let ResolveResult::Unknown(prefix) = self.declared.resolve_element(name).0
        {
            return Err(undeclared(&prefix, name.local_name().as_ref()));
        }
        Ok(())
    }

    /// Whether an element counts. It stands in so many containers, and may be called as one itself.
    ///
    /// # Errors
    /// What is wrong where the outermost element is of another kind.
    pub fn admits(
        &mut self,
        start: &BytesStart<'_>,
        name: &str,
        (n_containers, is_container): (usize, bool),
        shape: &Shape,
    ) -> Result<bool, String> {
        let is_plain = !is_container && start.name().as_ref().len() == name.len();
        if let (true, Some(is_own)) = (is_plain, self.plain) {
            return Ok(is_own);
        }
        let namespace = self.declared.resolve_element(start.name()).0;
        let found = match &namespace {
            ResolveResult::Unbound => None,
            ResolveResult::Bound(namespace) => Some(namespace.as_ref()),
            ResolveResult::Unknown(prefix) => return Err(undeclared(prefix, name)),
        };
        let is_root = n_containers == 0;
        let may_be_bare = is_root || (n_containers == 1 && is_container);
        let is_own = match found {
            Some(found) => shape.namespaces.contains(&found),
            None => self.is_bare || may_be_bare,
        };
        if is_root && !is_own {
            return Err(shape.expected(name, found));
        }
        // A container without a namespace lets others without one count from here on.
        self.plain = is_plain.then_some(is_own);
        self.is_bare |= found.is_none() && may_be_bare;
        if n_containers == 1 && is_container {
            self.has_body |= is_own;
            if !is_own && self.foreign.is_none() {
                self.foreign = Some(shape.expected(name, found));
            }
        }
        Ok(is_own)
    }

    /// The namespaces that are declared here.
    pub fn declared(&self) -> &NamespaceResolver {
        &self.declared
    }

    /// # Errors
    /// Where the whole content was of another namespace: to pass over it would leave nothing.
    pub fn check_whole(&self) -> Result<(), String> {
        match &self.foreign {
            Some(what) if !self.has_body => Err(what.clone()),
            _ => Ok(()),
        }
    }
}

impl Shape {
    fn expected(&self, name: &str, found: Option<&str>) -> String {
        format!(
            "<{name}> of the namespace {:?} where {} was expected",
            found.unwrap_or_default(),
            self.namespaces.join(" or ")
        )
    }
}

/// What is wrong with a name whose prefix stands for no namespace.
fn undeclared(prefix: &str, name: &str) -> String {
    format!("the prefix {prefix:?} of {name:?} is not declared: what it belongs to is not known")
}

/// Adds those of the attributes that are wanted.
///
/// # Errors
/// What is wrong with them.
pub(super) fn attributes(
    start: &BytesStart<'_>,
    resolver: &NamespaceResolver,
    shape: &Shape,
    to: &mut Vec<(&'static str, String)>,
) -> Result<(), String> {
    // Finding out whether a name stands there twice takes time by the square of their number.
    for (i, attribute) in start.attributes().with_checks(false).enumerate() {
        if i == MAX_ATTRIBUTES {
            return Err(format!(
                "an element of more than {MAX_ATTRIBUTES} attributes"
            ));
        }
        let attribute = attribute.map_err(|error| error.to_string())?;
        if attribute.key.as_namespace_binding().is_some() {
            continue;
        }
        let (namespace, name) = resolver.resolve_attribute(attribute.key);
        let name: &str = name.as_ref();
        let name = match namespace {
            ResolveResult::Unbound => known(name, shape.attributes),
            ResolveResult::Bound(namespace) => {
                let mut foreign = shape.foreign_attributes.iter();
                let found = foreign.find(|(known, of)| *known == name && *of == namespace.as_ref());
                found.map(|(known, _)| *known)
            }
            ResolveResult::Unknown(prefix) => return Err(undeclared(&prefix, name)),
        };
        if let Some(name) = name {
            let value = attribute.normalized_value(XmlVersion::Implicit1_0);
            to.push((name, value.map_err(|error| error.to_string())?.into_owned()));
        }
    }
    Ok(())
}
