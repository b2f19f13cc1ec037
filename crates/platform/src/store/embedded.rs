//! PostgreSQL inside the process: for trying, tests and training.
//!
//! It survives a killed process but never asks the disk to flush, so a power cut may lose work;
//! and it takes one connection at a time. See `docs/adr/0002-embedded-database.md`.

use std::path::{Path, PathBuf};

use pglite_oxide::PgliteServer;

/// A running embedded database. [`Embedded::stop`] stops it in order; dropping it stops it some time
/// later. A temporary one leaves no files.
pub struct Embedded {
    server: Option<PgliteServer>,
    url: String,
}

impl Embedded {
    /// The only pool size that the embedded database bears.
    pub const POOL_SIZE: u32 = 1;

    /// Starts it in `directory`, or in a temporary one.
    ///
    /// # Errors
    /// A sentence that says what is wrong with the directory.
    pub async fn start(directory: Option<PathBuf>) -> Result<Self, String> {
        let place = directory.as_deref().map_or_else(|| "a temporary directory".to_owned(), describe);
        // Starting compiles and runs the database on this thread for a second.
        let server = tokio::task::spawn_blocking(move || {
            let builder = PgliteServer::builder();
            match directory {
                Some(path) => builder.path(path),
                None => builder.temporary(),
            }
            .start()
        })
        .await
        .map_err(|error| format!("The embedded database stopped while starting: {error}"))?
        .map_err(|error| format!("The embedded database cannot start in {place} ({error:#}); name another directory with --data."))?;
        Ok(Self { url: server.database_url(), server: Some(server) })
    }

    /// Where to connect.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Stops the server after the pool is closed.
    ///
    /// # Errors
    /// When the server does not stop in order.
    pub async fn stop(mut self) -> Result<(), String> {
        let Some(server) = self.server.take() else { return Ok(()) };
        tokio::task::spawn_blocking(move || server.shutdown())
            .await
            .map_err(|error| error.to_string())?
            .map_err(|error| format!("The embedded database did not stop in order: {error:#}"))
    }
}

impl Drop for Embedded {
    fn drop(&mut self) {
        if let Some(server) = self.server.take() {
            // The server waits for its last connection, which the dropping thread may hold.
            std::thread::spawn(move || drop(server));
        }
    }
}

fn describe(path: &Path) -> String {
    path.display().to_string()
}
