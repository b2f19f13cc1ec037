//! What complaints learns from the others: which departments take part in an application, so that none of them
//! handles a complaint about it; and which applications are completed, so that service users are drawn from them.

use yimen_kernel::CaseNumber;
use yimen_kernel::error::{Error, Result};
use yimen_platform::messages::subscribe::Received;
use yimen_proto::approval::v1::DepartmentAdded;
use yimen_proto::intake::v1::{ApplicationAccepted, ApplicationCompleted};

use crate::store::parties::Party;

/// The departments of an application's plan.
pub fn accepted(event: Received<ApplicationAccepted>) -> Result<Vec<Party>> {
    let (number, plan) = (event.message.number, event.message.plan.unwrap_or_default());
    let departments = plan.steps.into_iter().map(|step| step.department).chain([plan.lead]);
    Ok(departments.map(|department| Party { number: number.clone(), department }).collect())
}

/// A department takes part that was not in the plan.
pub fn department_added(event: Received<DepartmentAdded>) -> Result<Vec<Party>> {
    Ok(vec![Party { number: event.message.number, department: event.message.department }])
}

/// An application is completed: its number and its center, and no more.
pub fn completed(event: Received<ApplicationCompleted>) -> Result<(String, String)> {
    let number = CaseNumber::parse(&event.message.number)
        .map_err(|fault| Error::internal(format!("an event names no case: {fault:?}")))?;
    Ok((number.to_string(), number.center().to_string()))
}
