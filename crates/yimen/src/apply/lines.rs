//! A file's lines as bytes, with bounded memory.

use std::io;

use tokio::io::{AsyncBufRead, AsyncBufReadExt as _};

/// The longest line that is kept, in bytes: 32 MiB.
pub(super) const LONGEST: usize = 32 * 1024 * 1024;

/// Written by some editors before the first line.
const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";

/// What a line holds.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Content {
    /// Its bytes, without the line's end.
    Bytes(Vec<u8>),
    /// More than [`LONGEST`]; it was read and thrown away.
    TooLong,
}

/// Reads line by line.
pub struct Lines<R> {
    source: R,
    number: u64,
    longest: usize,
}

impl<R: AsyncBufRead + Unpin> Lines<R> {
    /// The lines of `source`, from the first.
    pub fn new(source: R) -> Self {
        Self { source, number: 0, longest: LONGEST }
    }

    /// The next line that is not blank, with its number from 1; none at the end.
    pub(super) async fn next(&mut self) -> io::Result<Option<(u64, Content)>> {
        while let Some(mut content) = self.read().await? {
            self.number += 1;
            if let Content::Bytes(bytes) = &mut content {
                if self.number == 1 && bytes.starts_with(BYTE_ORDER_MARK) {
                    bytes.drain(..BYTE_ORDER_MARK.len());
                }
                if bytes.trim_ascii().is_empty() {
                    continue;
                }
            }
            return Ok(Some((self.number, content)));
        }
        Ok(None)
    }

    async fn read(&mut self) -> io::Result<Option<Content>> {
        let mut kept = Vec::new();
        let (mut any, mut too_long) = (false, false);
        loop {
            let piece = self.source.fill_buf().await?;
            if piece.is_empty() {
                break;
            }
            any = true;
            let end = piece.iter().position(|byte| *byte == b'\n');
            let text = piece.get(..end.unwrap_or(piece.len())).unwrap_or_default();
            if kept.len() + text.len() > self.longest {
                too_long = true;
                kept = Vec::new();
            } else if !too_long {
                kept.extend_from_slice(text);
            }
            let used = end.map_or(piece.len(), |end| end + 1);
            self.source.consume(used);
            if end.is_some() {
                break;
            }
        }
        let content = if too_long { Content::TooLong } else { Content::Bytes(kept) };
        Ok(any.then_some(content))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn read(bytes: &[u8], longest: usize) -> Vec<(u64, Content)> {
        let source = tokio::io::BufReader::with_capacity(4, bytes);
        let mut lines = Lines { longest, ..Lines::new(source) };
        let mut all = Vec::new();
        while let Some(line) = lines.next().await.unwrap() {
            all.push(line);
        }
        all
    }

    fn bytes(text: &[u8]) -> Content {
        Content::Bytes(text.to_vec())
    }

    #[tokio::test]
    async fn blank_lines_count_but_are_passed_over() {
        assert_eq!(read(b"", 9).await, []);
        assert_eq!(read(b"\n \r\n\t\n", 9).await, []);
        assert_eq!(read(b"\na\n\nb", 9).await, [(2, bytes(b"a")), (4, bytes(b"b"))]);
    }

    #[tokio::test]
    async fn any_bytes_are_a_line() {
        assert_eq!(read(b"\xFF\xFE\0\r\n{}\n", 9).await, [(1, bytes(b"\xFF\xFE\0\r")), (2, bytes(b"{}"))]);
        assert_eq!(
            read(b"\xEF\xBB\xBF{}\n\xEF\xBB\xBF\n", 9).await,
            [(1, bytes(b"{}")), (2, bytes(b"\xEF\xBB\xBF"))]
        );
    }

    #[tokio::test]
    async fn a_line_too_long_is_thrown_away_and_the_next_is_read() {
        let read = read(b"123456789\n1234567890\n12345678901234567890123\nend", 9).await;
        let expected =
            [(1, bytes(b"123456789")), (2, Content::TooLong), (3, Content::TooLong), (4, bytes(b"end"))];
        assert_eq!(read, expected);
    }
}
