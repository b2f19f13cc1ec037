//! The carrier at the other end: takes every message, and falls silent at one of a hundred.

use std::collections::HashSet;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use axum::extract::State;
use axum::{Json, Router, routing::post};
use serde::{Deserialize, Serialize};
use tokio::net::TcpListener;

/// One message of so many is never answered.
const SILENT_EVERY: usize = 100;

/// What it has received.
#[derive(Default)]
pub struct Books {
    /// (application and transition, recipient), as the text tells them.
    received: Mutex<HashSet<(String, String)>>,
    count: AtomicUsize,
    again: AtomicUsize,
    silent: AtomicUsize,
}

impl Books {
    /// How many came that had come before.
    pub fn again(&self) -> usize {
        self.again.load(Ordering::SeqCst)
    }

    /// How many wait for an answer that they will not get.
    pub fn silent(&self) -> usize {
        self.silent.load(Ordering::SeqCst)
    }
}

#[derive(Deserialize)]
struct Submitted {
    message: String,
    mobile: String,
    text: String,
}

#[derive(Serialize)]
struct Taken {
    id: String,
}

/// Opens it on a port of its own.
///
/// # Errors
/// When it cannot listen.
pub async fn open() -> Result<(SocketAddr, Arc<Books>), String> {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.map_err(|error| error.to_string())?;
    let address = listener.local_addr().map_err(|error| error.to_string())?;
    let books = Arc::<Books>::default();
    let router = Router::new().route("/", post(receive)).with_state(books.clone());
    tokio::spawn(async move { axum::serve(listener, router).await });
    Ok((address, books))
}

async fn receive(State(books): State<Arc<Books>>, Json(submitted): Json<Submitted>) -> Json<Taken> {
    let Submitted { message, mobile, text } = submitted;
    let nth = books.count.fetch_add(1, Ordering::SeqCst) + 1;
    let is_new = books.received.lock().unwrap_or_else(PoisonError::into_inner).insert((text, mobile));
    if !is_new {
        books.again.fetch_add(1, Ordering::SeqCst);
    }
    if nth.is_multiple_of(SILENT_EVERY) {
        let _counted = Silence::of(books);
        std::future::pending::<()>().await;
    }
    Json(Taken { id: message })
}

/// Counts a call for as long as its caller waits.
struct Silence(Arc<Books>);

impl Silence {
    fn of(books: Arc<Books>) -> Self {
        books.silent.fetch_add(1, Ordering::SeqCst);
        Self(books)
    }
}

impl Drop for Silence {
    fn drop(&mut self) {
        self.0.silent.fetch_sub(1, Ordering::SeqCst);
    }
}
