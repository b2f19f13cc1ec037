//! The two routes for files, which no method option describes.

use prost_reflect::MethodDescriptor;
use utoipa::openapi::path::{OperationBuilder, ParameterBuilder, ParameterIn};
use utoipa::openapi::request_body::RequestBodyBuilder;
use utoipa::openapi::{
    Content, HttpMethod, ObjectBuilder, Paths, RefOr, Required, ResponseBuilder, Schema, Type,
};
use yimen_platform::rpc::policy;

use super::{finish, schemas, text, who_may};
use crate::http::files;

/// Adds both.
pub fn describe(paths: &mut Paths, schemas: &mut schemas::Schemas) {
    for method in policy::methods() {
        match method.full_name() {
            "yimen.intake.v1.Intake.UploadFile" => {
                upload(paths, schemas, &method);
            }
            "yimen.intake.v1.Intake.DownloadMaterial" => {
                download(paths, schemas, &method);
            }
            _ => {}
        }
    }
}

fn upload(paths: &mut Paths, schemas: &mut schemas::Schemas, method: &MethodDescriptor) {
    let file_name = ParameterBuilder::new()
        .name("file_name")
        .parameter_in(ParameterIn::Query)
        .required(Required::False)
        .description(Some("The file's name; `Content-Disposition` may say it instead."))
        .schema(Some(text()));
    let operation =
        about(method, "Takes in one file of at most 20 MiB ahead of an application. The body is the file.")
            .parameter(file_name)
            .request_body(Some(
                RequestBodyBuilder::new()
                    .required(Some(Required::True))
                    .content("application/octet-stream", Content::new(Some(bytes())))
                    .build(),
            ))
            .response(
                "201",
                ResponseBuilder::new()
                    .description("The file is kept for 24 hours; `upload_id` names it in an application.")
                    .content("application/json", Content::new(Some(schemas.message(&method.output()))))
                    .build(),
            );
    let operation = finish(operation, &policy_of(method));
    paths.add_path_operation(files::UPLOADS, vec![HttpMethod::Post], operation);
}

fn download(paths: &mut Paths, schemas: &mut schemas::Schemas, method: &MethodDescriptor) {
    let mut operation = about(method, "The file of a material.");
    for field in method.input().fields() {
        let at = if field.name() == "revision" { ParameterIn::Query } else { ParameterIn::Path };
        operation = operation.parameter(super::parameter(&field, at, schemas));
    }
    let operation = operation.response(
        "200",
        ResponseBuilder::new()
            .description("The file, with its own media type.")
            .content("*/*", Content::new(Some(bytes())))
            .build(),
    );
    let operation = finish(operation, &policy_of(method));
    paths.add_path_operation(files::MATERIAL, vec![HttpMethod::Get], operation);
}

fn about(method: &MethodDescriptor, summary: &str) -> OperationBuilder {
    OperationBuilder::new()
        .tag(method.parent_service().name())
        .operation_id(Some(method.name()))
        .summary(Some(summary))
        .description(Some(format!("{summary}\n\n{}", who_may(&policy_of(method)))))
}

/// A method without a rule is closed to everyone, and described so.
fn policy_of(method: &MethodDescriptor) -> policy::Policy {
    policy::of(method).unwrap_or(policy::Policy::Roles(Vec::new()))
}

fn bytes() -> RefOr<Schema> {
    ObjectBuilder::new()
        .schema_type(Type::String)
        .content_media_type("application/octet-stream")
        .build()
        .into()
}
