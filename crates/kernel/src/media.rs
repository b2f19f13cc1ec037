//! What files may be handed in: recognized by their content, not by what they claim.

use crate::Reason;
use crate::check::{FieldFault, Parsed};

/// The largest file, in bytes: 20 MiB.
pub const MAX_SIZE: u64 = 20 * 1024 * 1024;
/// The largest file within a request, in bytes: 256 KiB.
pub const MAX_INLINE: usize = 256 * 1024;
/// How many bytes from the beginning tell what a file is.
pub const HEAD: usize = 8 * 1024;

const ALLOWED: &str = "PDF, OFD, PNG, JPEG, DOCX, XLSX, TXT";

/// As much of a file's beginning as tells what it is.
pub fn head(content: &[u8]) -> &[u8] {
    content.get(..HEAD).unwrap_or(content)
}

/// The media type of a file by its first bytes and its name, which must agree.
///
/// # Errors
/// `FILE_EMPTY`, `FILE_TYPE_NOT_ALLOWED`.
pub fn media_type(head: &[u8], file_name: &str) -> Parsed<&'static str> {
    if head.is_empty() {
        return Err(Reason::FileEmpty.into());
    }
    let refused = || FieldFault::limited(Reason::FileTypeNotAllowed, ALLOWED);
    let extension = file_name
        .rsplit_once('.')
        .map(|(_, extension)| extension.to_ascii_lowercase())
        .ok_or_else(refused)?;
    let found = infer::get(head).map_or("", |kind| kind.mime_type());
    const DOCX: &str = "application/vnd.openxmlformats-officedocument.wordprocessingml.document";
    const XLSX: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
    match (extension.as_str(), found) {
        ("pdf", "application/pdf") => Ok("application/pdf"),
        ("png", "image/png") => Ok("image/png"),
        ("jpg" | "jpeg", "image/jpeg") => Ok("image/jpeg"),
        ("docx", DOCX | "application/zip") => Ok(DOCX),
        ("xlsx", XLSX | "application/zip") => Ok(XLSX),
        ("ofd", "application/zip") => Ok("application/ofd"),
        ("txt", "") if is_text(head) => Ok("text/plain; charset=utf-8"),
        _ => Err(refused()),
    }
}

/// UTF-8 without control characters; a character cut at the end of the head is no fault.
fn is_text(head: &[u8]) -> bool {
    let text = match std::str::from_utf8(head) {
        Ok(text) => text,
        Err(error) if error.error_len().is_none() => head
            .get(..error.valid_up_to())
            .and_then(|whole| std::str::from_utf8(whole).ok())
            .unwrap_or_default(),
        Err(_) => return false,
    };
    !text.is_empty() && !text.chars().any(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_and_name_must_agree() {
        let png = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR";
        assert_eq!(media_type(b"%PDF-1.4\n", "计划.PDF"), Ok("application/pdf"));
        assert_eq!(media_type(png, "a.png"), Ok("image/png"));
        assert!(media_type(png, "a.pdf").is_err());
        assert!(media_type(b"MZ\x90\0", "a.pdf").is_err());
        assert!(media_type(b"<html>", "a.html").is_err());
        assert!(media_type(b"", "a.txt").is_err());
        assert!(media_type("说明".as_bytes(), "a.txt").is_ok());
        assert!(media_type(&"说明".as_bytes()[..5], "a.txt").is_ok(), "cut within a character");
        assert!(media_type(b"a\0b", "a.txt").is_err());
        assert!(media_type(b"text", "noextension").is_err());
    }
}
