//! A numbered document (文书) as it was issued, ready to be printed.

use askama::Template;
use yimen_proto::intake::v1::Document;

use super::qr::Qr;
use super::shell::Shell;

/// The page.
#[derive(Template)]
#[template(path = "document.html")]
pub struct Printed {
    pub s: Shell,
    pub kind: String,
    pub number: String,
    pub issued: String,
    /// The text that rules.
    pub zh: String,
    /// The courtesy translation, shown to readers of English.
    pub en: String,
    /// Back to the application, for its applicant: number and lookup code, both empty for staff.
    pub case: String,
    pub code: String,
    /// Back to the application, for staff.
    pub back: String,
    /// By which the visit is rated: on a receipt that is opened right after handing in.
    pub rate: Option<Qr>,
}

impl Printed {
    /// A document, with no way back.
    pub fn of(document: Document, s: Shell) -> Self {
        Self {
            kind: s.name("document_kind", document.kind().as_str_name()),
            issued: s.time(&document.issue_time),
            en: if s.is_english() { document.text_en } else { String::new() },
            number: document.number,
            zh: document.text_zh,
            case: String::new(),
            code: String::new(),
            back: String::new(),
            rate: None,
            s,
        }
    }
}
