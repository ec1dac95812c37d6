//! The subject of a certificate as text, in the form the reference's platform library gives it: most specific part first,
//! `SERIALNUMBER=…, CN=…, OU=…` (`vp.md` §3.1).

use x509_parser::x509::X509Name;

/// The name as text.
pub fn text(name: &X509Name<'_>) -> String {
    let relative_names: Vec<_> = name.iter_rdn().collect();
    let mut out = String::new();
    for (place, relative_name) in relative_names.iter().rev().enumerate() {
        if place > 0 {
            out.push_str(", ");
        }
        for (place, attribute) in relative_name.iter().enumerate() {
            if place > 0 {
                out.push_str(" + ");
            }
            let oid = attribute.attr_type().to_id_string();
            match keyword(&oid) {
                Some(keyword) => out.push_str(keyword),
                None => {
                    out.push_str("OID.");
                    out.push_str(&oid);
                }
            }
            out.push('=');
            match attribute.as_str() {
                Ok(value) => quoted_into(&mut out, value),
                Err(_) => {
                    out.push('#');
                    attribute.attr_value().data.iter().for_each(|byte| out.push_str(&format!("{byte:02x}")));
                }
            }
        }
    }
    out
}

fn keyword(oid: &str) -> Option<&'static str> {
    Some(match oid {
        "2.5.4.3" => "CN",
        "2.5.4.4" => "SURNAME",
        "2.5.4.5" => "SERIALNUMBER",
        "2.5.4.6" => "C",
        "2.5.4.7" => "L",
        "2.5.4.8" => "ST",
        "2.5.4.9" => "STREET",
        "2.5.4.10" => "O",
        "2.5.4.11" => "OU",
        "2.5.4.12" => "T",
        "2.5.4.42" => "GIVENNAME",
        "2.5.4.43" => "INITIALS",
        "2.5.4.44" => "GENERATION",
        "2.5.4.46" => "DNQ",
        "0.9.2342.19200300.100.1.1" => "UID",
        "0.9.2342.19200300.100.1.25" => "DC",
        "1.2.840.113549.1.9.1" => "EMAILADDRESS",
        _ => return None,
    })
}

/// A value that could be taken for more than one part, or loses its spaces, stands in quotes.
fn quoted_into(out: &mut String, value: &str) {
    let special = |c: char| matches!(c, ',' | '+' | '=' | '\n' | '<' | '>' | '#' | ';' | '\\' | '"');
    let spaced = value.starts_with(' ') || value.ends_with(' ') || value.contains("  ");
    if !spaced && !value.contains(special) {
        out.push_str(value);
        return;
    }
    out.push('"');
    for c in value.chars() {
        if matches!(c, '"' | '\\') {
            out.push('\\');
        }
        out.push(c);
    }
    out.push('"');
}
