//! JSON into the contract's messages, with every fault named by its field.
//!
//! It reads the canonical JSON form of protobuf with three differences, all stricter: fields have
//! their proto names only, enum values their names only, and nothing may be given twice.

mod tree;

use std::collections::{HashMap, HashSet};

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};
use chrono::DateTime;
use prost_reflect::{
    DynamicMessage, EnumDescriptor, FieldDescriptor, Kind, MapKey, MessageDescriptor, SerializeOptions, Value,
};
use yimen_kernel::check::Parsed;
use yimen_kernel::error::{Error, FieldError, Kind as ErrorKind, Result};
use yimen_kernel::reason::Reason;

use self::tree::Json;
use super::problem::{COLUMN, LINE};
use super::query::nameable;

/// What stands for the body as a whole where no field can be named.
const WHOLE: &str = "body";
/// Faults that one answer names at most.
const FAULTS_MAX: usize = 100;
/// The one message that has a JSON form of its own in the contract.
const TIMESTAMP: &str = "google.protobuf.Timestamp";

/// Reads a message from JSON. Nothing at all is the empty message.
///
/// # Errors
/// `MALFORMED_BODY` with the position for what is no JSON, `INVALID_REQUEST` with every field that
/// is unknown, given twice or of another type.
pub fn read(body: &[u8], descriptor: &MessageDescriptor) -> Result<DynamicMessage> {
    if body.trim_ascii().is_empty() {
        return Ok(DynamicMessage::new(descriptor.clone()));
    }
    let json: Json = serde_json::from_slice(body).map_err(|error| {
        Error::new(ErrorKind::InvalidArgument, Reason::MalformedBody)
            .with(LINE, error.line())
            .with(COLUMN, error.column())
    })?;
    let mut faults = Faults::default();
    let message = faults.message(&json, descriptor, "");
    if !faults.0.is_empty() {
        return Err(Error::invalid(faults.0));
    }
    message.ok_or_else(|| Error::internal("a body is neither read nor faulty"))
}

/// Writes a message as JSON: every field that can be absent only if it is absent, every other
/// field always.
///
/// # Errors
/// `INTERNAL` for a value that JSON cannot hold.
pub fn write(message: &DynamicMessage) -> Result<Vec<u8>> {
    let options = SerializeOptions::new()
        .use_proto_field_name(true)
        .stringify_64_bit_integers(false)
        .skip_default_fields(false);
    let mut json = Vec::new();
    message
        .serialize_with_options(&mut serde_json::Serializer::new(&mut json), &options)
        .map_err(Error::internal)?;
    Ok(json)
}

/// Reads a scalar that is written as text: in a path or a query.
///
/// # Errors
/// `BAD_FORMAT`, `OUT_OF_RANGE`, `UNKNOWN_VALUE`; `NOT_ALLOWED_HERE` for what has no text form.
pub fn scalar(kind: &Kind, text: &str) -> Parsed<Value> {
    let json = match kind {
        Kind::String | Kind::Enum(_) => Json::Text(text.to_owned()),
        Kind::Bool => match text {
            "true" => Json::Bool(true),
            "false" => Json::Bool(false),
            _ => return Err(Reason::BadFormat.into()),
        },
        Kind::Int32 | Kind::Int64 | Kind::Uint32 | Kind::Uint64 => integer_text(text)?,
        _ => return Err(Reason::NotAllowedHere.into()),
    };
    value(&json, kind)
}

/// The faults found so far.
#[derive(Default)]
struct Faults(Vec<FieldError>);

impl Faults {
    fn add(&mut self, path: &str, reason: Reason) {
        if self.0.len() < FAULTS_MAX {
            let field = if path.is_empty() { WHOLE } else { path };
            self.0.push(FieldError::new(field, reason));
        }
    }

    fn message(&mut self, json: &Json, descriptor: &MessageDescriptor, path: &str) -> Option<DynamicMessage> {
        if descriptor.full_name() == TIMESTAMP {
            let read = timestamp(json, descriptor);
            if read.is_none() {
                self.add(path, Reason::BadFormat);
            }
            return read;
        }
        let Json::Object(members) = json else {
            self.add(path, Reason::BadFormat);
            return None;
        };
        let mut message = DynamicMessage::new(descriptor.clone());
        let mut seen = HashSet::new();
        for (name, json) in members {
            let Some(field) = descriptor.get_field_by_name(name) else {
                self.add(
                    &nameable(name).map_or_else(|| path.to_owned(), |name| join(path, name)),
                    Reason::NotAllowedHere,
                );
                continue;
            };
            let path = join(path, name);
            if !seen.insert(field.number()) {
                self.add(&path, Reason::Duplicate);
                continue;
            }
            if matches!(json, Json::Null) {
                continue;
            }
            // Of the alternatives of a oneof only one may be given.
            if let Some(oneof) = field.containing_oneof()
                && oneof.fields().any(|other| message.has_field(&other))
            {
                self.add(&path, Reason::NotAllowedHere);
                continue;
            }
            if let Some(value) = self.field(json, &field, &path) {
                message.set_field(&field, value);
            }
        }
        Some(message)
    }

    fn field(&mut self, json: &Json, field: &FieldDescriptor, path: &str) -> Option<Value> {
        if field.is_map() {
            return self.map(json, field, path);
        }
        if !field.is_list() {
            return self.value(json, &field.kind(), path);
        }
        let Json::List(items) = json else {
            self.add(path, Reason::BadFormat);
            return None;
        };
        let kind = field.kind();
        let read = items
            .iter()
            .enumerate()
            .filter_map(|(at, item)| self.value(item, &kind, &format!("{path}[{at}]")));
        Some(Value::List(read.collect()))
    }

    fn map(&mut self, json: &Json, field: &FieldDescriptor, path: &str) -> Option<Value> {
        let (Json::Object(members), Kind::Message(entry)) = (json, field.kind()) else {
            self.add(path, Reason::BadFormat);
            return None;
        };
        let kind = entry.map_entry_value_field().kind();
        let mut map = HashMap::new();
        for (name, json) in members {
            let path = nameable(name).map_or_else(|| path.to_owned(), |name| join(path, name));
            let Some(value) = self.value(json, &kind, &path) else { continue };
            if map.insert(MapKey::String(name.clone()), value).is_some() {
                self.add(&path, Reason::Duplicate);
            }
        }
        Some(Value::Map(map))
    }

    fn value(&mut self, json: &Json, kind: &Kind, path: &str) -> Option<Value> {
        if let Kind::Message(descriptor) = kind {
            return self.message(json, descriptor, path).map(Value::Message);
        }
        match value(json, kind) {
            Ok(value) => Some(value),
            Err(fault) if self.0.len() < FAULTS_MAX => {
                self.0.push(fault.at(path));
                None
            }
            Err(_) => None,
        }
    }
}

fn value(json: &Json, kind: &Kind) -> Parsed<Value> {
    let faulty = || Err(Reason::BadFormat.into());
    match (kind, json) {
        (Kind::String, Json::Text(text)) => Ok(Value::String(text.clone())),
        (Kind::Bool, Json::Bool(value)) => Ok(Value::Bool(*value)),
        (Kind::Bytes, Json::Text(text)) => match STANDARD.decode(text).or_else(|_| URL_SAFE.decode(text)) {
            Ok(bytes) => Ok(Value::Bytes(bytes.into())),
            Err(_) => faulty(),
        },
        (Kind::Enum(descriptor), Json::Text(name)) => named(descriptor, name),
        (Kind::Int32 | Kind::Sint32 | Kind::Sfixed32, json) => Ok(Value::I32(integer(json)?)),
        (Kind::Int64 | Kind::Sint64 | Kind::Sfixed64, json) => Ok(Value::I64(integer(json)?)),
        (Kind::Uint32 | Kind::Fixed32, json) => Ok(Value::U32(integer(json)?)),
        (Kind::Uint64 | Kind::Fixed64, json) => Ok(Value::U64(integer(json)?)),
        _ => faulty(),
    }
}

fn named(descriptor: &EnumDescriptor, name: &str) -> Parsed<Value> {
    let value = descriptor.get_value_by_name(name).ok_or(Reason::UnknownValue)?;
    Ok(Value::EnumNumber(value.number()))
}

/// An integer, also as text: JSON's numbers are not exact beyond 2^53 everywhere.
fn integer<T: TryFrom<i128>>(json: &Json) -> Parsed<T> {
    let number = match json {
        Json::Integer(number) => *number,
        Json::Text(text) => match integer_text(text)? {
            Json::Integer(number) => number,
            _ => return Err(Reason::BadFormat.into()),
        },
        _ => return Err(Reason::BadFormat.into()),
    };
    T::try_from(number).map_err(|_| Reason::OutOfRange.into())
}

fn integer_text(text: &str) -> Parsed<Json> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(Reason::BadFormat.into());
    }
    text.parse().map(Json::Integer).map_err(|_| Reason::OutOfRange.into())
}

fn timestamp(json: &Json, descriptor: &MessageDescriptor) -> Option<DynamicMessage> {
    let Json::Text(text) = json else { return None };
    let time = DateTime::parse_from_rfc3339(text).ok()?;
    let mut message = DynamicMessage::new(descriptor.clone());
    message.try_set_field_by_name("seconds", Value::I64(time.timestamp())).ok()?;
    let nanos = i32::try_from(time.timestamp_subsec_nanos()).ok()?;
    message.try_set_field_by_name("nanos", Value::I32(nanos)).ok()?;
    Some(message)
}

fn join(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use prost::Message as _;
    use yimen_proto::approval::v1::ProposeInspectionRequest;
    use yimen_proto::intake::v1::{SubmitApplicationRequest, TrackedApplication, material_input};

    fn submit() -> MessageDescriptor {
        yimen_proto::pool().get_message_by_name("yimen.intake.v1.SubmitApplicationRequest").unwrap()
    }

    fn faults(body: &str) -> Vec<(String, Reason)> {
        let error = read(body.as_bytes(), &submit()).unwrap_err();
        error.fields().iter().map(|f| (f.field.clone(), f.reason)).collect()
    }

    #[test]
    fn a_whole_application_is_read() {
        let body = r#"{"center":"430102","applicant":{"kind":"PERSON","name":"示例"},"form":{"area":"12"},
            "materials":[{"code":"a","upload_id":"u"},{"code":"b","promised":true},
            {"code":"c","file":{"file_name":"c.txt","content":"aGk="}}],"subject":null}"#;
        let message = read(body.as_bytes(), &submit()).unwrap();
        let typed = SubmitApplicationRequest::decode(message.encode_to_vec().as_slice()).unwrap();
        assert_eq!(typed.center, "430102");
        assert_eq!(typed.form["area"], "12");
        assert_eq!(typed.materials[1].source, Some(material_input::Source::Promised(true)));
        let Some(material_input::Source::File(file)) = &typed.materials[2].source else { panic!("no file") };
        assert_eq!(file.content, b"hi");
        assert!(read(b"", &submit()).unwrap().encode_to_vec().is_empty());
    }

    #[test]
    fn every_fault_is_named() {
        assert_eq!(
            faults(
                r#"{"nope":1,"center":5,"center":"x","applicant":{"kind":"ALIEN","Name":"","mobile":["1"]},
                "materials":[{"code":1},{"promised":true,"upload_id":"u"},7],"form":{"a":1,"秘密":2},"<b>":0}"#
            ),
            [
                ("nope".to_owned(), Reason::NotAllowedHere),
                ("center".to_owned(), Reason::BadFormat),
                ("center".to_owned(), Reason::Duplicate),
                ("applicant.kind".to_owned(), Reason::UnknownValue),
                ("applicant.Name".to_owned(), Reason::NotAllowedHere),
                ("applicant.mobile".to_owned(), Reason::BadFormat),
                ("materials[0].code".to_owned(), Reason::BadFormat),
                ("materials[1].upload_id".to_owned(), Reason::NotAllowedHere),
                ("materials[2]".to_owned(), Reason::BadFormat),
                ("form.a".to_owned(), Reason::BadFormat),
                ("form".to_owned(), Reason::BadFormat),
                ("body".to_owned(), Reason::NotAllowedHere),
            ]
        );
        assert_eq!(faults("[]"), [("body".to_owned(), Reason::BadFormat)]);
        let many = format!("{{{}}}", vec![r#""x":1"#; 5_000].join(","));
        assert_eq!(faults(&many).len(), FAULTS_MAX);
    }

    #[test]
    fn broken_json_has_a_position() {
        let deep = "[".repeat(100_000);
        for body in ["{", "{\"center\": \"4\n", "{} x", "\u{feff}{}", "{'a':1}", &deep, "nul", "1e999"] {
            let error = read(body.as_bytes(), &submit()).unwrap_err();
            assert_eq!(error.reason(), Reason::MalformedBody, "{body:.20}");
            assert!(error.metadata().contains_key(LINE) && error.metadata().contains_key(COLUMN));
        }
        assert_eq!(read(b"{\"center\":\"\xff\"}", &submit()).unwrap_err().reason(), Reason::MalformedBody);
    }

    #[test]
    fn numbers_keep_their_range() {
        let descriptor = yimen_proto::pool().get_message_by_name("yimen.approval.v1.DecideRequest").unwrap();
        let reason = |json: &str| {
            let body = format!(r#"{{"materials_revision":{json}}}"#);
            read(body.as_bytes(), &descriptor).err().map(|error| error.fields()[0].reason)
        };
        for good in ["0", "4294967295", "\"7\""] {
            assert_eq!(reason(good), None, "{good}");
        }
        for far in
            ["-1", "4294967296", "18446744073709551615", "\"99999999999999999999999999999999999999999\""]
        {
            assert_eq!(reason(far), Some(Reason::OutOfRange), "{far}");
        }
        for bad in ["1.5", "\"\"", "\"+1\"", "true", "\" 1\""] {
            assert_eq!(reason(bad), Some(Reason::BadFormat), "{bad}");
        }
    }

    #[test]
    fn times_are_rfc_3339() {
        let pool = yimen_proto::pool();
        let descriptor = pool.get_message_by_name("yimen.approval.v1.ProposeInspectionRequest").unwrap();
        let read = |time: &str| read(format!(r#"{{"time":{time}}}"#).as_bytes(), &descriptor);
        let message = read("\"2026-03-02T09:00:00+08:00\"").unwrap();
        let typed = ProposeInspectionRequest::decode(message.encode_to_vec().as_slice()).unwrap();
        assert_eq!(typed.time.unwrap().seconds, 1_772_413_200);
        for bad in ["\"2026-03-02\"", "\"\"", "5", "{\"seconds\":1}", "\"2026-02-30T00:00:00Z\""] {
            assert_eq!(read(bad).unwrap_err().fields()[0].reason, Reason::BadFormat, "{bad}");
        }
        let google = pool
            .all_messages()
            .filter(|message| message.package_name().starts_with("yimen."))
            .flat_map(|message| {
                message.fields().filter_map(|field| field.kind().as_message().cloned()).collect::<Vec<_>>()
            });
        for message in google.filter(|message| message.package_name() == "google.protobuf") {
            assert_eq!(message.full_name(), TIMESTAMP, "teach `message` its JSON form");
        }
    }

    #[test]
    fn scalars_are_always_written_and_messages_only_when_there() {
        let descriptor =
            yimen_proto::pool().get_message_by_name("yimen.intake.v1.TrackedApplication").unwrap();
        let typed = TrackedApplication { number: "1".into(), state: 1, ..Default::default() };
        let message = DynamicMessage::decode(descriptor, typed.encode_to_vec().as_slice()).unwrap();
        let json: serde_json::Value = serde_json::from_slice(&write(&message).unwrap()).unwrap();
        assert_eq!(json["state"], "SUBMITTED");
        assert_eq!(json["item_name_zh"], "");
        assert_eq!(json["outcome"], "OUTCOME_UNSPECIFIED");
        assert_eq!(json["timeline"], serde_json::json!([]));
        assert!(json.get("accept_time").is_none());
    }
}
