//! What fees does with the events of intake.

use yimen_kernel::error::{Error, Result};
use yimen_kernel::{CaseNumber, DepartmentId, Parsed, Quantity};
use yimen_platform::messages::subscribe::Received;
use yimen_platform::store::Tx;
use yimen_proto::intake::v1 as intake;

use crate::app::assess::{self, Case, Due, Request};

/// The fees of an application are due.
pub fn due(event: Received<intake::FeesDue>) -> Result<Request> {
    let intake::FeesDue { number, item_name_zh, item_name_en, payer, payer_is_person, fees, .. } =
        event.message;
    let case = Case {
        number: said(CaseNumber::parse(&number))?,
        item_name_zh,
        item_name_en,
        payer,
        payer_is_person,
    };
    let due = fees
        .into_iter()
        .map(|fee| {
            let quantity = match fee.quantity.as_str() {
                "" => None,
                quantity => Some(said(Quantity::parse(quantity))?),
            };
            Ok(Due { fee: fee.fee, department: said(DepartmentId::parse(&fee.department))?, quantity })
        })
        .collect::<Result<_>>()?;
    Ok(Request { case, due, span: event.span })
}

/// No fee is due any more.
pub async fn lapsed(tx: &mut Tx, event: Received<intake::FeesLapsed>) -> Result<()> {
    assess::lapse(tx, &said(CaseNumber::parse(&event.message.number))?).await
}

/// A value of an event, parsed before it was sent.
fn said<T>(parsed: Parsed<T>) -> Result<T> {
    parsed.map_err(|fault| Error::internal(format!("an event cannot be read: {fault:?}")))
}
