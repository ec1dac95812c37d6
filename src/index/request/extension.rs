//! Elements of other namespaces, cut out of a message so that they can stand in another (`ei.md` §5.2).

use super::element::{Element, Elements};
use crate::index::fault::IndexFault;
use crate::soap::xml::names::XML_NAMESPACE;

/// Passes over `element`, which is open, and appends it to `out` as XML that stands on its own: prefixes that are
/// declared further out are declared on it.
pub fn cut<'a>(elements: &mut Elements<'a>, element: Element<'a>, out: &mut String) -> Result<(), IndexFault> {
    let reader = elements.reader();
    let own: Vec<&[u8]> = reader.attributes().iter().filter_map(|attribute| attribute.declares()).collect();
    let mut used: Vec<&[u8]> = vec![element.name.prefix()];
    let prefixed = reader.attributes().iter().filter(|attribute| attribute.declares().is_none());
    used.extend(prefixed.map(|attribute| attribute.name.prefix()).filter(|prefix| !prefix.is_empty()));
    // What the prefixes stand for has to be asked while this element is the innermost.
    let outside = reader.namespaces().clone();
    elements.skip_showing(&mut |reader, name| {
        used.push(name.prefix());
        let prefixed = reader.attributes().iter().filter(|attribute| attribute.declares().is_none());
        used.extend(prefixed.map(|attribute| attribute.name.prefix()).filter(|prefix| !prefix.is_empty()));
    })?;
    used.sort_unstable();
    used.dedup();
    let raw = &elements.input()[element.start..elements.reader().offset()];
    let tag = 1 + element.name.qualified().len();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    out.push_str(&text(&raw[..tag]));
    for prefix in used.into_iter().filter(|prefix| !own.contains(prefix)) {
        let Some(namespace) = outside.resolve(prefix).filter(|namespace| *namespace != XML_NAMESPACE) else { continue };
        let colon = if prefix.is_empty() { "" } else { ":" };
        // The raw value has been an attribute before, but maybe in the other quotes.
        let value = text(namespace).replace('"', "&quot;");
        out.push_str(&format!(" xmlns{colon}{}=\"{value}\"", text(prefix)));
    }
    out.push_str(&text(&raw[tag..]));
    Ok(())
}
