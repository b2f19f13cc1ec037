//! A link as a QR code, drawn as one path: nothing that a template would have to trust.

use qrcode::{Color, EcLevel, QrCode};

/// Light modules around a code, as readers need them (GB/T 18284).
const QUIET: usize = 4;

/// A link that is printed, and its code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Qr {
    /// What it says.
    pub link: String,
    /// Modules on each side, with the quiet zone.
    pub size: usize,
    /// The dark modules, as an SVG path in units of one.
    pub path: String,
}

impl Qr {
    /// The code of a link; none if it is too long for one.
    pub fn of(link: String) -> Option<Self> {
        let code = QrCode::with_error_correction_level(&link, EcLevel::M).ok()?;
        let width = code.width();
        let dark = code.to_colors().into_iter().enumerate().filter(|(_, color)| *color == Color::Dark);
        let module =
            |(at, _): (usize, Color)| format!("M{} {}h1v1h-1z", QUIET + at % width, QUIET + at / width);
        Some(Self { link, size: width + 2 * QUIET, path: dark.map(module).collect() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_has_its_finders_and_its_quiet_zone() {
        let qr = Qr::of("https://hall.example/rate/aaaaaaaaaaaaaaaaaaaaaaaaaa".to_owned()).unwrap();
        // Versions have 17 + 4 × version modules on a side.
        assert_eq!((qr.size - 2 * QUIET - 17) % 4, 0);
        let last = qr.size - QUIET - 1;
        for corner in ["M4 4h".to_owned(), format!("M{last} 4h"), format!("M4 {last}h")] {
            assert!(qr.path.contains(&corner), "{corner}");
        }
        assert!(!qr.path.contains("M3 ") && !qr.path.contains(&format!("M{} ", qr.size - QUIET)));
        assert!(qr.path.chars().all(|c| c.is_ascii_alphanumeric() || c == ' ' || c == '-'));
        assert_eq!(Qr::of("x".repeat(5_000)), None);
    }
}
