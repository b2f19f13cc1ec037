//! The routes for files, which no method option describes.

use prost_reflect::MethodDescriptor;
use utoipa::openapi::path::{OperationBuilder, ParameterBuilder, ParameterIn};
use utoipa::openapi::request_body::RequestBodyBuilder;
use utoipa::openapi::{
    Content, HttpMethod, ObjectBuilder, Paths, RefOr, Required, ResponseBuilder, Schema, Type,
};
use yimen_platform::rpc::policy;

use super::{finish, schemas, text, who_may};
use crate::http::files;

/// Adds them.
pub fn describe(paths: &mut Paths, schemas: &mut schemas::Schemas) {
    for method in policy::methods() {
        match method.full_name() {
            "yimen.intake.v1.Intake.UploadFile" => {
                upload(paths, schemas, &method, (files::UPLOADS, "an application"));
            }
            "yimen.complaints.v1.Complaints.UploadComplaintFile" => {
                upload(paths, schemas, &method, (files::COMPLAINT_UPLOADS, "a complaint"));
            }
            "yimen.intake.v1.Intake.DownloadMaterial" => {
                download(paths, schemas, &method, (files::MATERIAL, "material"));
            }
            "yimen.complaints.v1.Complaints.DownloadAttachment" => {
                download(paths, schemas, &method, (files::ATTACHMENT, "complaint"));
            }
            _ => {}
        }
    }
}

fn upload(
    paths: &mut Paths,
    schemas: &mut schemas::Schemas,
    method: &MethodDescriptor,
    (address, belonging): (&str, &str),
) {
    let file_name = ParameterBuilder::new()
        .name("file_name")
        .parameter_in(ParameterIn::Query)
        .required(Required::False)
        .description(Some("The file's name; `Content-Disposition` may say it instead."))
        .schema(Some(text()));
    let operation = about(
        method,
        &format!("Takes in one file of at most 20 MiB ahead of {belonging}. The body is the file."),
    )
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
            .description(format!("The file is kept for 24 hours; `upload_id` names it in {belonging}."))
            .content("application/json", Content::new(Some(schemas.message(&method.output()))))
            .build(),
    );
    let operation = finish(operation, &policy_of(method));
    paths.add_path_operation(address, vec![HttpMethod::Post], operation);
}

fn download(
    paths: &mut Paths,
    schemas: &mut schemas::Schemas,
    method: &MethodDescriptor,
    (address, belonging): (&str, &str),
) {
    let mut operation = about(method, &format!("A file of a {belonging}."));
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
    paths.add_path_operation(address, vec![HttpMethod::Get], operation);
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
