//! Turning a credential into a caller, at every call of the gateway.

use chrono::{DateTime, Utc};
use yimen_kernel::{Actor, Error, Reason, Result, Role};
use yimen_platform::gather::Gather;
use yimen_platform::store::Store;

use crate::domain::credential::{Credential, CredentialHash};
use crate::store;
use crate::store::api_key::ApiKey;
use crate::store::session::Session;

/// Who a credential belongs to.
pub struct Authenticated {
    /// The credential, as it is stored.
    pub hash: CredentialHash,
    /// Its holder.
    pub actor: Actor,
    /// When the credential ends by itself.
    pub good_until: Option<DateTime<Utc>>,
    /// The moment of the question.
    pub now: DateTime<Utc>,
}

/// Finds the holders of credentials. Those that are asked about at the same time are looked up together.
pub struct Holders {
    store: Store,
    sessions: Gather<CredentialHash, Session>,
    keys: Gather<CredentialHash, ApiKey>,
}

impl Holders {
    /// Those that the database knows.
    pub fn of(store: &Store) -> Self {
        Self {
            store: store.clone(),
            sessions: Gather::new(store.clone(), |sql, hashes| {
                Box::pin(async move { store::session::find(sql, &hashes).await })
            }),
            keys: Gather::new(store.clone(), |sql, hashes| {
                Box::pin(async move { store::api_key::find(sql, &hashes).await })
            }),
        }
    }

    /// The holder of a credential, as the database knows both at this moment.
    ///
    /// # Errors
    /// `NOT_SIGNED_IN` for what is no credential of ours, `SESSION_EXPIRED` for a session that is over,
    /// `CREDENTIAL_REVOKED` for a revoked key and for the session of an account that is not active.
    pub async fn authenticate(&self, credential: &str) -> Result<Authenticated> {
        let unknown = || Error::unauthenticated(Reason::NotSignedIn);
        let credential = Credential::parse(credential).ok_or_else(unknown)?;
        let now = self.store.now();
        match credential {
            Credential::Session(hash) => {
                let session = self.sessions.find(hash).await?.ok_or_else(unknown)?;
                let good_until = Some(session.expires_at);
                Ok(Authenticated { hash, actor: of_session(&session, now)?, good_until, now })
            }
            Credential::ApiKey(hash) => {
                let key = self.keys.find(hash).await?.ok_or_else(unknown)?;
                Ok(Authenticated { hash, actor: of_key(&key)?, good_until: None, now })
            }
        }
    }
}

fn of_session(session: &Session, now: DateTime<Utc>) -> Result<Actor> {
    if !session.staff.active {
        return Err(Error::unauthenticated(Reason::CredentialRevoked));
    }
    if session.ended_at.is_some() || session.expires_at <= now {
        return Err(Error::unauthenticated(Reason::SessionExpired));
    }
    Ok(session.staff.actor())
}

fn of_key(key: &ApiKey) -> Result<Actor> {
    if key.revoked_at.is_some() {
        return Err(Error::unauthenticated(Reason::CredentialRevoked));
    }
    Ok(Actor {
        subject: key.id.to_string(),
        name: key.label.clone(),
        roles: vec![Role::DepartmentSystem],
        center: Some(key.department.center()),
        department: Some(key.department.clone()),
        window: None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::organization::Staff;
    use chrono::Duration;
    use uuid::Uuid;
    use yimen_kernel::{DepartmentId, Login};

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_800_000_000 + seconds, 0).unwrap()
    }

    fn session(active: bool, ended_at: Option<DateTime<Utc>>) -> Session {
        let staff = Staff {
            login: Login::parse("operator").unwrap(),
            name: "示例".into(),
            center: None,
            department: None,
            window: None,
            roles: vec![Role::Operator],
            active,
        };
        Session { expires_at: at(60), ended_at, staff }
    }

    #[test]
    fn a_session_is_good_until_it_ends() {
        let reason = |session: Session, now| of_session(&session, now).map_err(|error| error.reason());
        assert!(reason(session(true, None), at(60) - Duration::microseconds(1)).is_ok());
        assert_eq!(reason(session(true, None), at(60)), Err(Reason::SessionExpired));
        assert_eq!(reason(session(true, Some(at(0))), at(1)), Err(Reason::SessionExpired));
        assert_eq!(reason(session(false, Some(at(0))), at(1)), Err(Reason::CredentialRevoked));
    }

    #[test]
    fn a_key_speaks_for_its_department() {
        let mut key = ApiKey {
            id: Uuid::now_v7(),
            department: DepartmentId::parse("430102-scjg").unwrap(),
            label: "市场监管业务系统".into(),
            created_at: at(0),
            revoked_at: None,
        };
        let actor = of_key(&key).unwrap();
        assert!(actor.has(Role::DepartmentSystem));
        assert_eq!(actor.center.unwrap().as_str(), "430102");
        assert_eq!(actor.department.as_ref(), Some(&key.department));
        key.revoked_at = Some(at(1));
        assert_eq!(of_key(&key).unwrap_err().reason(), Reason::CredentialRevoked);
    }
}
