//! What complaints learns from the others: which departments take part in an application, so that none of them
//! handles a complaint about it.

use yimen_kernel::error::Result;
use yimen_platform::messages::subscribe::Received;
use yimen_proto::approval::v1::DepartmentAdded;
use yimen_proto::intake::v1::ApplicationAccepted;

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
