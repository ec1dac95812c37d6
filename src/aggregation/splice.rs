//! Elements cut from one message and set into another, byte for byte. Only what a prefix stands for is written anew, and
//! only where it would stand for something else in the new place.

use std::ops::Range;

use bytes::Bytes;

use crate::soap::xml::error::XmlError;
use crate::soap::xml::reader::{Name, Reader, Token};

/// What prefixes stand for in one place of a message, raw as written. The default namespace has the empty prefix; where
/// there is none, or it was taken away, its value is empty.
#[derive(Clone, Debug, Default)]
pub(super) struct Scope {
    bindings: Vec<Binding>,
}

#[derive(Clone, Debug)]
struct Binding {
    prefix: Bytes,
    value: Bytes,
    /// Whether `prefix:` stands anywhere in what is cut out, be it in a text: that may be a name as well.
    mentioned: bool,
}

/// An element, by its place in the message.
#[derive(Clone, Debug)]
pub(super) struct Cut {
    range: Range<usize>,
    /// Behind the name in its start tag.
    name_end: usize,
    /// Prefixes its own start tag declares.
    declared: Vec<Range<usize>>,
    /// Whether something in it is in the default namespace, or may be.
    unprefixed: bool,
}

/// The prefixes in force where cuts are set in.
#[derive(Clone, Debug)]
pub(super) struct Context {
    default: Vec<u8>,
    bindings: Vec<(Bytes, Bytes)>,
}

impl Scope {
    /// The scope at the reader's last token, which must be the start of the cuts' parent.
    pub(super) fn of(reader: &Reader<'_>) -> Self {
        // Of its own: a piece of the message would keep all of it in memory.
        let owned = Bytes::copy_from_slice;
        let bindings = reader.namespaces().in_force().filter(|(prefix, _)| *prefix != b"xml");
        let binding = |(prefix, value)| Binding { prefix: owned(prefix), value: owned(value), mentioned: false };
        Self { bindings: bindings.map(binding).collect() }
    }

    /// Notes which prefixes stand in `part`, the part of the message that holds every cut.
    pub(super) fn look_through(&mut self, part: &[u8]) {
        for binding in self.bindings.iter_mut().filter(|binding| !binding.prefix.is_empty()) {
            let mut named = Vec::with_capacity(binding.prefix.len() + 1);
            named.extend_from_slice(&binding.prefix);
            named.push(b':');
            binding.mentioned = memchr::memmem::find(part, &named).is_some();
        }
    }

    fn default(&self) -> &[u8] {
        self.bindings.iter().find(|binding| binding.prefix.is_empty()).map_or(b"", |binding| &binding.value)
    }

    fn mentioned(&self) -> impl Iterator<Item = &Binding> {
        self.bindings.iter().filter(|binding| binding.mentioned)
    }
}

impl Cut {
    /// Cuts out the element whose start the reader has just given, and reads on to its end. `see` is shown every token
    /// inside it, and its end.
    pub(super) fn take<'a>(
        reader: &mut Reader<'a>,
        message: &[u8],
        name: Name<'a>,
        mut see: impl FnMut(&Reader<'a>, Token<'a>) -> Result<(), XmlError>,
    ) -> Result<Self, XmlError> {
        let start = reader.token_start();
        let place = |part: &[u8]| {
            let begin = part.as_ptr() as usize - message.as_ptr() as usize;
            begin..begin + part.len()
        };
        let declared = reader.attributes().iter().filter_map(|attribute| attribute.declares());
        // The default namespace's own declaration is an empty prefix, which may point nowhere.
        let declared = declared.map(|prefix| if prefix.is_empty() { 0..0 } else { place(prefix) }).collect();
        let mut unprefixed = is_unprefixed(name, reader);
        let mut depth = 1_usize;
        loop {
            let token = reader.next()?.ok_or_else(|| reader.error_here("Unexpected EOF"))?;
            match token {
                Token::Start(inner) => {
                    depth += 1;
                    unprefixed = unprefixed || is_unprefixed(inner, reader);
                }
                Token::End(_) => depth -= 1,
                _ => {}
            }
            see(reader, token)?;
            if depth == 0 {
                let range = start..reader.offset();
                return Ok(Self { range, name_end: place(name.qualified()).end, declared, unprefixed });
            }
        }
    }

    /// Where it stands in its message.
    pub(super) fn range(&self) -> Range<usize> {
        self.range.clone()
    }

    /// Writes the element into a place with the prefixes of `context`.
    pub(super) fn write(&self, message: &[u8], scope: &Scope, context: &Context, out: &mut Vec<u8>) {
        out.extend_from_slice(&message[self.range.start..self.name_end]);
        let declares = |prefix: &[u8]| self.declared.iter().any(|own| &message[own.clone()] == prefix);
        if self.unprefixed && scope.default() != context.default && !declares(b"") {
            declare(out, b"", scope.default());
        }
        for binding in scope.mentioned() {
            if context.value(&binding.prefix) != Some(&binding.value) && !declares(&binding.prefix) {
                declare(out, &binding.prefix, &binding.value);
            }
        }
        out.extend_from_slice(&message[self.name_end..self.range.end]);
    }

    /// At most so many bytes [`Cut::write`] adds to the element's own.
    pub(super) fn length_max(&self, scope: &Scope) -> usize {
        let declaration = |binding: &Binding| binding.prefix.len() + binding.value.len() + 10;
        self.range.len() + scope.bindings.iter().map(declaration).sum::<usize>() + 10
    }
}

impl Context {
    /// The prefixes of a document of our own.
    pub(super) fn new(default: &str, bindings: &[(&'static str, &str)]) -> Self {
        let bindings = bindings
            .iter()
            .map(|(prefix, value)| (Bytes::from_static(prefix.as_bytes()), Bytes::copy_from_slice(value.as_bytes())));
        Self { default: default.as_bytes().to_vec(), bindings: bindings.collect() }
    }

    /// Takes in the prefixes of cuts to come, as far as they do not stand for something already: the element that
    /// declares the context then does so for all.
    pub(super) fn take_in(&mut self, scope: &Scope) {
        for binding in scope.mentioned() {
            if self.value(&binding.prefix).is_none() {
                self.bindings.push((binding.prefix.clone(), binding.value.clone()));
            }
        }
    }

    /// Writes the declarations from the `skip`th on; the default namespace is left to the caller.
    pub(super) fn declare(&self, skip: usize, out: &mut Vec<u8>) {
        for (prefix, value) in &self.bindings[skip..] {
            declare(out, prefix, value);
        }
    }

    fn value(&self, prefix: &[u8]) -> Option<&Bytes> {
        self.bindings.iter().find(|(known, _)| known == prefix).map(|(_, value)| value)
    }
}

/// An element without a prefix is in the default namespace; a type's name without one may be.
fn is_unprefixed(name: Name<'_>, reader: &Reader<'_>) -> bool {
    name.prefix().is_empty() || reader.attributes().iter().any(|attribute| attribute.name.local() == b"type")
}

fn declare(out: &mut Vec<u8>, prefix: &[u8], value: &[u8]) {
    let quote = if value.contains(&b'"') { b'\'' } else { b'"' };
    out.extend_from_slice(b" xmlns");
    if !prefix.is_empty() {
        out.push(b':');
        out.extend_from_slice(prefix);
    }
    out.extend_from_slice(&[b'=', quote]);
    out.extend_from_slice(value);
    out.push(quote);
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Cuts every child of the root and sets it into a document with these prefixes.
    fn spliced(message: &str, default: &str, bindings: &[(&'static str, &str)]) -> String {
        let message = Bytes::copy_from_slice(message.as_bytes());
        let mut reader = Reader::new(&message);
        assert!(matches!(reader.next().expect("well-formed"), Some(Token::Start(_))));
        let mut scope = Scope::of(&reader);
        let mut cuts = Vec::new();
        while let Some(token) = reader.next().expect("well-formed") {
            if let Token::Start(name) = token {
                cuts.push(Cut::take(&mut reader, &message, name, |_, _| Ok(())).expect("well-formed"));
            }
        }
        scope.look_through(&message[cuts[0].range.start..]);
        let mut context = Context::new(default, bindings);
        context.take_in(&scope);
        let mut out = format!("<o xmlns=\"{default}\"").into_bytes();
        context.declare(0, &mut out);
        out.push(b'>');
        for cut in &cuts {
            cut.write(&message, &scope, &context, &mut out);
        }
        out.extend_from_slice(b"</o>");
        String::from_utf8(out).expect("UTF-8")
    }

    /// Every element and attribute of a document by what it means.
    fn meaning(document: &str) -> Vec<String> {
        let mut reader = Reader::new(document.as_bytes());
        let mut found = Vec::new();
        let shown = |bytes: Option<&[u8]>| String::from_utf8_lossy(bytes.unwrap_or_default()).into_owned();
        while let Some(token) = reader.next().expect(document) {
            match token {
                Token::Start(name) => {
                    let namespace = shown(reader.namespaces().resolve(name.prefix()));
                    found.push(format!("{{{namespace}}}{}", shown(Some(name.local()))));
                    for attribute in reader.attributes().iter().filter(|attribute| attribute.declares().is_none()) {
                        let namespace = match attribute.name.prefix() {
                            b"" => String::new(),
                            prefix => shown(reader.namespaces().resolve(prefix)),
                        };
                        found.push(format!("@{{{namespace}}}{}", shown(Some(attribute.name.local()))));
                    }
                }
                Token::Text(raw) | Token::Cdata(raw) => found.push(shown(Some(raw))),
                _ => {}
            }
        }
        found.remove(0);
        found
    }

    #[test]
    fn an_element_means_the_same_in_its_new_place() {
        let cases = [
            r#"<e xmlns="u" xmlns:c="v"><a><c:b c:x="1" y="2">t</c:b></a><a/></e>"#,
            r#"<r:e xmlns:r="u" xmlns:c="v"><r:a><c:b/></r:a></r:e>"#,
            r#"<r:e xmlns:r="u"><a><b/></a></r:e>"#,
            r#"<e xmlns="w" xmlns:c="other"><a><c:b/></a><c:a/></e>"#,
            r#"<e xmlns="w" xmlns:c="other"><a xmlns="z" xmlns:c="y"><c:b/></a></e>"#,
            r#"<e xmlns="w" xmlns:x='q"q'><a><x:b/><b xmlns=""/></a></e>"#,
            r#"<e xmlns="w" xmlns:xsi="i" xmlns:t="types"><a xsi:type="t:T"/></e>"#,
        ];
        for case in cases {
            for (default, bindings) in [("u", [("c", "v")]), ("u", [("r", "x")]), ("w", [("c", "other")])] {
                let out = spliced(case, default, &bindings);
                assert_eq!(meaning(&out), meaning(case), "{case}\n{out}");
            }
        }
    }

    #[test]
    fn a_prefix_in_a_text_is_still_declared() {
        let out = spliced(r#"<e xmlns="u" xmlns:t="types"><a>t:T</a></e>"#, "u", &[("t", "taken")]);
        assert!(out.contains(r#"<a xmlns:t="types">t:T</a>"#), "{out}");
    }

    #[test]
    fn what_fits_is_copied_as_it_is() {
        let out = spliced(r#"<e xmlns="u" xmlns:c="v"><a  k='1'><c:b/><!-- x --></a ></e>"#, "u", &[]);
        assert_eq!(out, r#"<o xmlns="u" xmlns:c="v"><a  k='1'><c:b/><!-- x --></a ></o>"#);
    }
}
