//! The contract's messages and enums as JSON schemas.

use std::collections::BTreeMap;

use prost_reflect::{EnumDescriptor, FieldDescriptor, Kind, MessageDescriptor};
use serde_json::json;
use utoipa::openapi::schema::{AdditionalProperties, SchemaType};
use utoipa::openapi::{ArrayBuilder, KnownFormat, ObjectBuilder, Ref, RefOr, Schema, SchemaFormat, Type};

use super::comments;

/// The component of a refusal's body.
pub const PROBLEM: &str = "Problem";

/// The schemas that the document has met so far.
#[derive(Default)]
pub struct Schemas(BTreeMap<String, RefOr<Schema>>);

impl Schemas {
    /// All schemas by component name, with that of a refusal.
    pub fn finish(mut self) -> BTreeMap<String, RefOr<Schema>> {
        self.0.insert(PROBLEM.to_owned(), problem());
        self.0
    }

    /// The schema of a message, which becomes a component together with all that it holds.
    pub fn message(&mut self, message: &MessageDescriptor) -> RefOr<Schema> {
        if message.full_name() == "google.protobuf.Timestamp" {
            return string(Some(KnownFormat::DateTime), None);
        }
        let name = component(message.full_name());
        if !self.0.contains_key(&name) {
            // Its place is taken first, because a message may hold itself.
            self.0.insert(name.clone(), ObjectBuilder::new().build().into());
            let mut object = ObjectBuilder::new()
                .schema_type(Type::Object)
                .description(comments::of(&message.parent_file(), message.path()));
            for field in message.fields() {
                object = object.property(field.name(), self.field(&field));
            }
            self.0.insert(name.clone(), object.build().into());
        }
        Ref::from_schema_name(name).into()
    }

    /// The schema of a field.
    pub fn field(&mut self, field: &FieldDescriptor) -> RefOr<Schema> {
        let about = comments::of(&field.parent_file(), field.path());
        if let (true, Kind::Message(entry)) = (field.is_map(), field.kind()) {
            let values = self.kind(&entry.map_entry_value_field().kind(), None);
            let map = ObjectBuilder::new()
                .schema_type(Type::Object)
                .description(about)
                .additional_properties(Some(AdditionalProperties::RefOr(values)));
            return map.build().into();
        }
        if field.is_list() {
            let items = self.kind(&field.kind(), None);
            return ArrayBuilder::new().items(items).description(about).build().into();
        }
        self.kind(&field.kind(), about)
    }

    fn kind(&mut self, kind: &Kind, about: Option<String>) -> RefOr<Schema> {
        match kind {
            Kind::Message(message) => described(self.message(message), about),
            Kind::Enum(descriptor) => described(self.enumeration(descriptor), about),
            Kind::String => string(None, about),
            Kind::Bytes => {
                let object = ObjectBuilder::new().schema_type(Type::String).description(about);
                object.content_encoding("base64").build().into()
            }
            Kind::Bool => typed(Type::Boolean, None, about),
            Kind::Float | Kind::Double => typed(Type::Number, None, about),
            Kind::Int64 | Kind::Sint64 | Kind::Sfixed64 | Kind::Uint64 | Kind::Fixed64 => {
                typed(Type::Integer, Some(KnownFormat::Int64), about)
            }
            Kind::Uint32 | Kind::Fixed32 => {
                let object = ObjectBuilder::new().schema_type(Type::Integer).description(about);
                object.minimum(Some(0)).maximum(Some(u32::MAX as f64)).build().into()
            }
            Kind::Int32 | Kind::Sint32 | Kind::Sfixed32 => {
                typed(Type::Integer, Some(KnownFormat::Int32), about)
            }
        }
    }

    fn enumeration(&mut self, descriptor: &EnumDescriptor) -> RefOr<Schema> {
        let name = component(descriptor.full_name());
        if !self.0.contains_key(&name) {
            let file = descriptor.parent_file();
            let mut about = comments::of(&file, descriptor.path()).unwrap_or_default();
            for value in descriptor.values() {
                if let Some(comment) = comments::of(&file, value.path()) {
                    about.push_str(&format!("\n- `{}`: {comment}", value.name()));
                }
            }
            let names: Vec<String> = descriptor.values().map(|value| value.name().to_owned()).collect();
            let schema = ObjectBuilder::new()
                .schema_type(Type::String)
                .enum_values(Some(names))
                .description((!about.is_empty()).then(|| about.trim().to_owned()));
            self.0.insert(name.clone(), schema.build().into());
        }
        Ref::from_schema_name(name).into()
    }
}

/// `intake.Applicant` for `yimen.intake.v1.Applicant`.
fn component(full_name: &str) -> String {
    full_name.trim_start_matches("yimen.").replacen(".v1.", ".", 1)
}

fn described(schema: RefOr<Schema>, about: Option<String>) -> RefOr<Schema> {
    match (schema, about) {
        (RefOr::Ref(mut reference), Some(about)) => {
            reference.description = about;
            reference.into()
        }
        (RefOr::T(Schema::Object(mut object)), Some(about)) => {
            object.description = Some(about);
            object.into()
        }
        (schema, _) => schema,
    }
}

fn string(format: Option<KnownFormat>, about: Option<String>) -> RefOr<Schema> {
    typed(Type::String, format, about)
}

fn typed(kind: Type, format: Option<KnownFormat>, about: Option<String>) -> RefOr<Schema> {
    ObjectBuilder::new()
        .schema_type(SchemaType::Type(kind))
        .format(format.map(SchemaFormat::KnownFormat))
        .description(about)
        .build()
        .into()
}

fn problem() -> RefOr<Schema> {
    let text = |about: &str| string(None, Some(about.to_owned()));
    let field = ObjectBuilder::new()
        .schema_type(Type::Object)
        .property("field", text("The field's path, for example `materials[2].code`."))
        .property("reason", text("What is wrong with it, to branch on."))
        .property("detail", text("The same for people."))
        .property("limit", text("The limit that it broke, where there is one."))
        .required("field")
        .required("reason")
        .required("detail");
    let position = ObjectBuilder::new()
        .schema_type(Type::Object)
        .property("line", typed(Type::Integer, None, None))
        .property("column", typed(Type::Integer, None, None))
        .description(Some("Where the JSON could not be read any further, counted from 1."));
    ObjectBuilder::new()
        .schema_type(Type::Object)
        .description(Some("A refusal (RFC 9457)."))
        .property("type", text("A name for the kind of problem."))
        .property("title", text("The kind of problem for people."))
        .property("status", typed(Type::Integer, None, Some("The HTTP status.".to_owned())))
        .property("detail", text("What happened and what to do, for people."))
        .property("reason", text("Why, to branch on; it never changes its meaning."))
        .property("fields", ArrayBuilder::new().items(field))
        .property("position", position)
        .required("type")
        .required("title")
        .required("status")
        .required("detail")
        .required("reason")
        .required("fields")
        .examples([json!({
            "type": "urn:yimen:problem:STALE_VERSION",
            "title": "Changed meanwhile",
            "status": 409,
            "detail": "Someone else changed this meanwhile. Please reload and decide again.",
            "reason": "STALE_VERSION",
            "fields": [],
        })])
        .build()
        .into()
}
