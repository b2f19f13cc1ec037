//! What the program says: results on standard output, everything else on standard error.
//!
//! A reader that went away (`yimen apply … | head`) is no error of ours, so nothing here fails.

use std::fmt::Display;
use std::io::Write as _;

/// Writes a line of the result.
pub fn line(text: impl Display) {
    let _reader_went_away = writeln!(std::io::stdout().lock(), "{text}");
}

/// Writes a line that is not part of the result.
pub fn note(text: impl Display) {
    let _reader_went_away = writeln!(std::io::stderr().lock(), "{text}");
}
