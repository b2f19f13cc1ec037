//! Lists in pages (AIP-158): `page_size` is a wish, `page_token` is opaque.

use yimen_kernel::error::{Error, Result};
use yimen_kernel::reason::Reason;

/// The size of a page when none is asked for.
pub const DEFAULT_SIZE: i64 = 50;
/// The largest page that is given.
pub const MAX_SIZE: i64 = 200;

/// One page to read: rows after `after`, in key order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// The key of the last row that the caller has seen.
    pub after: Option<String>,
    /// How many rows to give.
    pub size: i64,
}

impl Page {
    /// Reads the two fields of a list request.
    ///
    /// # Errors
    /// `UNKNOWN_PAGE_TOKEN` for a token that no answer gave, `OUT_OF_RANGE` for a negative size.
    pub fn parse(size: i32, token: &str) -> Result<Self> {
        let size = match i64::from(size) {
            0 => DEFAULT_SIZE,
            wish if wish < 0 => return Err(Error::field("page_size", Reason::OutOfRange)),
            wish => wish.min(MAX_SIZE),
        };
        let after = match token {
            "" => None,
            token => Some(decode(token).ok_or_else(|| Error::field("page_token", Reason::UnknownPageToken))?),
        };
        Ok(Self { after, size })
    }

    /// How many rows to read so that one sees whether there are more.
    pub fn limit(&self) -> i64 {
        self.size + 1
    }

    /// Cuts the rows to the page and gives the next token, empty on the last page.
    pub fn cut<T>(&self, rows: &mut Vec<T>, key: impl Fn(&T) -> String) -> String {
        let size = usize::try_from(self.size).unwrap_or(usize::MAX);
        if rows.len() <= size {
            return String::new();
        }
        rows.truncate(size);
        rows.last().map(|row| hex::encode(key(row))).unwrap_or_default()
    }
}

fn decode(token: &str) -> Option<String> {
    let bytes = hex::decode(token).ok().filter(|bytes| bytes.len() <= 256)?;
    let key = String::from_utf8(bytes).ok()?;
    (!key.contains('\0')).then_some(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_leads_to_the_next_row() {
        let page = Page::parse(2, "").unwrap();
        let mut rows = vec!["a", "b", "c"];
        let token = page.cut(&mut rows, |row| (*row).to_owned());
        assert_eq!(rows, ["a", "b"]);
        assert_eq!(Page::parse(2, &token).unwrap().after.as_deref(), Some("b"));
    }

    #[test]
    fn garbage_is_refused() {
        for token in ["zz", "ff", "00", &"61".repeat(300)] {
            assert!(Page::parse(0, token).is_err(), "{token}");
        }
        assert!(Page::parse(-1, "").is_err());
    }
}
