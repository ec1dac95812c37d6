//! Bytes to windows of text: encodings, the mark before them, and what a tag needs that has not come yet.

use encoding_rs::{Decoder, DecoderResult, Encoding};

use super::finding::{Facts, Rule};
use super::machine::Machine;

/// A window handed to the scanner: large enough to be fast, small enough to stay in the cache.
const WINDOW_BYTES: usize = 64 << 10;
/// How much is looked at for an encoding declaration.
const HEAD_BYTES_MAX: usize = 512;
/// How long a mark of the encoding is at most.
const MARK_BYTES_MAX: usize = 3;
/// What an XML declaration begins with.
const DECLARATION: &[u8] = b"<?xml";

#[derive(Debug)]
pub(super) struct Input {
    charset: Option<String>,
    stage: Stage,
    /// The first bytes, until the encoding is known.
    head: Vec<u8>,
    /// What the scanner could not take yet: the start of a tag or character.
    carry: Vec<u8>,
    /// No use trying the carry again before it has this length.
    retry_bytes: usize,
}

enum Stage {
    Head,
    Utf8,
    Decoding(Box<Decoder>, &'static Encoding),
}

impl std::fmt::Debug for Stage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Head => "Head",
            Self::Utf8 => "Utf8",
            Self::Decoding(_, encoding) => encoding.name(),
        })
    }
}

impl Input {
    pub(super) fn new(charset: Option<String>) -> Self {
        Self { charset, stage: Stage::Head, head: Vec::new(), carry: Vec::new(), retry_bytes: 0 }
    }

    pub(super) fn feed(&mut self, bytes: &[u8], machine: &mut Machine) {
        if machine.is_stopped() {
            return;
        }
        match &mut self.stage {
            Stage::Utf8 => self.utf8(bytes, machine, false),
            Stage::Decoding(..) => self.decode(bytes, machine, false),
            // All of a message, as is usual, is not copied to find out what it is.
            Stage::Head if self.head.is_empty() && bytes.len() >= HEAD_BYTES_MAX => self.begin(bytes, machine),
            Stage::Head => {
                self.head.extend_from_slice(bytes);
                if self.head.len() >= HEAD_BYTES_MAX || declaration_is_whole(&self.head) {
                    let head = std::mem::take(&mut self.head);
                    self.begin(&head, machine);
                }
            }
        }
    }

    pub(super) fn finish(&mut self, machine: &mut Machine) {
        if matches!(self.stage, Stage::Head) {
            let head = std::mem::take(&mut self.head);
            self.begin(&head, machine);
        }
        match self.stage {
            Stage::Decoding(..) => self.decode(b"", machine, true),
            _ => self.utf8(b"", machine, true),
        }
        machine.end_of_input();
    }

    /// Decides the encoding: mark, then content type, then declaration, else UTF-8 (`contracts.md` §4.1).
    fn begin(&mut self, bytes: &[u8], machine: &mut Machine) {
        let mark = Encoding::for_bom(bytes);
        let declared = declared_encoding(&bytes[..bytes.len().min(HEAD_BYTES_MAX)]);
        let label = self.charset.clone().or_else(|| declared.clone());
        let by_label = match label.as_deref().map(|label| (label, Encoding::for_label(label.trim().as_bytes()))) {
            Some((label, None)) => {
                let facts = Facts {
                    expected: vec![label.to_owned()],
                    found: "UTF-8".to_owned(),
                    number: "1".to_owned(),
                    ..Facts::default()
                };
                return machine.stop(Rule::Encoding, b"", 0, facts);
            }
            Some((_, Some(encoding))) => Some(encoding),
            None => None,
        };
        let encoding = mark.map(|(encoding, _)| encoding).or(by_label).unwrap_or(encoding_rs::UTF_8);
        let contradicts = |other: &'static Encoding| {
            // UTF-16 without its order is what a marked file declares.
            let family = |encoding: &'static Encoding| encoding.name().trim_end_matches("LE").trim_end_matches("BE");
            mark.is_some() && family(other) != family(encoding)
        };
        if by_label.is_some_and(contradicts) {
            let facts = Facts {
                expected: label.into_iter().collect(),
                found: encoding.name().to_owned(),
                number: "1".to_owned(),
                ..Facts::default()
            };
            return machine.stop(Rule::Encoding, b"", 0, facts);
        }
        let body = &bytes[mark.map_or(0, |(_, length)| length)..];
        if encoding == encoding_rs::UTF_8 {
            self.stage = Stage::Utf8;
            self.utf8(body, machine, false);
        } else {
            self.stage = Stage::Decoding(Box::new(encoding.new_decoder_without_bom_handling()), encoding);
            self.decode(body, machine, false);
        }
    }

    fn decode(&mut self, bytes: &[u8], machine: &mut Machine, is_last: bool) {
        let Stage::Decoding(mut decoder, encoding) = std::mem::replace(&mut self.stage, Stage::Utf8) else { return };
        let mut text = vec![0u8; WINDOW_BYTES];
        let mut rest = bytes;
        loop {
            let (result, read, written) = decoder.decode_to_utf8_without_replacement(rest, &mut text, is_last);
            self.utf8(&text[..written], machine, is_last && result == DecoderResult::InputEmpty);
            rest = &rest[read..];
            match result {
                _ if machine.is_stopped() => break,
                DecoderResult::InputEmpty => break,
                DecoderResult::OutputFull => {}
                DecoderResult::Malformed(..) => {
                    self.look_again(machine);
                    if !machine.is_stopped() {
                        machine.stop_encoding(encoding.name());
                    }
                    break;
                }
            }
        }
        self.stage = Stage::Decoding(decoder, encoding);
    }

    fn utf8(&mut self, bytes: &[u8], machine: &mut Machine, is_last: bool) {
        let mut rest = bytes;
        while !self.carry.is_empty() {
            let taken = rest.len().min(WINDOW_BYTES);
            self.carry.extend_from_slice(&rest[..taken]);
            let before = rest;
            rest = &rest[taken..];
            let is_end = is_last && rest.is_empty();
            if self.carry.len() < self.retry_bytes && !is_end {
                if rest.is_empty() {
                    return;
                }
                continue;
            }
            let mut carry = std::mem::take(&mut self.carry);
            let read = machine.read(&carry, is_end);
            if machine.is_stopped() {
                return;
            }
            let left = carry.len() - read;
            if left <= taken {
                // What is left lies whole in the new bytes.
                rest = &before[taken - left..];
                break;
            }
            carry.drain(..read);
            self.retry_bytes = left + left / 4 + 16;
            self.carry = carry;
            if rest.is_empty() {
                return;
            }
        }
        self.windows(rest, machine, is_last);
    }

    /// Reads what is carried though nothing has come: what is wrong in it stands before what comes next.
    fn look_again(&mut self, machine: &mut Machine) {
        let mut carry = std::mem::take(&mut self.carry);
        if !carry.is_empty() {
            let read = machine.read(&carry, false);
            carry.drain(..read);
        }
        self.carry = carry;
    }

    fn windows(&mut self, bytes: &[u8], machine: &mut Machine, is_last: bool) {
        let (mut start, mut size) = (0, WINDOW_BYTES);
        while start < bytes.len() {
            let end = bytes.len().min(start + size);
            let read = machine.read(&bytes[start..end], is_last && end == bytes.len());
            if machine.is_stopped() {
                return;
            }
            start += read;
            if end == bytes.len() {
                break;
            }
            // A tag longer than the window: look further, each time twice as far.
            size = if read == 0 { size * 2 } else { WINDOW_BYTES };
        }
        let left = bytes.len() - start;
        self.carry.extend_from_slice(&bytes[start..]);
        self.retry_bytes = left + left / 4 + 16;
    }
}

/// The bytes of a head that a declaration consists of, without a mark: UTF-16 is seen by its mark, and what it declares is
/// read with every other byte left out.
fn plain(head: &[u8]) -> Vec<u8> {
    head.iter().copied().filter(|byte| *byte != 0 && *byte < 0x80).collect()
}

/// Whether more bytes could not change what [`declared_encoding`] finds: a message is judged alike in whatever pieces it comes.
fn declaration_is_whole(head: &[u8]) -> bool {
    let plain = plain(head);
    match plain.strip_prefix(DECLARATION) {
        Some(declaration) => memchr::memmem::find(declaration, b"?>").is_some(),
        None => head.len() > MARK_BYTES_MAX && !DECLARATION.starts_with(&plain),
    }
}

fn declared_encoding(head: &[u8]) -> Option<String> {
    let plain = plain(head);
    let declaration = plain.strip_prefix(DECLARATION)?;
    let end = memchr::memmem::find(declaration, b"?>")?;
    let declaration = std::str::from_utf8(&declaration[..end]).ok()?;
    let value = declaration.split("encoding").nth(1)?.trim_start().strip_prefix('=')?.trim_start();
    let quote = value.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    Some(value[1..].split(quote).next()?.to_owned())
}
