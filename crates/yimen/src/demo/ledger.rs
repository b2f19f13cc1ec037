//! What has become of each application of the file, as far as the people of the demo know.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::Instant;

/// How an application's way ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// Not accepted.
    Refused,
    /// Taken back.
    Withdrawn,
    /// Decided, and the result handed over.
    Delivered,
    /// It waits for an applicant who never answers.
    Waiting,
}

/// Shared by everyone in the hall.
pub(super) struct Ledger {
    book: Mutex<Book>,
    changed: Notify,
}

struct Book {
    /// Lookup codes by case number.
    codes: HashMap<String, String>,
    /// What visits are rated by.
    rating_tokens: HashMap<String, String>,
    ends: HashMap<String, End>,
    /// Whether every line of the file has been handed in.
    is_complete: bool,
    last_sign_of_life: Instant,
}

impl Ledger {
    pub(super) fn new() -> Self {
        let book = Book {
            codes: HashMap::new(),
            rating_tokens: HashMap::new(),
            ends: HashMap::new(),
            is_complete: false,
            last_sign_of_life: Instant::now(),
        };
        Self { book: Mutex::new(book), changed: Notify::new() }
    }

    /// The center gave an application its number.
    pub(super) fn enter(&self, number: &str, lookup_code: &str, rating_token: &str) {
        self.change(|book| {
            book.codes.insert(number.to_owned(), lookup_code.to_owned());
            book.rating_tokens.insert(number.to_owned(), rating_token.to_owned());
        });
    }

    /// The links on the receipts: number, event, token.
    pub(super) fn rating_tokens(&self) -> Vec<(String, &'static str, String)> {
        let book = self.book();
        let link = |(number, token): (&String, &String)| (number.clone(), "visit", token.clone());
        book.rating_tokens.iter().map(link).collect()
    }

    /// Every line has been handed in.
    pub(super) fn complete(&self) {
        self.change(|book| book.is_complete = true);
    }

    /// An application's way ended. Saying so again is nothing new.
    pub(super) fn settle(&self, number: &str, end: End) {
        if self.book().ends.get(number) == Some(&end) {
            return;
        }
        self.change(|book| {
            book.ends.insert(number.to_owned(), end);
        });
    }

    /// Somebody did something.
    pub(super) fn sign_of_life(&self) {
        self.book().last_sign_of_life = Instant::now();
    }

    /// The applicant's code. It is waited for, because a clerk may be faster than the answer to the
    /// applicant; none if the application is not of this file.
    pub(super) async fn code(&self, number: &str) -> Option<String> {
        loop {
            let changed = self.changed.notified();
            {
                let book = self.book();
                if let Some(code) = book.codes.get(number) {
                    return Some(code.clone());
                }
                if book.is_complete {
                    return None;
                }
            }
            changed.await;
        }
    }

    /// Applications that have a number, and those of them whose way has ended.
    pub(super) fn progress(&self) -> (u64, u64) {
        let book = self.book();
        let ended = book.ends.keys().filter(|number| book.codes.contains_key(*number)).count();
        (book.codes.len() as u64, ended as u64)
    }

    /// Waits for the next change, or for a moment.
    pub(super) async fn moment(&self) {
        let _moment_passed = tokio::time::timeout(Duration::from_millis(200), self.changed.notified()).await;
    }

    /// Whether every application of the whole file has ended.
    pub(super) fn is_settled(&self) -> bool {
        let book = self.book();
        book.is_complete && book.codes.keys().all(|number| book.ends.contains_key(number))
    }

    /// How long nobody has done anything.
    pub(super) fn silence(&self) -> Duration {
        self.book().last_sign_of_life.elapsed()
    }

    /// Some of the applications whose way has not ended, and how many there are.
    pub(super) fn unsettled(&self, some: usize) -> (Vec<String>, usize) {
        let book = self.book();
        let mut open: Vec<String> =
            book.codes.keys().filter(|number| !book.ends.contains_key(*number)).cloned().collect();
        let count = open.len();
        open.sort();
        open.truncate(some);
        (open, count)
    }

    /// The numbers that applicants were given.
    pub(super) fn numbers(&self) -> Vec<String> {
        self.book().codes.keys().cloned().collect()
    }

    fn change(&self, change: impl FnOnce(&mut Book)) {
        let mut book = self.book();
        change(&mut book);
        book.last_sign_of_life = Instant::now();
        drop(book);
        self.changed.notify_waiters();
    }

    fn book(&self) -> MutexGuard<'_, Book> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn it_is_settled_when_the_file_is_through_and_every_way_has_ended() {
        let ledger = Ledger::new();
        ledger.enter("1", "ABCD", "t");
        ledger.settle("1", End::Delivered);
        ledger.settle("of another day", End::Refused);
        assert_eq!(ledger.progress(), (1, 1));
        assert!(!ledger.is_settled(), "lines may still come");
        ledger.enter("2", "EFGH", "t");
        ledger.complete();
        assert!(!ledger.is_settled());
        assert_eq!(ledger.unsettled(5), (vec!["2".to_owned()], 1));
        ledger.settle("2", End::Waiting);
        assert!(ledger.is_settled());
        assert_eq!(ledger.code("1").await.as_deref(), Some("ABCD"));
        assert_eq!(ledger.code("of another day").await, None);
    }
}
