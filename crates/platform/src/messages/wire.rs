//! Events as they travel: a batch of CloudEvents 1.0 in their protobuf format.
//!
//! What is not of that form reads as nothing.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::LazyLock;

use bytes::Bytes;
use chrono::{DateTime, Utc};
use prost::Message as _;
use prost_reflect::Value;
use prost_types::Timestamp;
use uuid::Uuid;
use yimen_proto::cloudevents::v1::cloud_event::Data;
use yimen_proto::cloudevents::v1::cloud_event_attribute_value::Attr;
use yimen_proto::cloudevents::v1::{CloudEvent, CloudEventAttributeValue, CloudEventBatch};

use crate::messages::Envelope;

/// Media type of a batch.
pub(crate) const MEDIA_TYPE: &str = "application/cloudevents-batch+protobuf";
const SPEC_VERSION: &str = "1.0";

/// Events of one message, at most.
const MOST: usize = 64;

/// Full names of the messages with the option `yimen.policy.v1.confidential`.
static CONFIDENTIAL: LazyLock<HashSet<String>> = LazyLock::new(|| {
    let extension = yimen_proto::pool().get_extension_by_name("yimen.policy.v1.confidential");
    let is_confidential = |message: &prost_reflect::MessageDescriptor| {
        let option =
            extension.as_ref().map(|extension| message.options().get_extension(extension).into_owned());
        option == Some(Value::Bool(true))
    };
    let names = yimen_proto::pool().all_messages().filter(is_confidential);
    names.map(|message| message.full_name().to_owned()).collect()
});

/// One message.
#[derive(Debug, Default)]
pub(crate) struct Parcel<'e> {
    /// The routing keys of its events, `<center>.<type>`; one, if they are confidential.
    pub(crate) keys: BTreeSet<String>,
    /// Their places among what was given.
    pub(crate) places: Vec<usize>,
    pub(crate) events: Vec<&'e Envelope>,
}

/// Packs events together, as far as the events of each subject keep their order. Confidential ones share a message
/// with those of their center and type only.
pub(crate) fn pack(events: &[Envelope]) -> Vec<Parcel<'_>> {
    let mut parcels: Vec<Parcel<'_>> = Vec::new();
    // The latest parcel of those who may share one, and the latest that holds something of a subject.
    let (mut open, mut by_subject) = (HashMap::<Option<String>, usize>::new(), HashMap::<&str, usize>::new());
    for (place, event) in events.iter().enumerate() {
        let key = format!("{}.{}", event.center, event.kind);
        let company = CONFIDENTIAL.contains(&event.kind).then(|| key.clone());
        let earliest = by_subject.get(event.subject.as_str()).copied().unwrap_or(0);
        let has_room = |index: &usize| parcels.get(*index).is_some_and(|parcel| parcel.events.len() < MOST);
        let latest = open.get(&company).copied().filter(|index| *index >= earliest).filter(has_room);
        let index = latest.unwrap_or(parcels.len());
        if index == parcels.len() {
            parcels.push(Parcel::default());
        }
        if let Some(parcel) = parcels.get_mut(index) {
            parcel.keys.insert(key);
            parcel.places.push(place);
            parcel.events.push(event);
        }
        open.insert(company, index);
        by_subject.insert(&event.subject, index);
    }
    parcels
}

/// Writes events as one message.
pub(crate) fn encode<'e>(events: impl IntoIterator<Item = &'e Envelope>) -> Vec<u8> {
    CloudEventBatch { events: events.into_iter().map(cloud_event).collect() }.encode_to_vec()
}

/// Reads the events of a message; none if any of them is not one.
pub fn decode(message: &[u8]) -> Option<Vec<Envelope>> {
    let batch = CloudEventBatch::decode(message).ok()?;
    batch.events.into_iter().map(envelope).collect()
}

fn cloud_event(event: &Envelope) -> CloudEvent {
    let text = |value: &str| Attr::CeString(value.to_owned());
    let mut attributes = vec![
        ("subject", text(&event.subject)),
        ("time", Attr::CeTimestamp(timestamp(event.time))),
        ("center", text(&event.center)),
        ("version", text(&event.version.to_string())),
    ];
    if let Some(traceparent) = &event.traceparent {
        attributes.push(("traceparent", text(traceparent)));
    }
    let named = |(name, attr): (&str, Attr)| (name.to_owned(), CloudEventAttributeValue { attr: Some(attr) });
    CloudEvent {
        id: event.id.to_string(),
        source: event.source.clone(),
        spec_version: SPEC_VERSION.to_owned(),
        r#type: event.kind.clone(),
        attributes: attributes.into_iter().map(named).collect(),
        data: Some(Data::BinaryData(event.body.to_vec())),
    }
}

fn envelope(event: CloudEvent) -> Option<Envelope> {
    let Some(Data::BinaryData(body)) = event.data else { return None };
    let mut attributes = event.attributes;
    Some(Envelope {
        id: Uuid::parse_str(&event.id).ok()?,
        source: event.source,
        kind: event.r#type,
        center: text(&mut attributes, "center")?,
        subject: text(&mut attributes, "subject")?,
        version: text(&mut attributes, "version")?.parse().ok()?,
        time: time(&mut attributes)?,
        traceparent: text(&mut attributes, "traceparent"),
        body: Bytes::from(body),
    })
}

fn text(attributes: &mut BTreeMap<String, CloudEventAttributeValue>, name: &str) -> Option<String> {
    match attributes.remove(name)?.attr? {
        Attr::CeString(value) => Some(value),
        _ => None,
    }
}

fn time(attributes: &mut BTreeMap<String, CloudEventAttributeValue>) -> Option<DateTime<Utc>> {
    match attributes.remove("time")?.attr? {
        Attr::CeTimestamp(Timestamp { seconds, nanos }) => {
            DateTime::from_timestamp(seconds, u32::try_from(nanos).ok()?)
        }
        _ => None,
    }
}

fn timestamp(time: DateTime<Utc>) -> Timestamp {
    Timestamp {
        seconds: time.timestamp(),
        nanos: i32::try_from(time.timestamp_subsec_nanos()).unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use chrono::{DateTime, Utc};
    use prost_reflect::{Kind, MessageDescriptor};
    use uuid::Uuid;

    use super::{CONFIDENTIAL, decode, encode, pack};
    use crate::messages::Envelope;

    fn event(kind: &str, subject: &str) -> Envelope {
        Envelope {
            id: Uuid::now_v7(),
            source: "430102/intake".to_owned(),
            kind: kind.to_owned(),
            center: "430102".to_owned(),
            subject: subject.to_owned(),
            version: i64::MAX,
            time: "2026-03-02T01:02:03.456789Z".parse::<DateTime<Utc>>().unwrap(),
            traceparent: Some("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01".to_owned()),
            body: vec![1, 2, 3].into(),
        }
    }

    #[test]
    fn what_is_written_is_read() {
        let events = [event("a", "1"), Envelope { traceparent: None, ..event("b", "2") }];
        assert_eq!(decode(&encode(&events)).unwrap(), events);
        assert_eq!(decode(&[]).unwrap(), []);
    }

    #[test]
    fn what_is_no_event_is_nothing() {
        assert_eq!(decode(b"\xff\xff"), None);
        let good = encode([&event("a", "1")]);
        for cut in 1..good.len() {
            assert_eq!(decode(&good[..cut]), None, "cut at {cut}");
        }
    }

    /// What the messages hold, as places, and their routing keys.
    fn packed(given: &[(&str, &str)]) -> Vec<(Vec<usize>, Vec<String>)> {
        let events: Vec<Envelope> = given.iter().map(|(kind, subject)| event(kind, subject)).collect();
        let parcels = pack(&events).into_iter();
        parcels.map(|parcel| (parcel.places, parcel.keys.into_iter().collect())).collect()
    }

    #[test]
    fn what_is_confidential_travels_alone_and_the_events_of_each_subject_keep_their_order() {
        let contact = "yimen.intake.v1.ContactGiven";
        let given =
            [("opened", "1"), (contact, "1"), ("opened", "2"), (contact, "2"), ("task", "1"), ("task", "3")];
        let key = |kind: &str| format!("430102.{kind}");
        // What the first case has after its contact does not go before it.
        let expected = [
            (vec![0, 2], vec![key("opened")]),
            (vec![1, 3], vec![key(contact)]),
            (vec![4, 5], vec![key("task")]),
        ];
        assert_eq!(packed(&given), expected);
        assert_eq!(
            packed(&[("opened", "1"), ("task", "1")]),
            [(vec![0, 1], vec![key("opened"), key("task")])]
        );
    }

    /// Names of fields that hold personal data or a secret.
    const PERSONAL: [&str; 9] =
        ["mobile", "phone", "contact", "payer", "applicant", "address", "id_number", "token", "lookup_code"];

    fn is_personal(message: &MessageDescriptor) -> bool {
        message.fields().any(|field| match field.kind() {
            Kind::Message(inner) => is_personal(&inner),
            Kind::String | Kind::Bytes => PERSONAL.iter().any(|name| field.name().contains(name)),
            _ => false,
        })
    }

    #[test]
    fn an_event_with_personal_data_or_a_secret_is_confidential() {
        let files = yimen_proto::pool().files().filter(|file| file.name().ends_with("/events.proto"));
        let events: Vec<MessageDescriptor> =
            files.flat_map(|file| file.messages().collect::<Vec<_>>()).collect();
        let personal = events.iter().filter(|event| is_personal(event));
        let personal: HashSet<String> = personal.map(|event| event.full_name().to_owned()).collect();
        assert!(!personal.is_empty());
        assert_eq!(personal, *CONFIDENTIAL);
    }

    #[test]
    fn a_message_does_not_grow_without_end() {
        let sizes: Vec<usize> =
            packed(&[("task", "1"); 130]).iter().map(|(places, _)| places.len()).collect();
        assert_eq!(sizes, [64, 64, 2]);
    }
}
