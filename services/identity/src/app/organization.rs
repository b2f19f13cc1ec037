//! Importing the organization.

use yimen_kernel::{Actor, Result};
use yimen_platform::store::Tx;

use crate::domain::import::{Import, Organization};
use crate::domain::organization::keeps_own_access;
use crate::store;

/// Brings what the import names into the state that it describes, whole or not at all. Whoever it
/// makes inactive is out at once.
///
/// # Errors
/// Every faulty field, as one `INVALID_REQUEST`; `OWN_ACCESS`.
pub async fn import(tx: &mut Tx, caller: &Actor, import: Import) -> Result<Organization> {
    let (departments, windows) = (import.departments_elsewhere(), import.windows_elsewhere());
    let known = store::organization::known(tx.sql(), &departments, &windows).await?;
    let organization = import.check(&known)?;
    for member in &organization.staff {
        keeps_own_access(caller, member)?;
    }
    store::organization::save_centers(tx.sql(), &organization.centers).await?;
    store::organization::save_departments(tx.sql(), &organization.departments).await?;
    store::organization::save_windows(tx.sql(), &organization.windows).await?;
    store::staff::save(tx.sql(), &organization.staff).await?;
    let now = tx.now();
    store::session::end_of_inactive(tx.sql(), now).await?;
    Ok(organization)
}
