//! The description of the HTTP interface (OpenAPI 3.1), from the same descriptors as the routes.

mod comments;
mod files;
mod schemas;

use std::sync::Arc;

use axum::response::{IntoResponse as _, Response};
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use http::{HeaderValue, Method};
use prost_reflect::FieldDescriptor;
use utoipa::openapi::extensions::ExtensionsBuilder;
use utoipa::openapi::path::{Operation, OperationBuilder, Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::request_body::RequestBodyBuilder;
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityRequirement, SecurityScheme};
use utoipa::openapi::tag::TagBuilder;
use utoipa::openapi::{
    ComponentsBuilder, Content, HttpMethod, Info, ObjectBuilder, OpenApi, OpenApiBuilder, Paths, Ref, RefOr,
    Required, ResponseBuilder, Schema, Type,
};
use yimen_kernel::actor::Role;
use yimen_platform::rpc::actor::role_to_proto;
use yimen_platform::rpc::policy::Policy;

use super::problem;
use super::route::Route;

/// Where the document is.
pub const ADDRESS: &str = "/api/openapi.json";
/// The name of the one security scheme.
const BEARER: &str = "bearer";
/// The refusals that every operation can answer, by status: component name and sentence.
const REFUSALS: [(&str, &str, &str); 10] = [
    ("400", "InvalidRequest", "The request is wrong; `fields` names each field that is."),
    ("401", "NotSignedIn", "No credential, or one that is not good any more."),
    ("403", "NotPermitted", "The caller is known and may not do this."),
    ("404", "NotFound", "It does not exist, or the caller may not know that it does."),
    ("409", "Conflict", "The state of things forbids it, or somebody else was faster."),
    ("413", "TooLarge", "The body or the file is too large."),
    ("415", "NotJson", "The body has another media type than `application/json`."),
    ("429", "TooMany", "Too much, too often; later it may work."),
    ("500", "Internal", "Our fault."),
    ("503", "Unavailable", "A part of the system is away; the same request may be repeated."),
];

const ABOUT: &str = "One window for every department. JSON has the field names of the protobuf contract; \
the same methods are reachable through gRPC on the same port. A refusal is `application/problem+json` with a \
`reason` to branch on and a `detail` in the language of `Accept-Language` (Chinese unless English is asked for). \
A `POST` with an `Idempotency-Key` may be repeated: the same key with the same content has the same answer.";

/// Answers with the document.
pub async fn serve(document: Arc<str>) -> Response {
    let headers = [
        (CONTENT_TYPE, HeaderValue::from_static("application/json")),
        (CACHE_CONTROL, HeaderValue::from_static("no-cache")),
    ];
    (headers, document.to_string()).into_response()
}

/// The document of these routes and of the file routes.
pub fn document(routes: &[Route]) -> OpenApi {
    let mut paths = Paths::new();
    let mut schemas = schemas::Schemas::default();
    for route in routes {
        let verb = if route.verb == Method::GET { HttpMethod::Get } else { HttpMethod::Post };
        paths.add_path_operation(&route.pattern, vec![verb], operation(route, &mut schemas));
    }
    files::describe(&mut paths, &mut schemas);

    let mut components = ComponentsBuilder::new().security_scheme(
        BEARER,
        SecurityScheme::Http(
            Http::builder()
                .scheme(HttpAuthScheme::Bearer)
                .description(Some("A session token from `POST /api/v1/sessions`, or a department's API key."))
                .build(),
        ),
    );
    for (_, name, sentence) in REFUSALS {
        let response = ResponseBuilder::new()
            .description(sentence)
            .content(problem::MEDIA_TYPE, Content::new(Some(Ref::from_schema_name(schemas::PROBLEM))));
        components = components.response(name, response.build());
    }
    for (name, schema) in schemas.finish() {
        components = components.schema(name, schema);
    }
    let mut info = Info::new("Yimen 一门", env!("CARGO_PKG_VERSION"));
    info.description = Some(ABOUT.to_owned());
    OpenApiBuilder::new()
        .info(info)
        .paths(paths)
        .components(Some(components.build()))
        .tags(Some(tags(routes)))
        .build()
}

fn tags(routes: &[Route]) -> Vec<utoipa::openapi::Tag> {
    let mut tags = Vec::new();
    for route in routes {
        let service = route.method.parent_service();
        if tags.iter().any(|tag: &utoipa::openapi::Tag| tag.name == service.name()) {
            continue;
        }
        let about = comments::of(&service.parent_file(), service.path());
        tags.push(TagBuilder::new().name(service.name()).description(about).build());
    }
    tags
}

fn operation(route: &Route, schemas: &mut schemas::Schemas) -> Operation {
    let method = &route.method;
    let about = comments::of(&method.parent_file(), method.path());
    let mut operation = OperationBuilder::new()
        .tag(method.parent_service().name())
        .operation_id(Some(method.name()))
        .summary(about.as_deref().map(comments::first_sentence))
        .description(Some(format!("{}\n\n{}", about.unwrap_or_default(), who_may(&route.policy))));
    for field in &route.in_path {
        operation = operation.parameter(parameter(field, ParameterIn::Path, schemas));
    }
    for field in route.in_query() {
        operation = operation.parameter(parameter(&field, ParameterIn::Query, schemas));
    }
    if method.is_server_streaming() {
        operation = operation.parameter(last_event_id());
    }
    if route.verb == Method::POST {
        if route.has_request_id() {
            operation = operation.parameter(idempotency_key());
        }
        let body = Content::new(Some(schemas.message(&method.input())));
        let required = if needs_body(route) { Required::True } else { Required::False };
        let body = RequestBodyBuilder::new().content("application/json", body).required(Some(required));
        operation = operation.request_body(Some(body.build()));
    }
    let answer = Content::new(Some(schemas.message(&method.output())));
    let about = comments::of(&method.output().parent_file(), method.output().path());
    let media_type = if method.is_server_streaming() { "text/event-stream" } else { "application/json" };
    let success = ResponseBuilder::new()
        .description(about.unwrap_or_else(|| "Done.".to_owned()))
        .content(media_type, answer);
    let success = if method.full_name() == super::document::METHOD {
        success.content("text/plain", Content::new(Some(text())))
    } else {
        success
    };
    finish(operation.response(route.success.to_string(), success.build()), &route.policy)
}

/// Whether the body says anything that the path and the headers do not.
fn needs_body(route: &Route) -> bool {
    let said =
        |field: &FieldDescriptor| field.name() == super::route::REQUEST_ID || route.in_path.contains(field);
    route.method.input().fields().any(|field| !said(&field))
}

/// Adds the refusals and who may call.
fn finish(mut operation: OperationBuilder, policy: &Policy) -> Operation {
    for (status, name, _) in REFUSALS {
        operation = operation.response(status, Ref::from_response_name(name));
    }
    let bearer = SecurityRequirement::new(BEARER, Vec::<String>::new());
    if let Policy::Roles(roles) = policy {
        let names: Vec<&str> = roles.iter().map(|role| role_name(*role)).collect();
        return operation
            .security(bearer)
            .extensions(Some(ExtensionsBuilder::new().add("x-roles", names).build()))
            .build();
    }
    // With an account or without one.
    operation.security(SecurityRequirement::default()).security(bearer).build()
}

fn who_may(policy: &Policy) -> String {
    match policy {
        Policy::Roles(roles) => {
            let names: Vec<String> = roles.iter().map(|role| format!("`{}`", role_name(*role))).collect();
            format!("Needs one of the roles {}.", names.join(", "))
        }
        Policy::Anyone | Policy::Internal => "Open to everyone.".to_owned(),
    }
}

fn role_name(role: Role) -> &'static str {
    role_to_proto(role).as_str_name()
}

fn parameter(field: &FieldDescriptor, at: ParameterIn, schemas: &mut schemas::Schemas) -> Parameter {
    let required = if at == ParameterIn::Path { Required::True } else { Required::False };
    ParameterBuilder::new()
        .name(field.name())
        .parameter_in(at)
        .required(required)
        .description(comments::of(&field.parent_file(), field.path()))
        .schema(Some(schemas.field(field)))
        .build()
}

fn idempotency_key() -> Parameter {
    ParameterBuilder::new()
        .name("Idempotency-Key")
        .parameter_in(ParameterIn::Header)
        .required(Required::False)
        .description(Some(
            "The caller's name for this one change, at most 128 visible ASCII characters; the same as `request_id`.",
        ))
        .schema(Some(text()))
        .build()
}

fn last_event_id() -> Parameter {
    ParameterBuilder::new()
        .name("Last-Event-ID")
        .parameter_in(ParameterIn::Header)
        .required(Required::False)
        .description(Some(
            "The `id` of the last event that the client has seen: the stream goes on after it.",
        ))
        .schema(Some(text()))
        .build()
}

fn text() -> RefOr<Schema> {
    ObjectBuilder::new().schema_type(Type::String).build().into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::route;
    use serde_json::Value;

    fn shown() -> (Vec<Route>, Value) {
        let routes = route::all().unwrap();
        let document = serde_json::to_value(document(&routes)).unwrap();
        (routes, document)
    }

    fn references(value: &Value, found: &mut Vec<String>) {
        match value {
            Value::Object(members) => {
                if let Some(Value::String(reference)) = members.get("$ref") {
                    found.push(reference.clone());
                }
                members.values().for_each(|member| references(member, found));
            }
            Value::Array(items) => items.iter().for_each(|item| references(item, found)),
            _ => {}
        }
    }

    #[test]
    fn every_routed_method_is_described() {
        let (routes, document) = shown();
        assert_eq!(document["openapi"], "3.1.0");
        for route in &routes {
            let operation = &document["paths"][&route.pattern][route.verb.as_str().to_lowercase()];
            let name = route.method.full_name();
            assert_eq!(operation["operationId"], route.method.name(), "{name}");
            assert!(
                operation["summary"].as_str().is_some_and(|text| text.len() > 10),
                "{name} has no comment"
            );
            assert!(operation["responses"][route.success.to_string()].is_object(), "{name}");
            assert!(operation["responses"]["400"].is_object(), "{name}");
        }
        let accept = &document["paths"]["/api/v1/applications/{number}/accept"]["post"];
        assert_eq!(accept["x-roles"], serde_json::json!(["ROLE_CLERK"]));
        assert_eq!(accept["requestBody"]["required"], false);
        assert_eq!(accept["parameters"][0]["name"], "number");
        assert_eq!(accept["parameters"][1]["name"], "Idempotency-Key");
        for address in [crate::http::files::UPLOADS, crate::http::files::COMPLAINT_UPLOADS] {
            assert!(document["paths"][address]["post"].is_object());
        }
        for address in [crate::http::files::MATERIAL, crate::http::files::ATTACHMENT] {
            assert!(document["paths"][address]["get"].is_object());
        }
    }

    #[test]
    fn it_reads_back_and_every_reference_resolves() {
        let (_, document) = shown();
        let text = document.to_string();
        let again: OpenApi = serde_json::from_str(&text).unwrap();
        assert_eq!(serde_json::to_value(again).unwrap(), document);
        let mut found = Vec::new();
        references(&document, &mut found);
        assert!(found.len() > 100);
        for reference in found {
            let pointer = reference.strip_prefix('#').unwrap();
            assert!(document.pointer(pointer).is_some(), "{reference}");
        }
    }

    #[test]
    fn schemas_are_those_of_the_contract() {
        let (_, document) = shown();
        let schemas = &document["components"]["schemas"];
        let submit = &schemas["intake.SubmitApplicationRequest"]["properties"];
        assert_eq!(submit["applicant"]["$ref"], "#/components/schemas/intake.Applicant");
        assert_eq!(submit["form"]["additionalProperties"]["type"], "string");
        assert_eq!(submit["materials"]["type"], "array");
        let tracked = &schemas["intake.TrackedApplication"]["properties"];
        assert_eq!(tracked["submit_time"]["format"], "date-time");
        let states = schemas["intake.ApplicationState.Value"]["enum"].as_array().unwrap();
        assert!(states.contains(&"SUBMITTED".into()));
        let file = &schemas["file.InlineFile"]["properties"]["content"];
        assert_eq!(file["contentEncoding"], "base64");
        assert!(schemas.get("identity.AuthenticateRequest").is_none(), "what is internal is not described");
    }
}
