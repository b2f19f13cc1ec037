//! The contract: messages, clients and servers generated from the `.proto` files beside this
//! crate, and their descriptors, which carry the policies, the HTTP routes and the comments.

#![allow(missing_docs, clippy::all, reason = "generated code documents itself in the .proto files")]

use std::sync::LazyLock;

use prost_reflect::DescriptorPool;

pub mod cloudevents {
    pub mod v1 {
        tonic::include_proto!("io.cloudevents.v1");
    }
}
pub mod policy {
    pub mod v1 {
        tonic::include_proto!("yimen.policy.v1");
    }
}
pub mod file {
    pub mod v1 {
        tonic::include_proto!("yimen.file.v1");
    }
}
pub mod identity {
    pub mod v1 {
        tonic::include_proto!("yimen.identity.v1");
    }
}
pub mod intake {
    pub mod v1 {
        tonic::include_proto!("yimen.intake.v1");
    }
}
pub mod approval {
    pub mod v1 {
        tonic::include_proto!("yimen.approval.v1");
    }
}

pub mod fees {
    pub mod v1 {
        tonic::include_proto!("yimen.fees.v1");
    }
}
pub mod notification {
    pub mod v1 {
        tonic::include_proto!("yimen.notification.v1");
    }
}
pub mod complaints {
    pub mod v1 {
        tonic::include_proto!("yimen.complaints.v1");
    }
}
pub mod supervision {
    pub mod v1 {
        tonic::include_proto!("yimen.supervision.v1");
    }
}

impl approval::v1::SpecialProcedureStarted {
    /// The code of its ground, whether it is the law's or one that the item publishes.
    pub fn ground_code(&self) -> &str {
        match self.ground() {
            approval::v1::special_procedure::Ground::Published => &self.published_ground,
            legal => legal.as_str_name(),
        }
    }
}

/// A request that changes something: the same `request_id` with the same content has the same
/// answer, and with other content is refused. Empty means the caller does not repeat it.
pub trait Mutation: prost::Message + prost::Name {
    /// The caller's name for this one change.
    fn request_id(&self) -> &str;
}

include!(concat!(env!("OUT_DIR"), "/mutations.rs"));

/// The encoded `FileDescriptorSet` of every file, with imports and comments.
pub const DESCRIPTORS: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/descriptors.bin"));

static POOL: LazyLock<DescriptorPool> = LazyLock::new(|| {
    #[expect(clippy::expect_used, reason = "the bytes come from this crate's own build")]
    DescriptorPool::decode(DESCRIPTORS).expect("the build wrote a valid descriptor set")
});

/// The descriptors, with extensions resolved.
pub fn pool() -> &'static DescriptorPool {
    &POOL
}
