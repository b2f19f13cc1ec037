//! Questions: one approval, or a department's list.

use chrono::DateTime;
use yimen_kernel::{Actor, CaseNumber, DepartmentId, Error, Reason, Result, Role};
use yimen_platform::Context;
use yimen_platform::page::Page;

use crate::domain::JointApproval;
use crate::store::views::{Place, TaskView, Wanted};
use crate::store::{self, views};

/// The approval, for its parties and for supervisors of its center.
///
/// # Errors
/// `NOT_A_PARTY` to a department that takes no part, whether the approval exists or not; to a
/// supervisor `OTHER_CENTER`, `JOINT_APPROVAL_UNKNOWN`.
pub async fn joint_approval(context: &Context, actor: &Actor, number: &CaseNumber) -> Result<JointApproval> {
    let supervises = actor.has(Role::Supervisor) && actor.center.as_ref() == Some(&number.center());
    let refusal = || match (&actor.department, actor.has(Role::Supervisor)) {
        (_, true) if supervises => Error::not_found(Reason::JointApprovalUnknown),
        (None, true) => Error::denied(Reason::OtherCenter).with("center", number.center()),
        _ => Error::denied(Reason::NotAParty),
    };
    let department = actor.department.as_ref().filter(|department| department.center() == number.center());
    if department.is_none() && !supervises {
        return Err(refusal());
    }
    let mut tx = context.store.begin().await?;
    let found = store::snapshot(tx.sql(), number).await?;
    drop(tx);
    let is_party = |approval: &JointApproval| department.is_some_and(|own| approval.is_party(own));
    found.filter(|approval| supervises || is_party(approval)).ok_or_else(refusal)
}

/// What a list is asked for.
#[derive(Clone, Debug)]
pub struct TaskQuery {
    /// Whose tasks; empty for the caller's own department.
    pub department: Option<DepartmentId>,
    /// Only in this state.
    pub state: Option<&'static str>,
    /// Only what the department leads and may decide.
    pub to_decide: bool,
    /// Which page.
    pub page: Page,
}

/// A department's tasks, oldest turn first, and the token of the next page.
///
/// # Errors
/// `NOT_ALLOWED_HERE` at `department` if someone else's is asked for by who is no supervisor,
/// `OTHER_CENTER` by a supervisor of another center; `UNKNOWN_PAGE_TOKEN`.
pub async fn tasks(context: &Context, actor: &Actor, query: TaskQuery) -> Result<(Vec<TaskView>, String)> {
    let department = whose(actor, query.department)?;
    let after = query.page.after.as_deref().map(place).transpose()?;
    let mut connection = context.store.read().await?;
    let limit = query.page.limit();
    // Whoever decides has every opinion in, its own too.
    let mut places = match (query.to_decide, query.state) {
        (true, None | Some("OPINED")) => views::to_decide(&mut connection, &department, after, limit).await?,
        (true, Some(_)) => Vec::new(),
        (false, state) => views::tasks(&mut connection, &department, state, after, limit).await?,
    };
    let next = query.page.cut(&mut places, token);
    let numbers: Vec<String> = places.into_iter().map(|(_, number)| number).collect();
    let wanted: Vec<Wanted<'_>> = numbers.iter().map(|number| (&department, number.as_str())).collect();
    Ok((views::views(&mut connection, &wanted).await?, next))
}

fn whose(actor: &Actor, asked: Option<DepartmentId>) -> Result<DepartmentId> {
    match (&actor.department, asked) {
        (Some(own), None) => Ok(own.clone()),
        (Some(own), Some(asked)) if *own == asked => Ok(asked),
        (_, Some(asked)) if actor.has(Role::Supervisor) => {
            actor.require_center(&asked.center())?;
            Ok(asked)
        }
        (None, None) if actor.has(Role::Supervisor) => Err(Error::field("department", Reason::Required)),
        (Some(_), Some(_)) => Err(Error::field("department", Reason::NotAllowedHere)),
        (None, _) => actor.require_department().cloned(),
    }
}

fn token((time, number): &Place) -> String {
    format!("{}/{number}", time.timestamp_micros())
}

fn place(token: &str) -> Result<Place> {
    let parts = token.split_once('/').and_then(|(micros, number)| {
        let time = DateTime::from_timestamp_micros(micros.parse().ok()?)?;
        Some((time, CaseNumber::parse(number).ok()?.to_string()))
    });
    parts.ok_or_else(|| Error::field("page_token", Reason::UnknownPageToken))
}

#[cfg(test)]
mod tests {
    use yimen_kernel::DivisionCode;

    use super::*;

    fn actor(role: Role, department: Option<&str>) -> Actor {
        Actor {
            subject: "staff-1".into(),
            roles: vec![role],
            center: DivisionCode::parse("430102").ok(),
            department: department.map(|id| DepartmentId::parse(id).unwrap()),
            ..Actor::anonymous()
        }
    }

    #[test]
    fn whose_list_it_is() {
        let id = |text: &str| DepartmentId::parse(text).unwrap();
        let approver = actor(Role::Approver, Some("430102-zjj"));
        assert_eq!(whose(&approver, None).unwrap(), id("430102-zjj"));
        assert_eq!(whose(&approver, Some(id("430102-zjj"))).unwrap(), id("430102-zjj"));
        let fields = whose(&approver, Some(id("430102-cgj"))).unwrap_err();
        assert_eq!(fields.fields()[0].reason, Reason::NotAllowedHere);

        let supervisor = actor(Role::Supervisor, None);
        assert_eq!(whose(&supervisor, Some(id("430102-cgj"))).unwrap(), id("430102-cgj"));
        let refusal = |asked| whose(&supervisor, asked).unwrap_err().reason();
        assert_eq!(refusal(Some(id("430103-cgj"))), Reason::OtherCenter);
        assert_eq!(refusal(None), Reason::InvalidRequest);
        let lost = actor(Role::Approver, None);
        assert_eq!(whose(&lost, None).unwrap_err().reason(), Reason::DepartmentRequired);
    }

    #[test]
    fn a_place_comes_back_from_its_token() {
        let center = DivisionCode::parse("430102").unwrap();
        let number = CaseNumber::issue(&center, "2026-03-02".parse().unwrap(), 7).unwrap();
        let given = ("2026-03-02T01:02:03.456789Z".parse().unwrap(), number.to_string());
        assert_eq!(place(&token(&given)).unwrap(), given);
        for garbage in ["", "1", "/", "x/1", "1/1", "99999999999999999999/1"] {
            assert!(place(garbage).is_err(), "{garbage}");
        }
    }
}
