//! Where a demo keeps its data.

use std::io::Write as _;
use std::path::{Path, PathBuf};

/// Letters and digits that nobody takes for another.
const LETTERS: &[u8; 32] = b"abcdefghjkmnpqrstuvwxyz23456789z";

/// The demo's directory. A temporary one is gone when this is dropped.
pub(super) struct Place {
    directory: PathBuf,
    is_temporary: bool,
    operator_password: String,
}

impl Place {
    /// The given directory, or a temporary one.
    pub(super) fn prepare(data: Option<&Path>) -> Result<Self, String> {
        let directory = match data {
            Some(directory) => directory.to_owned(),
            None => std::env::temp_dir().join(format!("yimen-demo-{}", uuid::Uuid::new_v4())),
        };
        let place = |operator_password| Self {
            directory: directory.clone(),
            is_temporary: data.is_none(),
            operator_password,
        };
        let unusable = |error: std::io::Error| {
            format!("{} cannot be used ({error}); name another directory with --data.", directory.display())
        };
        std::fs::create_dir_all(&directory).map_err(unusable)?;
        if data.is_none() {
            return Ok(place(secret()));
        }
        Ok(place(kept(&directory.join("operator-password")).map_err(unusable)?))
    }

    /// The database's directory; none is a temporary one.
    pub(super) fn database(&self) -> Option<PathBuf> {
        (!self.is_temporary).then(|| self.directory.join("database"))
    }

    /// Where files of applicants are.
    pub(super) fn objects(&self) -> PathBuf {
        self.directory.join("objects")
    }

    /// The password of `operator`.
    pub(super) fn operator_password(&self) -> &str {
        &self.operator_password
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if self.is_temporary {
            let _left_to_the_system = std::fs::remove_dir_all(&self.directory);
        }
    }
}

/// The password in `file`, which only its owner may read; a new one the first time. The operator of
/// a database that is used again has the password of the first time.
fn kept(file: &Path) -> std::io::Result<String> {
    use std::os::unix::fs::OpenOptionsExt as _;
    match std::fs::read_to_string(file) {
        Ok(password) => Ok(password.trim().to_owned()),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            let password = secret();
            let mut options = std::fs::OpenOptions::new();
            let mut file = options.write(true).create_new(true).mode(0o600).open(file)?;
            file.write_all(password.as_bytes())?;
            Ok(password)
        }
        Err(error) => Err(error),
    }
}

/// A password of four groups that can be typed: 100 bits.
pub(super) fn secret() -> String {
    let random: [u8; 20] = rand::random();
    let letters: Vec<char> = random
        .iter()
        .filter_map(|byte| LETTERS.get(usize::from(byte % 32)).copied().map(char::from))
        .collect();
    letters.chunks(5).map(|group| group.iter().collect::<String>()).collect::<Vec<_>>().join("-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_keeps_its_password() {
        let directory = std::env::temp_dir().join(format!("yimen-place-{}", uuid::Uuid::new_v4()));
        let password = |data| Place::prepare(data).unwrap().operator_password().to_owned();
        let first = password(Some(directory.as_path()));
        assert_eq!(first, password(Some(directory.as_path())));
        assert_ne!(first, password(None));
        std::fs::remove_dir_all(directory).unwrap();
    }

    #[test]
    fn a_temporary_directory_is_removed() {
        let place = Place::prepare(None).unwrap();
        let directory = place.directory.clone();
        assert!(directory.is_dir() && place.database().is_none());
        drop(place);
        assert!(!directory.exists());
    }

    #[test]
    fn secrets_are_long_and_differ() {
        let secret = secret();
        assert_eq!(secret.len(), 23);
        assert_ne!(secret, super::secret());
    }
}
