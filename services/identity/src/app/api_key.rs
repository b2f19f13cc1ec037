//! Issuing and revoking keys of departments' systems.

use uuid::Uuid;
use yimen_kernel::{DepartmentId, Error, Reason, Result};
use yimen_platform::store::Tx;

use crate::domain::credential::CredentialHash;
use crate::store;
use crate::store::api_key::ApiKey;

/// A key about to be issued.
pub struct NewApiKey {
    /// Its id.
    pub id: Uuid,
    /// What is stored of it.
    pub hash: CredentialHash,
    /// The department whose system will hold it.
    pub department: DepartmentId,
    /// What system will hold it.
    pub label: String,
}

/// Issues a key.
///
/// # Errors
/// `UNKNOWN_DEPARTMENT` at `department`.
pub async fn create(tx: &mut Tx, new: NewApiKey) -> Result<ApiKey> {
    if !store::organization::has_department(tx.sql(), &new.department).await? {
        return Err(Error::field("department", Reason::UnknownDepartment));
    }
    let key = ApiKey {
        id: new.id,
        department: new.department,
        label: new.label,
        created_at: tx.now(),
        revoked_at: None,
    };
    store::api_key::create(tx.sql(), &key, new.hash).await?;
    Ok(key)
}

/// Revokes a key; one that is revoked keeps its time.
///
/// # Errors
/// `UNKNOWN_API_KEY`.
pub async fn revoke(tx: &mut Tx, id: Uuid) -> Result<ApiKey> {
    let now = tx.now();
    let revoked = store::api_key::revoke(tx.sql(), id, now).await?;
    revoked.ok_or_else(|| Error::not_found(Reason::UnknownApiKey))
}
