//! Compiles the protobuf files without protoc, and generates the two small traits' implementations
//! that every message needs by its shape: `Mutation` for requests with a `request_id`.

use std::fmt::Write as _;
use std::path::PathBuf;

const FILES: [&str; 27] = [
    "io/cloudevents/v1/cloudevents.proto",
    "yimen/policy/v1/policy.proto",
    "yimen/file/v1/file.proto",
    "yimen/identity/v1/identity.proto",
    "yimen/intake/v1/intake.proto",
    "yimen/intake/v1/events.proto",
    "yimen/approval/v1/approval.proto",
    "yimen/approval/v1/events.proto",
    "yimen/fees/v1/fees.proto",
    "yimen/fees/v1/events.proto",
    "yimen/notification/v1/notification.proto",
    "yimen/notification/v1/events.proto",
    "yimen/supervision/v1/board.proto",
    "yimen/supervision/v1/clock.proto",
    "yimen/supervision/v1/warning.proto",
    "yimen/supervision/v1/supervision.proto",
    "yimen/supervision/v1/events.proto",
    "yimen/complaints/v1/complaint.proto",
    "yimen/complaints/v1/accountability.proto",
    "yimen/complaints/v1/appraisal.proto",
    "yimen/complaints/v1/appraisals.proto",
    "yimen/complaints/v1/scrutinies.proto",
    "yimen/complaints/v1/complaints.proto",
    "yimen/complaints/v1/consultation.proto",
    "yimen/complaints/v1/rating.proto",
    "yimen/complaints/v1/ratings.proto",
    "yimen/complaints/v1/events.proto",
];

fn main() -> Result<(), Box<dyn std::error::Error>> {
    println!("cargo::rerun-if-changed=io");
    println!("cargo::rerun-if-changed=yimen");
    let out = PathBuf::from(std::env::var("OUT_DIR")?);
    let mut compiler = protox::Compiler::new(["."])?;
    compiler.include_imports(true).include_source_info(true).open_files(FILES)?;
    std::fs::write(out.join("descriptors.bin"), compiler.encode_file_descriptor_set())?;
    let descriptors = compiler.file_descriptor_set();

    let mut mutations = String::new();
    for file in &descriptors.file {
        for message in &file.message_type {
            if message.field.iter().any(|f| f.name() == "request_id") {
                let module = file.package().replace('.', "::");
                let module = module.trim_start_matches("yimen::");
                writeln!(
                    mutations,
                    "impl Mutation for {module}::{name} {{ fn request_id(&self) -> &str {{ &self.request_id }} }}",
                    name = message.name()
                )?;
            }
        }
    }
    std::fs::write(out.join("mutations.rs"), mutations)?;

    let mut prost = tonic_prost_build::Config::new();
    prost.enable_type_names();
    // Ordered, so that the same content has the same bytes: idempotency compares their digest.
    prost.btree_map(["."]);
    tonic_prost_build::configure()
        .emit_rerun_if_changed(false)
        .compile_fds_with_config(descriptors, prost)?;
    Ok(())
}
