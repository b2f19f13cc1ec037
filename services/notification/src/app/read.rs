//! Lists.

use yimen_kernel::error::Result;
use yimen_platform::Context;
use yimen_platform::page::Page;
use yimen_proto::notification::v1 as pb;

use crate::grpc::message;
use crate::store::messages::{self, Filter};
use crate::store::simulated;

/// A center's messages.
pub async fn list(ctx: &Context, filter: &Filter, page: Page) -> Result<pb::ListMessagesResponse> {
    let mut connection = ctx.store.read().await?;
    let mut rows = messages::list(&mut connection, filter, &page).await?;
    let next_page_token = page.cut(&mut rows, |row| row.message.to_string());
    Ok(pb::ListMessagesResponse { messages: rows.iter().map(message::message).collect(), next_page_token })
}

/// What the simulated carrier received.
pub async fn simulated(ctx: &Context, page: Page) -> Result<pb::ListSimulatedResponse> {
    let mut connection = ctx.store.read().await?;
    let mut rows = simulated::list(&mut connection, &page).await?;
    let next_page_token = page.cut(&mut rows, |row| row.id.to_string());
    Ok(pb::ListSimulatedResponse { messages: rows.iter().map(message::simulated).collect(), next_page_token })
}
