//! JSON as it is written by the hundred megabytes: straight to a text, pretty or not.

use std::fmt::Write;

/// A document that is being written.
pub(super) struct Json {
    out: String,
    pretty: bool,
    depth: usize,
    /// Whether something stands before the next item of what is open.
    follows: bool,
}

impl Json {
    pub(super) fn new(pretty: bool) -> Self {
        Self { out: String::new(), pretty, depth: 0, follows: false }
    }

    pub(super) fn done(mut self) -> String {
        if self.pretty {
            self.out.push('\n');
        }
        self.out
    }

    /// Opens an object or array.
    pub(super) fn open(&mut self, bracket: char) {
        self.out.push(bracket);
        self.depth += 1;
        self.follows = false;
    }

    /// Closes what is open.
    pub(super) fn close(&mut self, bracket: char) {
        self.depth -= 1;
        if self.follows {
            self.line();
        }
        self.out.push(bracket);
        self.follows = true;
    }

    /// Begins an item of an array.
    pub(super) fn item(&mut self) {
        if self.follows {
            self.out.push(',');
        }
        self.line();
        self.follows = true;
    }

    /// Begins a member of an object.
    pub(super) fn key(&mut self, key: &str) {
        self.item();
        self.out.push('"');
        self.out.push_str(key);
        self.out.push_str(if self.pretty { "\" : " } else { "\":" });
    }

    pub(super) fn text(&mut self, text: &str) {
        self.out.push('"');
        for c in text.chars() {
            match c {
                '"' => self.out.push_str("\\\""),
                '\\' => self.out.push_str("\\\\"),
                '\n' => self.out.push_str("\\n"),
                '\r' => self.out.push_str("\\r"),
                '\t' => self.out.push_str("\\t"),
                c if c < ' ' => self.write(format_args!("\\u{:04x}", u32::from(c))),
                c => self.out.push(c),
            }
        }
        self.out.push('"');
    }

    pub(super) fn number(&mut self, number: i64) {
        self.write(format_args!("{number}"));
    }

    pub(super) fn null(&mut self) {
        self.out.push_str("null");
    }

    pub(super) fn member(&mut self, key: &str, text: &str) {
        self.key(key);
        self.text(text);
    }

    pub(super) fn count(&mut self, key: &str, number: i64) {
        self.key(key);
        self.number(number);
    }

    fn write(&mut self, arguments: std::fmt::Arguments<'_>) {
        // Writing to a text cannot fail.
        let _ = self.out.write_fmt(arguments);
    }

    fn line(&mut self) {
        if self.pretty {
            self.out.push('\n');
            for _ in 0..self.depth {
                self.out.push_str("  ");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_json_pretty_or_not() {
        let write = |pretty: bool| {
            let mut json = Json::new(pretty);
            json.open('{');
            json.member("a", "\"å\\\n\u{1}");
            json.key("b");
            json.open('[');
            for number in 0..2 {
                json.item();
                json.open('{');
                json.count("n", number);
                json.close('}');
            }
            json.close(']');
            json.key("c");
            json.open('[');
            json.close(']');
            json.close('}');
            json.done()
        };
        let expected = serde_json::json!({"a": "\"å\\\n\u{1}", "b": [{"n": 0}, {"n": 1}], "c": []});
        assert_eq!(serde_json::from_str::<serde_json::Value>(&write(true)).unwrap(), expected);
        assert_eq!(write(false), expected.to_string());
    }
}
