//! XML, in and out. What comes in has limits on size, on elements and on how deep they lie in each other, and no document
//! type; it is read without recursion.

use std::borrow::Cow;
use std::fmt::Write as _;

use roxmltree::{Document, Node, ParsingOptions};

use super::problem::Problem;

pub(super) const NAMESPACE: &str = "DAV:";
pub(super) const DECLARATION: &str = "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n";
pub(super) const CONTENT_TYPE: &str = "application/xml; charset=utf-8";
/// Elements, attributes excluded, and texts.
const MAX_NODES: u32 = 4_000;
/// Namespaces that are declared for one element.
const MAX_NAMESPACES: usize = 64;
/// Levels of elements, for what is kept or looked through.
const MAX_LEVELS: usize = 64;
const XML: &str = "http://www.w3.org/XML/1998/namespace";

/// The name of an element: of a property, mostly.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Name {
    /// Empty for none.
    pub(super) namespace: String,
    pub(super) local: String,
}

impl Name {
    pub(super) fn of(node: Node<'_, '_>) -> Self {
        Self {
            namespace: node.tag_name().namespace().unwrap_or_default().to_owned(),
            local: node.tag_name().name().to_owned(),
        }
    }

    pub(super) fn is_dav(&self) -> bool {
        self.namespace == NAMESPACE
    }

    /// Writes an element of this name around `content`, which is XML; `D` has to stand for `DAV:`.
    pub(super) fn write(&self, out: &mut String, content: &str) {
        let Self { namespace, local } = self;
        let (tag, declared) = if self.is_dav() {
            (format!("D:{local}"), String::new())
        } else if namespace.is_empty() {
            (local.clone(), " xmlns=\"\"".to_owned())
        } else {
            (format!("P:{local}"), format!(" xmlns:P=\"{}\"", escaped(namespace)))
        };
        if content.is_empty() {
            _ = write!(out, "<{tag}{declared}/>");
        } else {
            _ = write!(out, "<{tag}{declared}>{content}</{tag}>");
        }
    }
}

/// Reads a document whose outermost element is `DAV:` `root`.
pub(super) fn parse<'a>(text: &'a str, root: &str) -> Result<Document<'a>, Problem> {
    let options = ParsingOptions { allow_dtd: false, nodes_limit: MAX_NODES, entity_resolver: None };
    let document = Document::parse_with_options(text, options)
        .map_err(|error| Problem::bad_request(format!("the XML of the request cannot be read: {error}")))?;
    // An attribute that gives a prefix no namespace is none (Namespaces in XML §5); few elements need many namespaces.
    let unfit = |node: Node<'_, '_>| {
        node.namespaces().len() > MAX_NAMESPACES
            || node.namespaces().any(|namespace| namespace.name().is_some() && namespace.uri().is_empty())
    };
    if document.descendants().any(|node| node.is_element() && unfit(node)) {
        return Err(Problem::bad_request("the namespaces of the XML cannot be used"));
    }
    let deepest = document.descendants().map(|node| node.ancestors().take(MAX_LEVELS + 2).count()).max();
    if deepest.is_some_and(|levels| levels > MAX_LEVELS + 1) {
        return Err(Problem::bad_request(format!(
            "the XML of the request is nested deeper than {MAX_LEVELS} levels"
        )));
    }
    if !document.root_element().has_tag_name((NAMESPACE, root)) {
        return Err(Problem::bad_request(format!("the XML of the request must be a DAV: `{root}`")));
    }
    Ok(document)
}

/// Elements directly in one.
pub(super) fn elements<'a, 'i>(node: Node<'a, 'i>) -> impl Iterator<Item = Node<'a, 'i>> {
    node.children().filter(Node::is_element)
}

/// The element of `DAV:` with this name directly in one.
pub(super) fn child<'a, 'i>(node: Node<'a, 'i>, local: &str) -> Option<Node<'a, 'i>> {
    elements(node).find(|child| child.has_tag_name((NAMESPACE, local)))
}

/// The text of an element with nothing but text in it, which says all there is to say of it.
pub(super) fn plain_text(node: Node<'_, '_>) -> Option<String> {
    if node.attributes().len() > 0 || language(node).is_some() || elements(node).next().is_some() {
        return None;
    }
    Some(node.children().filter_map(|child| child.is_text().then(|| child.text()).flatten()).collect())
}

/// The element as XML that can stand anywhere: with its namespaces, prefixes and language.
pub(super) fn standalone(node: Node<'_, '_>) -> String {
    let mut out = String::new();
    write_element(&mut out, node, language(node));
    out
}

/// What is in an element, as such XML.
pub(super) fn inner(node: Node<'_, '_>) -> String {
    let mut out = String::new();
    write_content(&mut out, node);
    out
}

fn language<'a>(node: Node<'a, '_>) -> Option<&'a str> {
    node.ancestors().find_map(|above| above.attribute((XML, "lang")))
}

/// Recursion ends at [`MAX_LEVELS`], which [`parse`] holds.
fn write_element(out: &mut String, node: Node<'_, '_>, language: Option<&str>) {
    let local = node.tag_name().name();
    let namespace = node.tag_name().namespace();
    let prefix = namespace.and_then(|uri| node.lookup_prefix(uri)).filter(|prefix| !prefix.is_empty());
    let tag = match prefix {
        Some(prefix) => format!("{prefix}:{local}"),
        None => local.to_owned(),
    };
    let declared = match prefix {
        Some(prefix) => format!(" xmlns:{prefix}"),
        None => " xmlns".to_owned(),
    };
    _ = write!(out, "<{tag}{declared}=\"{}\"", escaped(namespace.unwrap_or_default()));
    for (number, attribute) in node.attributes().enumerate() {
        let (name, value) = (attribute.name(), escaped(attribute.value()));
        match attribute.namespace() {
            None => _ = write!(out, " {name}=\"{value}\""),
            Some(XML) if name == "lang" && language.is_some() => {}
            Some(XML) => _ = write!(out, " xml:{name}=\"{value}\""),
            Some(uri) => {
                _ = write!(out, " xmlns:a{number}=\"{}\" a{number}:{name}=\"{value}\"", escaped(uri))
            }
        }
    }
    if let Some(language) = language {
        _ = write!(out, " xml:lang=\"{}\"", escaped(language));
    }
    if node.has_children() {
        out.push('>');
        write_content(out, node);
        _ = write!(out, "</{tag}>");
    } else {
        out.push_str("/>");
    }
}

fn write_content(out: &mut String, node: Node<'_, '_>) {
    for child in node.children() {
        if child.is_element() {
            write_element(out, child, None);
        } else if let (true, Some(text)) = (child.is_text(), child.text()) {
            out.push_str(&escaped(text));
        }
    }
}

/// Text as it stands in XML, in an element or between double quotes. Characters that XML has no room for are left out.
pub(super) fn escaped(text: &str) -> Cow<'_, str> {
    let is_special = |c: char| matches!(c, '<' | '>' | '&' | '"' | '\r') || !is_xml(c);
    if !text.contains(is_special) {
        return text.into();
    }
    let mut out = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match c {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '"' => out.push_str("&quot;"),
            '\r' => out.push_str("&#13;"),
            c if is_xml(c) => out.push(c),
            _ => {}
        }
    }
    out.into()
}

fn is_xml(c: char) -> bool {
    !matches!(c, '\0'..='\u{8}' | '\u{b}' | '\u{c}' | '\u{e}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(text: &str) -> String {
        let document = parse(text, "prop").expect("XML");
        let first = elements(document.root_element()).next().expect("an element");
        plain_text(first).unwrap_or_else(|| standalone(first))
    }

    #[test]
    fn a_property_is_kept_as_its_text_or_as_xml_that_stands_alone() {
        assert_eq!(kept("<D:prop xmlns:D='DAV:'><a xmlns='urn:x'>1 &lt; 2</a></D:prop>"), "1 < 2");
        let nested = "<D:prop xmlns:D='DAV:' xmlns:y='urn:y'><a xmlns='urn:x'><y:b z='&quot;'>t</y:b><c xmlns=''/></a></D:prop>";
        assert_eq!(
            kept(nested),
            "<a xmlns=\"urn:x\"><y:b xmlns:y=\"urn:y\" z=\"&quot;\">t</y:b><c xmlns=\"\"/></a>"
        );
        let language = "<D:prop xmlns:D='DAV:' xml:lang='de'><a xmlns='urn:x'>gut</a></D:prop>";
        assert_eq!(kept(language), "<a xmlns=\"urn:x\" xml:lang=\"de\">gut</a>");
        for text in [nested, language] {
            let again = format!("<D:prop xmlns:D='DAV:'>{}</D:prop>", kept(text));
            assert_eq!(kept(&again), kept(text), "what was kept reads as itself");
        }
    }

    #[test]
    fn hostile_xml_is_refused() {
        let deep = |levels: usize| {
            format!("<D:prop xmlns:D='DAV:'>{}{}</D:prop>", "<a>".repeat(levels), "</a>".repeat(levels))
        };
        assert!(parse(&deep(MAX_LEVELS - 1), "prop").is_ok());
        let entities = "<!DOCTYPE x [<!ENTITY a 'aaaa'>]><D:prop xmlns:D='DAV:'>&a;</D:prop>";
        let many = format!("<D:prop xmlns:D='DAV:'>{}</D:prop>", "<a/>".repeat(5_000));
        let unbound = "<D:prop xmlns:D='DAV:'><b:c xmlns:b=''/></D:prop>".to_owned();
        for bad in [
            unbound,
            deep(MAX_LEVELS + 1),
            deep(100_000),
            entities.to_owned(),
            many,
            String::new(),
            "<a".to_owned(),
        ] {
            let problem = parse(&bad, "prop").expect_err("refused");
            assert_eq!(problem.status(), 400);
        }
        assert!(parse("<prop/>", "prop").is_err(), "another namespace");
    }

    #[test]
    fn text_that_xml_has_no_room_for_does_not_break_it() {
        assert_eq!(escaped("plain"), "plain");
        assert_eq!(escaped("<a & \"b\">\u{1}\r"), "&lt;a &amp; &quot;b&quot;&gt;&#13;");
    }
}
