//! A carrier over SMPP 3.4: one link, kept up; messages in parts; receipts and replies back over it.
//!
//! The cast: the link is a connection, bound as transceiver; `parts` cuts a text as handsets put it
//! together again; `receipt` reads what comes back. At most so many messages are on their way at a time.
//!
//! What decides whether a message may be sent again: an answer that refuses the first part, or no link to
//! send it on, means that nothing was taken. A link that breaks, or an answer that does not come, after a
//! part was handed over means that nobody knows.

mod parts;
mod receipt;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use futures::{Stream, StreamExt as _};
use rusmpp::pdus::{BindTransceiver, DeliverSm, DeliverSmResp, SubmitSm};
use rusmpp::types::{COctetString, OctetString};
use rusmpp::values::{
    Ansi41Specific, DataCoding, EsmClass, GsmFeatures, InterfaceVersion, MessageType, MessagingMode,
    RegisteredDelivery,
};
use rusmpp::{CommandStatus, Pdu};
use rusmppc::{Client, ConnectionBuilder, Event};
use tokio::net::TcpStream;
use tokio::sync::{Mutex, Semaphore};
use yimen_kernel::error::Kind;
use yimen_platform::Context;
use yimen_platform::config::CarrierConfig;

use super::{Carrier, Submission};
use crate::app::reports;
use crate::domain::message::Answer;

/// How long connecting and binding may take.
const CONNECT: Duration = Duration::from_secs(5);
/// How long an answer may take: less than the sender waits for all of a message.
const ANSWER: Duration = Duration::from_secs(10);
/// How often the other side is asked whether it is there.
const ENQUIRE: Duration = Duration::from_secs(30);
/// How long a receipt waits for the message that it is about to be noted.
const NOTED: Duration = Duration::from_secs(10);

/// The carrier.
pub struct Smpp {
    ctx: Context,
    name: String,
    settings: Settings,
    link: Mutex<Option<Client>>,
    window: Semaphore,
}

#[derive(Clone)]
struct Settings {
    address: String,
    source: COctetString<1, 21>,
    bind: BindTransceiver,
}

impl Smpp {
    /// The carrier of this configuration; it connects when it is first needed.
    ///
    /// # Errors
    /// A sentence that names what the configuration lacks.
    pub fn new(name: &str, config: &CarrierConfig, ctx: Context) -> Result<Self, String> {
        let given = |key: &str, value: &Option<String>| {
            value
                .clone()
                .ok_or_else(|| format!("The carrier {name} has no {key}; set carriers.{name}.{key}."))
        };
        let unfit =
            |key: &str| format!("The carrier {name} has an unusable {key}; correct carriers.{name}.{key}.");
        let (system_id, password) =
            (given("system_id", &config.system_id)?, given("password", &config.password)?);
        let bind = BindTransceiver::builder()
            .system_id(COctetString::from_string(system_id).map_err(|_| unfit("system_id"))?)
            .password(COctetString::from_string(password).map_err(|_| unfit("password"))?)
            .interface_version(InterfaceVersion::Smpp3_4)
            .build();
        let source = config.source.clone().unwrap_or_default();
        let settings = Settings {
            address: given("address", &config.address)?,
            source: COctetString::from_string(source).map_err(|_| unfit("source"))?,
            bind,
        };
        let window = Semaphore::new(usize::from(config.window));
        Ok(Self { ctx, name: name.to_owned(), settings, link: Mutex::new(None), window })
    }

    /// The link, made anew if it is not there.
    async fn link(&self) -> Result<Client, String> {
        let mut link = self.link.lock().await;
        if let Some(client) = link.as_ref().filter(|client| client.is_active() && !client.is_closed()) {
            return Ok(client.clone());
        }
        let connecting = tokio::time::timeout(CONNECT, self.connect());
        let client = connecting.await.map_err(|_| "it did not answer in time".to_owned())??;
        tracing::info!(carrier = self.name, "The link to the carrier stands.");
        *link = Some(client.clone());
        Ok(client)
    }

    async fn connect(&self) -> Result<Client, String> {
        let stream = TcpStream::connect(&self.settings.address).await.map_err(|error| error.to_string())?;
        stream.set_nodelay(true).map_err(|error| error.to_string())?;
        let (client, events) = ConnectionBuilder::new()
            .enquire_link_interval(ENQUIRE)
            .response_timeout(ANSWER)
            .disable_interface_version_check()
            .connected(stream);
        client.bind_transceiver(self.settings.bind.clone()).await.map_err(|error| error.to_string())?;
        tokio::spawn(listen(self.ctx.clone(), self.name.clone(), client.clone(), events));
        Ok(client)
    }

    /// Hands over every part.
    async fn hand_over(&self, client: &Client, submission: &Submission) -> Answer {
        let mut ids = Vec::new();
        for (part, is_divided) in parts::of(&submission.text, submission.message) {
            let Ok(pdu) = self.pdu(&submission.mobile, part, is_divided) else { return Answer::Never };
            match client.submit_sm(pdu).await {
                Ok(taken) => ids.push(taken.message_id().to_string()),
                // Some of it may arrive.
                Err(_) if !ids.is_empty() => return Answer::Unknown,
                Err(error) => return answered(&error),
            }
        }
        let mut ids = ids.into_iter();
        match ids.next() {
            Some(carrier_id) if !carrier_id.is_empty() => Answer::Taken { carrier_id, more: ids.collect() },
            _ => Answer::Unknown,
        }
    }

    fn pdu(&self, mobile: &str, part: Vec<u8>, is_divided: bool) -> Result<SubmitSm, String> {
        let features = if is_divided { GsmFeatures::UdhiIndicator } else { GsmFeatures::NotSelected };
        let class =
            EsmClass::new(MessagingMode::Default, MessageType::Default, Ansi41Specific::Other(0), features);
        Ok(SubmitSm::builder()
            .source_addr(self.settings.source.clone())
            .destination_addr(
                COctetString::from_string(mobile.to_owned()).map_err(|error| error.to_string())?,
            )
            .esm_class(class)
            .registered_delivery(RegisteredDelivery::request_all())
            .data_coding(DataCoding::Ucs2)
            .short_message(OctetString::from_vec(part).map_err(|error| error.to_string())?)
            .build())
    }
}

/// What a failure at the first part means.
fn answered(error: &rusmppc::error::Error) -> Answer {
    match error {
        rusmppc::error::Error::UnexpectedResponse { response } => match response.status() {
            CommandStatus::EsmeRinvdstadr
            | CommandStatus::EsmeRinvdstton
            | CommandStatus::EsmeRinvdstnpi
            | CommandStatus::EsmeRinvmsglen
            | CommandStatus::EsmeRinvdcs => Answer::Never,
            // A success that is no answer to what was asked.
            CommandStatus::EsmeRok => Answer::Unknown,
            _ => Answer::NotNow,
        },
        rusmppc::error::Error::Encode(_) => Answer::Never,
        _ => Answer::Unknown,
    }
}

#[async_trait]
impl Carrier for Smpp {
    async fn submit(&self, submission: &Submission) -> Answer {
        let Ok(_one_of_few) = self.window.acquire().await else { return Answer::NotNow };
        match self.link().await {
            Ok(client) => self.hand_over(&client, submission).await,
            Err(error) => {
                tracing::warn!(carrier = self.name, %error, "The carrier cannot be reached; trying again.");
                Answer::NotNow
            }
        }
    }

    /// Receipts come over the link even when nothing is sent.
    async fn tend(&self) {
        if let Err(error) = self.link().await {
            tracing::warn!(carrier = self.name, %error, "The carrier cannot be reached; trying again.");
        }
    }
}

/// Takes in what comes over a link until it breaks or the process stops.
async fn listen(ctx: Context, carrier: String, client: Client, events: impl Stream<Item = Event> + Unpin) {
    let stop = ctx.stop.clone();
    let mut events = events.take_until(Box::pin(stop.cancelled_owned()));
    let ctx = Arc::new(ctx);
    while let Some(event) = events.next().await {
        let Event::Incoming(command) = event else { continue };
        let sequence = command.sequence_number();
        let Some(Pdu::DeliverSm(delivered)) = command.pdu().cloned() else { continue };
        let (ctx, carrier, client) = (ctx.clone(), carrier.clone(), client.clone());
        tokio::spawn(async move {
            let status = match take_in(&ctx, &carrier, &delivered).await {
                true => CommandStatus::EsmeRok,
                // It is to come again.
                false => CommandStatus::EsmeRxTAppn,
            };
            if let Err(error) =
                client.status(status).deliver_sm_resp(sequence, DeliverSmResp::default()).await
            {
                tracing::warn!(carrier, %error, "A receipt could not be acknowledged; it will come again.");
            }
        });
    }
    if ctx.stop.is_cancelled() {
        let _ended_by_the_other_side = client.unbind().await;
    }
    let _closed_already = client.close().await;
}

/// Takes in a receipt or a reply, durably; false if it is to come again.
async fn take_in(ctx: &Context, carrier: &str, delivered: &DeliverSm) -> bool {
    let taken = match receipt::read(delivered) {
        receipt::Incoming::Receipt { id, delivered: Some(is_delivered) } => {
            noted(ctx, carrier, &id, is_delivered).await
        }
        // On its way still, or a form that we do not know: there is nothing to note.
        receipt::Incoming::Receipt { .. } => Ok(()),
        receipt::Incoming::Reply { mobile, text } => reports::reply(ctx, &mobile, &text).await,
    };
    if let Err(error) = &taken {
        tracing::warn!(carrier, %error, "What a carrier said could not be noted.");
    }
    taken.is_ok()
}

/// Notes a receipt; one that is faster than our own note of the sending waits for it.
async fn noted(ctx: &Context, carrier: &str, id: &str, delivered: bool) -> yimen_kernel::Result<()> {
    let deadline = tokio::time::Instant::now() + NOTED;
    loop {
        let committed = ctx.store.committed().notified();
        match reports::of_part(ctx, carrier, id, delivered).await {
            Err(error) if error.kind() == Kind::NotFound => {
                if tokio::time::timeout_at(deadline, committed).await.is_err() {
                    return Err(error);
                }
            }
            answered => return answered,
        }
    }
}
