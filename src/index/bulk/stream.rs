//! Files of lines, compressed or not.

use std::fs::File;
use std::io::{self, BufRead, BufReader, BufWriter, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::error::BulkError;
use super::line::LINE_BYTES_MAX;

const BUFFER_BYTES: usize = 1024 * 1024;

fn is_compressed(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "zst")
}

fn failed(action: &'static str, path: &Path) -> impl Fn(io::Error) -> BulkError + use<> {
    let path = path.to_owned();
    move |source| BulkError::File { action, path: path.clone(), source }
}

/// A file that is read line by line.
pub struct Lines {
    path: PathBuf,
    reader: Box<dyn BufRead + Send>,
    read: Arc<AtomicU64>,
    bytes_total: u64,
    buffer: Vec<u8>,
    line: u64,
}

impl Lines {
    /// Opens a file.
    pub fn open(path: &Path) -> Result<Self, BulkError> {
        let failed = failed("open", path);
        let file = File::open(path).map_err(&failed)?;
        let bytes_total = file.metadata().map_err(&failed)?.len();
        Self::over(path, file, bytes_total)
    }

    /// The lines of something open; whether it is compressed is seen by the path.
    pub fn over(path: &Path, inner: impl Read + Send + 'static, bytes_total: u64) -> Result<Self, BulkError> {
        let failed = failed("open", path);
        let read = Arc::new(AtomicU64::new(0));
        let counted = Counted { inner, read: Arc::clone(&read) };
        let reader: Box<dyn BufRead + Send> = match is_compressed(path) {
            true => Box::new(BufReader::with_capacity(BUFFER_BYTES, zstd::Decoder::new(counted).map_err(&failed)?)),
            false => Box::new(BufReader::with_capacity(BUFFER_BYTES, counted)),
        };
        Ok(Self { path: path.to_owned(), reader, read, bytes_total, buffer: Vec::new(), line: 0 })
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Number of the last line, counted from 1.
    pub fn line(&self) -> u64 {
        self.line
    }

    /// Bytes of the file read so far, and in all.
    pub fn bytes(&self) -> (u64, u64) {
        (self.read.load(Ordering::Relaxed), self.bytes_total)
    }

    /// The next line without its end; `None` behind the last. A line longer than [`LINE_BYTES_MAX`] is cut: it is no
    /// engagement either way.
    pub fn next_line(&mut self) -> Result<Option<&[u8]>, BulkError> {
        self.buffer.clear();
        let limit = LINE_BYTES_MAX as u64 + 1;
        let read = self.reader.by_ref().take(limit).read_until(b'\n', &mut self.buffer);
        if read.map_err(failed("read", &self.path))? == 0 {
            return Ok(None);
        }
        self.line += 1;
        if self.buffer.len() > LINE_BYTES_MAX && self.buffer.last() != Some(&b'\n') {
            self.skip_rest_of_line()?;
        }
        while matches!(self.buffer.last(), Some(b'\n' | b'\r')) {
            self.buffer.pop();
        }
        Ok(Some(&self.buffer))
    }

    fn skip_rest_of_line(&mut self) -> Result<(), BulkError> {
        loop {
            let available = self.reader.fill_buf().map_err(failed("read", &self.path))?;
            let (length, done) = match memchr::memchr(b'\n', available) {
                Some(end) => (end + 1, true),
                None => (available.len(), available.is_empty()),
            };
            self.reader.consume(length);
            if done {
                return Ok(());
            }
        }
    }
}

struct Counted<R> {
    inner: R,
    read: Arc<AtomicU64>,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(into)?;
        self.read.fetch_add(read as u64, Ordering::Relaxed);
        Ok(read)
    }
}

/// A file that is written, whole or not at all under its name.
pub struct Output {
    path: PathBuf,
    unfinished: PathBuf,
    writer: Writer,
    bytes: u64,
}

enum Writer {
    Plain(BufWriter<File>),
    Compressed(BufWriter<zstd::Encoder<'static, File>>),
}

impl Output {
    /// Begins the file `path`.
    pub fn create(path: &Path) -> Result<Self, BulkError> {
        let mut name = path.file_name().unwrap_or_default().to_owned();
        name.push(".tmp");
        let unfinished = path.with_file_name(name);
        let failed = failed("create", &unfinished);
        let file = File::create(&unfinished).map_err(&failed)?;
        let writer = match is_compressed(path) {
            true => {
                let encoder = zstd::Encoder::new(file, 3).map_err(&failed)?;
                Writer::Compressed(BufWriter::with_capacity(BUFFER_BYTES, encoder))
            }
            false => Writer::Plain(BufWriter::with_capacity(BUFFER_BYTES, file)),
        };
        Ok(Self { path: path.to_owned(), unfinished, writer, bytes: 0 })
    }

    /// Bytes written so far, before compression.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Writes bytes.
    pub fn write(&mut self, bytes: &[u8]) -> Result<(), BulkError> {
        self.bytes += bytes.len() as u64;
        let written = match &mut self.writer {
            Writer::Plain(writer) => writer.write_all(bytes),
            Writer::Compressed(writer) => writer.write_all(bytes),
        };
        written.map_err(failed("write", &self.unfinished))
    }

    /// Gives the file its name.
    pub fn finish(self) -> Result<(), BulkError> {
        let finished = match self.writer {
            Writer::Plain(mut writer) => writer.flush(),
            Writer::Compressed(writer) => writer
                .into_inner()
                .map_err(io::IntoInnerError::into_error)
                .and_then(|encoder| encoder.finish().map(drop)),
        };
        finished.map_err(failed("write", &self.unfinished))?;
        std::fs::rename(&self.unfinished, &self.path).map_err(failed("rename", &self.unfinished))
    }
}
