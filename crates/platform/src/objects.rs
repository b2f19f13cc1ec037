//! The store for files: content-addressed, so that the same bytes are kept once.

use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use futures::StreamExt as _;
use futures::stream::BoxStream;
use object_store::local::LocalFileSystem;
use object_store::path::Path as Key;
use object_store::{ObjectStore, ObjectStoreExt as _, WriteMultipart};
use sha2::{Digest as _, Sha256};
use yimen_kernel::error::{Error, Result};

/// Keeps files under the SHA-256 of their content.
#[derive(Clone)]
pub struct Objects(Arc<dyn ObjectStore>);

/// What is known of a file once it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    /// SHA-256 of the content.
    pub sha256: [u8; 32],
    /// Bytes.
    pub size: u64,
}

impl Objects {
    /// A store in a local directory, which is made if it is not there.
    ///
    /// # Errors
    /// When the directory cannot be made or opened.
    pub fn local(directory: &Path) -> std::io::Result<Self> {
        std::fs::create_dir_all(directory)?;
        let store = LocalFileSystem::new_with_prefix(directory).map_err(std::io::Error::other)?;
        Ok(Self(Arc::new(store.with_fsync(true))))
    }

    /// Keeps a small file.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn put(&self, content: Bytes) -> Result<Kept> {
        let kept = Kept { sha256: Sha256::digest(&content).into(), size: content.len() as u64 };
        self.0.put(&key(&kept.sha256), content.into()).await.map_err(Error::internal)?;
        Ok(kept)
    }

    /// Starts to keep a file that comes in pieces.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn receive(&self) -> Result<Receiving> {
        let draft = Key::from(format!("draft/{}", uuid::Uuid::now_v7()));
        let upload = self.0.put_multipart(&draft).await.map_err(Error::internal)?;
        Ok(Receiving {
            store: self.clone(),
            draft,
            writer: WriteMultipart::new(upload),
            digest: Sha256::new(),
            size: 0,
        })
    }

    /// Reads a file piece by piece.
    ///
    /// # Errors
    /// When there is none or the store fails.
    pub async fn get(&self, sha256: &[u8; 32]) -> Result<BoxStream<'static, Result<Bytes>>> {
        let found = self.0.get(&key(sha256)).await.map_err(Error::internal)?;
        Ok(found.into_stream().map(|piece| piece.map_err(Error::internal)).boxed())
    }
}

/// A file on its way in. Dropped before [`Receiving::keep`], it leaves only a draft.
pub struct Receiving {
    store: Objects,
    draft: Key,
    writer: WriteMultipart,
    digest: Sha256,
    size: u64,
}

impl Receiving {
    /// Bytes so far.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Takes one piece.
    pub fn write(&mut self, piece: &[u8]) {
        self.digest.update(piece);
        self.size += piece.len() as u64;
        self.writer.write(piece);
    }

    /// Gives the file up and removes what has come.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn discard(self) -> Result<()> {
        self.writer.abort().await.map_err(Error::internal)
    }

    /// Keeps the file under its digest.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn keep(self) -> Result<Kept> {
        let kept = Kept { sha256: self.digest.finalize().into(), size: self.size };
        self.writer.finish().await.map_err(Error::internal)?;
        self.store.0.rename(&self.draft, &key(&kept.sha256)).await.map_err(Error::internal)?;
        Ok(kept)
    }
}

fn key(sha256: &[u8; 32]) -> Key {
    let digits = hex::encode(sha256);
    let (shard, _) = digits.split_at(2);
    Key::from(format!("{shard}/{digits}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn pieces_and_whole_are_the_same_object() {
        let dir = std::env::temp_dir().join(format!("yimen-objects-{}", uuid::Uuid::now_v7()));
        let objects = Objects::local(&dir).unwrap();
        let whole = objects.put(Bytes::from_static(b"one two")).await.unwrap();
        let mut receiving = objects.receive().await.unwrap();
        receiving.write(b"one ");
        receiving.write(b"two");
        assert_eq!(receiving.keep().await.unwrap(), whole);
        let pieces: Vec<_> = objects.get(&whole.sha256).await.unwrap().collect().await;
        let read: Vec<u8> = pieces.into_iter().flat_map(|p| p.unwrap().to_vec()).collect();
        assert_eq!(read, b"one two");
        std::fs::remove_dir_all(dir).unwrap();
    }
}
