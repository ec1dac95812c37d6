//! From one RIV-TA profile to the other (`vp.md` §4.7): the address element changes its name and namespace, and with it
//! everything else in that namespace.

use crate::domain::profile::Profile;
use crate::soap::xml::error::XmlError;
use crate::soap::xml::reader::{Attribute, Name, Reader, Token};
use crate::soap::xml::text::escape_into;

/// The whole message in the other profile, in UTF-8 with an XML declaration. A message that is not well-formed is VP012.
pub fn convert(message: &[u8], from: Profile, to: Profile) -> Result<Vec<u8>, XmlError> {
    let mut reader = Reader::new(message);
    let mut writer = Writer {
        out: Vec::with_capacity(message.len() + 256),
        from_namespace: from.address_namespace().as_bytes(),
        from_element: from.address_element().as_bytes(),
        to_namespace: to.address_namespace().as_bytes(),
        to_element: to.address_element().as_bytes(),
        bound: Vec::new(),
        open: Vec::new(),
        tag_open: false,
    };
    writer.out.extend_from_slice(b"<?xml version=\"1.0\" encoding=\"UTF-8\"?>");
    while let Some(token) = reader.next()? {
        match token {
            Token::Start(name) => writer.start(name, &reader),
            Token::End(name) => writer.end(name),
            Token::Text(raw) => writer.raw(raw),
            Token::Cdata(raw) => writer.escaped(raw),
            Token::Comment(raw) => {
                writer.raw(b"<!--");
                writer.raw(raw);
                writer.raw(b"-->");
            }
            Token::Instruction(_) | Token::Declaration(_) | Token::Doctype => {}
        }
    }
    reader.check_characters()?;
    Ok(writer.out)
}

struct Writer<'a> {
    out: Vec<u8>,
    from_namespace: &'static [u8],
    from_element: &'static [u8],
    to_namespace: &'static [u8],
    to_element: &'static [u8],
    /// Prefixes bound in the output, innermost last.
    bound: Vec<(&'a [u8], &'a [u8])>,
    /// Of each open element: how many prefixes were bound outside it, and whether it was renamed.
    open: Vec<(usize, bool)>,
    /// A start tag still lacks its `>`.
    tag_open: bool,
}

impl<'a> Writer<'a> {
    fn start(&mut self, name: Name<'a>, reader: &Reader<'a>) {
        self.close_tag();
        let namespace = reader.namespaces().resolve(name.prefix());
        let wanted = match namespace {
            Some(namespace) if namespace == self.from_namespace => Some(self.to_namespace),
            other => other,
        };
        let renamed = wanted == Some(self.to_namespace) && name.local() == self.from_element;
        let local = if renamed { self.to_element } else { name.local() };
        self.open.push((self.bound.len(), renamed));
        self.out.push(b'<');
        self.name(name, renamed);
        let rewrites = matches!(local, b"Envelope" | b"Header") || local == self.to_element;
        for attribute in reader.attributes() {
            self.attribute(*attribute, name.prefix(), wanted, rewrites);
        }
        if wanted.is_some_and(|wanted| !self.is_bound(name.prefix(), wanted)) {
            self.declare(name.prefix(), wanted.unwrap_or_default());
        }
        self.tag_open = true;
    }

    fn attribute(&mut self, attribute: Attribute<'a>, own_prefix: &[u8], wanted: Option<&[u8]>, rewrites: bool) {
        let mut value = attribute.value;
        if let Some(prefix) = attribute.declares() {
            // The element's own prefix must mean the namespace the element is moved to, wherever it is declared.
            let moves_with_element = prefix == own_prefix && wanted == Some(self.to_namespace);
            if value == self.from_namespace && (rewrites || moves_with_element) {
                value = self.to_namespace;
            }
            self.bound.push((prefix, value));
        }
        let quote = if value.contains(&b'"') { b'\'' } else { b'"' };
        self.out.push(b' ');
        self.out.extend_from_slice(attribute.name.qualified());
        self.out.extend_from_slice(&[b'=', quote]);
        self.out.extend_from_slice(value);
        self.out.push(quote);
    }

    fn is_bound(&self, prefix: &[u8], namespace: &[u8]) -> bool {
        prefix == b"xml"
            || self.bound.iter().rev().find(|(bound, _)| *bound == prefix).is_some_and(|(_, value)| *value == namespace)
    }

    fn declare(&mut self, prefix: &'a [u8], namespace: &'a [u8]) {
        self.out.extend_from_slice(b" xmlns");
        if !prefix.is_empty() {
            self.out.push(b':');
            self.out.extend_from_slice(prefix);
        }
        self.out.extend_from_slice(b"=\"");
        self.out.extend_from_slice(namespace);
        self.out.push(b'"');
        self.bound.push((prefix, namespace));
    }

    fn end(&mut self, name: Name<'a>) {
        let (bound_outside, renamed) = self.open.pop().expect("the reader gives one end for every start");
        self.bound.truncate(bound_outside);
        if std::mem::take(&mut self.tag_open) {
            self.out.extend_from_slice(b"/>");
            return;
        }
        self.out.extend_from_slice(b"</");
        self.name(name, renamed);
        self.out.push(b'>');
    }

    fn name(&mut self, name: Name<'a>, renamed: bool) {
        match (renamed, name.prefix()) {
            (false, _) => self.out.extend_from_slice(name.qualified()),
            (true, prefix) => {
                if !prefix.is_empty() {
                    self.out.extend_from_slice(prefix);
                    self.out.push(b':');
                }
                self.out.extend_from_slice(self.to_element);
            }
        }
    }

    fn raw(&mut self, raw: &[u8]) {
        self.close_tag();
        self.out.extend_from_slice(raw);
    }

    fn escaped(&mut self, raw: &[u8]) {
        let mut text = String::new();
        escape_into(&mut text, &String::from_utf8_lossy(raw));
        self.raw(text.as_bytes());
    }

    fn close_tag(&mut self) {
        if std::mem::take(&mut self.tag_open) {
            self.out.push(b'>');
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DECLARATION: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>";
    const WSA: &str = "http://www.w3.org/2005/08/addressing";
    const REGISTRY: &str = "urn:riv:itintegration:registry:1";

    fn check(from: Profile, to: Profile, message: &str, expected: &str) {
        let fill = |text: &str| text.replace("{WSA}", WSA).replace("{REG}", REGISTRY);
        let converted = convert(fill(message).as_bytes(), from, to).expect(message);
        let converted = String::from_utf8(converted).expect("UTF-8");
        assert_eq!(converted, format!("{DECLARATION}{}", fill(expected)));
    }

    fn to_21(message: &str, expected: &str) {
        check(Profile::Rivtabp20, Profile::Rivtabp21, message, expected);
    }

    fn to_20(message: &str, expected: &str) {
        check(Profile::Rivtabp21, Profile::Rivtabp20, message, expected);
    }

    #[test]
    fn the_address_moves_wherever_its_namespace_is_declared() {
        to_21(
            r#"<S:Envelope xmlns:S="s" xmlns:a="{WSA}"><S:Header><a:To>R</a:To></S:Header><S:Body/></S:Envelope>"#,
            r#"<S:Envelope xmlns:S="s" xmlns:a="{REG}"><S:Header><a:LogicalAddress>R</a:LogicalAddress></S:Header><S:Body/></S:Envelope>"#,
        );
        to_21(
            r#"<S:Envelope xmlns:S="s"><S:Header xmlns:a='{WSA}'><a:To>R</a:To></S:Header></S:Envelope>"#,
            r#"<S:Envelope xmlns:S="s"><S:Header xmlns:a="{REG}"><a:LogicalAddress>R</a:LogicalAddress></S:Header></S:Envelope>"#,
        );
        to_20(
            r#"<S:Envelope xmlns:S="s"><S:Header><LogicalAddress xmlns="{REG}">R</LogicalAddress></S:Header></S:Envelope>"#,
            r#"<S:Envelope xmlns:S="s"><S:Header><To xmlns="{WSA}">R</To></S:Header></S:Envelope>"#,
        );
    }

    #[test]
    fn other_addressing_headers_move_along_under_their_old_name() {
        to_21(
            r#"<E xmlns:a="{WSA}"><Header><a:Action>x</a:Action><a:To>R</a:To></Header></E>"#,
            r#"<E xmlns:a="{WSA}"><Header><a:Action xmlns:a="{REG}">x</a:Action><a:LogicalAddress xmlns:a="{REG}">R</a:LogicalAddress></Header></E>"#,
        );
    }

    #[test]
    fn declarations_on_body_elements_are_left_alone() {
        to_20(
            r#"<E:Envelope xmlns:E="s" xmlns:r="{REG}"><E:Header><r:LogicalAddress>R</r:LogicalAddress></E:Header><E:Body><o:Op xmlns:o="u" xmlns:q="{REG}"/></E:Body></E:Envelope>"#,
            r#"<E:Envelope xmlns:E="s" xmlns:r="{WSA}"><E:Header><r:To>R</r:To></E:Header><E:Body><o:Op xmlns:o="u" xmlns:q="{REG}"/></E:Body></E:Envelope>"#,
        );
        to_21(r#"<E><Body xmlns:q="{REG}"/></E>"#, r#"<E><Body xmlns:q="{REG}"/></E>"#);
    }

    #[test]
    fn comments_and_text_stay_and_instructions_go() {
        to_21(
            "<!DOCTYPE E [<!ENTITY x 'y'>]><?style x?><E><!-- k --><a b='\"'>å &amp; <![CDATA[<x>]]></a><c></c></E>",
            "<E><!-- k --><a b='\"'>å &amp; &lt;x&gt;</a><c/></E>",
        );
    }

    #[test]
    fn a_name_already_in_the_target_namespace_is_renamed_too() {
        to_21(r#"<To xmlns="{REG}"/>"#, r#"<LogicalAddress xmlns="{REG}"/>"#);
    }

    #[test]
    fn what_is_not_well_formed_is_told() {
        let error = convert(b"<E><a></E>", Profile::Rivtabp20, Profile::Rivtabp21).expect_err("not well-formed");
        assert_eq!(error.message, "Unexpected close tag </E>; expected </a>.");
    }
}
