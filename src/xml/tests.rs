//! Documents, sound and broken.

use super::*;

const SHAPE: Shape = Shape {
    root: "a",
    namespaces: &["x", "x/2"],
    containers: &["a", "in"],
    wanted: &["b", "c", "d"],
    once: &["d"],
    attributes: &["id", "d"],
    foreign_attributes: &[("key", "y")],
};

fn all(bytes: &[u8]) -> Result<Vec<Element>, Broken> {
    let mut found = Vec::new();
    walk(bytes, &SHAPE, |part| {
        if let Part::Whole(element) = part {
            found.push(element.clone());
        }
        Ok::<_, Broken>(())
    })?;
    Ok(found)
}

#[test]
fn prefixes_entities_and_nesting() {
    let text = r#"<q:a xmlns:q="x" xmlns="x/2"><b id="1 &amp; 2" xmlns:d="y"><c>t &lt;&#65;</c><b/>
        <not><c>no</c></not></b><b/></q:a>"#;
    let found = all(text.as_bytes()).unwrap();
    assert_eq!(found.len(), 2);
    assert_eq!(found[0].attribute("id"), Some("1 & 2"));
    assert_eq!(found[0].attribute("d"), None);
    assert_eq!(found[0].text_at("c"), Some("t <A"));
    assert_eq!(found[0].children("b").count(), 1);
    assert_eq!(found[0].children.len(), 2);
}

#[test]
fn what_is_of_another_namespace_is_no_part() {
    let text = r#"<q:a xmlns:q="x" xmlns:z="else"><q:b z:id="no" id="1"><z:c><q:c>no</q:c></z:c>
        <c>no</c><q:c>yes</q:c></q:b><z:b/><b/><z:in><q:b/></z:in><q:in/></q:a>"#;
    let found = all(text.as_bytes()).unwrap();
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].attribute("id"), Some("1"));
    assert_eq!(found[0].children.len(), 1);
    assert_eq!(found[0].text_at("c"), Some("yes"));
    // Without any namespace, and with the container's alone.
    for text in [
        "<a><b/><z:b xmlns:z='else'/><b xmlns='x'/></a>",
        "<q:a xmlns:q='x'><in><b/><q:b/></in></q:a>",
        "<a xmlns='x'><b/><z:in xmlns:z='else'/><in><b/></in><b xmlns=''/></a>",
    ] {
        assert_eq!(all(text.as_bytes()).unwrap().len(), 2, "{text}");
    }
    let text = "<a xmlns:y='y' xmlns:z='z'><b z:key='no' y:key='yes' key='no'/></a>";
    assert_eq!(
        all(text.as_bytes()).unwrap()[0].attribute("key"),
        Some("yes")
    );
    // Nothing of it would be read.
    for text in [
        "<a xmlns='else'/>",
        "<q:a/>",
        "<a><q:b/></a>",
        "<a xmlns='x'><z:in xmlns:z='else'><z:b/></z:in></a>",
        "<a xmlns='x'><in xmlns='x/3'><b/></in></a>",
    ] {
        assert!(all(text.as_bytes()).is_err(), "{text}");
    }
}

#[test]
fn what_may_stand_once_is_not_read_twice() {
    for text in [
        "<a><b><d>1</d><d>2</d></b></a>",
        "<a><d>1</d><d>2</d></a>",
        "<a><in><d/><b/><d/></in></a>",
    ] {
        let broken = all(text.as_bytes()).unwrap_err();
        assert!(broken.what.contains("<d> for the second time"), "{text}");
    }
    let text = "<a><d/><b><d/></b><b><d/><c/><c/></b><in><d/></in><in><d/></in></a>";
    assert_eq!(all(text.as_bytes()).unwrap().len(), 5);
}

#[test]
fn a_prefix_that_is_not_declared_is_refused() {
    for text in [
        "<a><q:c/></a>",
        "<a><q:unknown/></a>",
        "<a><x><q:x/></x></a>",
        "<a><b q:id='1'/></a>",
    ] {
        let broken = all(text.as_bytes()).unwrap_err();
        assert!(broken.what.contains("\"q\""), "{text}: {}", broken.what);
    }
}

#[test]
fn wide_characters_are_named() {
    let wide: Vec<u8> = "<a/>".bytes().flat_map(|b| [b, 0, 0, 0]).collect();
    assert!(all(&wide).unwrap_err().what.contains("UTF-32"));
}

#[test]
fn containers_open_and_close() {
    let mut steps = String::new();
    let text = "<a><in k='1'><b/><x><in/></x></in><in/></a>";
    walk(text.as_bytes(), &SHAPE, |part| {
        steps.push(match part {
            Part::Open(_) => '(',
            Part::Whole(_) => 'w',
            Part::Close => ')',
        });
        Ok::<_, Broken>(())
    })
    .unwrap();
    assert_eq!(steps, "((w)())");
}

#[test]
fn a_text_cut_short_or_with_more_behind_it_is_broken() {
    for text in [
        "",
        "   ",
        "<a><b></b>",
        "<a><b>",
        "<a></b>",
        "<a>&nope;</a>",
        "<b/>",
        "<a/><a/>",
        "<a/>Error 500: Internal Server Error",
        "Error <a/>",
        "<!DOCTYPE a [<!ENTITY e 'eeee'>]><a>&e;</a>",
        "<a><b>\0</b></a>",
        "<a><b>&#1;</b></a>",
    ] {
        assert!(all(text.as_bytes()).is_err(), "{text}");
    }
    assert!(all(format!("<a>{}", "<b>".repeat(100)).as_bytes()).is_err());
    assert!(all(format!("<a>{}", "<x>".repeat(100)).as_bytes()).is_err());
    let attributes: String = (0..100).map(|i| format!(" k{i}=''")).collect();
    assert!(all(format!("<a><b{attributes}/></a>").as_bytes()).is_err());
}

#[test]
fn latin_1_is_read_where_it_is_declared() {
    let declared = b"<?xml version='1.0' encoding='ISO-8859-1'?><a><b>S\xE3o \xBF</b></a>";
    assert_eq!(all(declared).unwrap()[0].text(), "São ¿");
    assert!(all(b"<a><b>S\xE3o</b></a>").is_err());
}
