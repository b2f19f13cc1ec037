//! What intake does with the events of the approval.

use yimen_kernel::CaseNumber;
use yimen_kernel::error::{Error, Result};
use yimen_platform::messages::subscribe::Received;
use yimen_platform::store::Tx;
use yimen_proto::approval::v1 as approval;
use yimen_proto::intake::v1::decision::Outcome as Decision;

use crate::app::decide::{self, Decided, Returned};
use crate::domain::application::Outcome;

/// The lead handed a department's return on.
pub async fn materials_returned(tx: &mut Tx, event: Received<approval::MaterialsReturned>) -> Result<()> {
    let approval::MaterialsReturned { number, materials, reason, due_on, .. } = event.message;
    decide::ask_again(tx, &case(&number)?, Returned { materials, reason, due_on }).await
}

/// A department joined midway.
pub async fn department_added(tx: &mut Tx, event: Received<approval::DepartmentAdded>) -> Result<()> {
    decide::join(tx, &case(&event.message.number)?, event.message.department).await
}

/// The lead decided.
pub async fn decided(tx: &mut Tx, event: Received<approval::JointApprovalDecided>) -> Result<()> {
    let outcome = match event.message.outcome() {
        Decision::Granted => Outcome::Granted,
        Decision::GrantedWithConditions => Outcome::GrantedWithConditions,
        Decision::Refused => Outcome::Refused,
        Decision::Unspecified => return Err(Error::internal("a decision without outcome")),
    };
    let number = case(&event.message.number)?;
    let approval::JointApprovalDecided { conditions, reasons, materials_revision, .. } = event.message;
    decide::complete(tx, &number, Decided { outcome, conditions, reasons, materials_revision }).await
}

fn case(number: &str) -> Result<CaseNumber> {
    CaseNumber::parse(number).map_err(|fault| Error::internal(format!("an event names no case: {fault:?}")))
}
