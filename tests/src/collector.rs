//! A collector of spans, as OpenTelemetry's protocol (OTLP 1.0 over gRPC) has it.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use opentelemetry_proto::tonic::collector::trace::v1::trace_service_server::{
    TraceService, TraceServiceServer,
};
use opentelemetry_proto::tonic::collector::trace::v1::{
    ExportTraceServiceRequest, ExportTraceServiceResponse,
};
use tokio::net::TcpListener;
use tonic::service::Routes;
use tonic::{Request, Response, Status};

/// A collector that listens on this machine.
pub struct Collector {
    address: SocketAddr,
    taken: Taken,
}

/// Spans by trace: the process's name and the span's.
type Taken = Arc<Mutex<BTreeMap<Vec<u8>, BTreeSet<(String, String)>>>>;

impl Collector {
    /// Listens until the test ends.
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("it is bound");
        let taken = Taken::default();
        let service = Routes::new(TraceServiceServer::new(Receiver(taken.clone()))).into_axum_router();
        tokio::spawn(async move { axum::serve(listener, service).await.expect("it listens") });
        Self { address, taken }
    }

    /// For `OTEL_EXPORTER_OTLP_ENDPOINT`.
    pub fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Every trace that has come: the process and the name of each of its spans.
    pub fn traces(&self) -> Vec<BTreeSet<(String, String)>> {
        self.taken.lock().expect("nobody panicked").values().cloned().collect()
    }
}

struct Receiver(Taken);

#[tonic::async_trait]
impl TraceService for Receiver {
    async fn export(
        &self,
        request: Request<ExportTraceServiceRequest>,
    ) -> Result<Response<ExportTraceServiceResponse>, Status> {
        let mut taken = self.0.lock().expect("nobody panicked");
        for resource in request.into_inner().resource_spans {
            let attributes = resource.resource.map(|resource| resource.attributes).unwrap_or_default();
            let process = attributes
                .into_iter()
                .find(|attribute| attribute.key == "service.name")
                .and_then(|attribute| attribute.value)
                .map(|value| format!("{:?}", value.value))
                .unwrap_or_default();
            for span in resource.scope_spans.into_iter().flat_map(|scope| scope.spans) {
                taken.entry(span.trace_id).or_default().insert((process.clone(), span.name));
            }
        }
        Ok(Response::new(ExportTraceServiceResponse::default()))
    }
}
