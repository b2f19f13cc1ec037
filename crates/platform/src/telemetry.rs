//! Logs, traces and metrics.
//!
//! Logs are sentences on stderr (`RUST_LOG` filters them; `YIMEN_LOG=json` makes them JSON).
//! Spans leave over OTLP when `OTEL_EXPORTER_OTLP_ENDPOINT` is set; the trace context travels as
//! W3C `traceparent` in gRPC metadata, outbox rows and events. Metrics are in the Prometheus
//! text format under `/metrics`. None of them carries personal data.

use std::collections::HashMap;
use std::io::IsTerminal as _;
use std::sync::OnceLock;

use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use opentelemetry::propagation::TextMapPropagator as _;
use opentelemetry::trace::{TraceContextExt as _, TracerProvider as _};
use opentelemetry_otlp::SpanExporter;
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::propagation::TraceContextPropagator;
use opentelemetry_sdk::trace::SdkTracerProvider;
use tracing::Span;
use tracing::level_filters::LevelFilter;
use tracing_opentelemetry::OpenTelemetrySpanExt as _;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{EnvFilter, Layer as _};

/// Seconds: from a call inside one process to one that waits for a slow disk.
const LATENCY_BUCKETS: [f64; 11] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0];

static METRICS: OnceLock<PrometheusHandle> = OnceLock::new();

/// Flushes what is left to export when it is dropped.
pub struct Telemetry(Option<SdkTracerProvider>);

impl Drop for Telemetry {
    fn drop(&mut self) {
        if let Some(Err(error)) = self.0.take().map(|provider| provider.shutdown()) {
            tracing::warn!(%error, "The last spans could not be exported.");
        }
    }
}

/// Starts logs, traces and metrics for this process, once; `name` is the process's in traces.
///
/// # Errors
/// A sentence when the OTLP address cannot be used.
pub fn start(name: &str) -> Result<Telemetry, String> {
    let filter = EnvFilter::try_from_default_env()
        .unwrap_or_else(|_| EnvFilter::new("info,sqlx=warn,wasmer=warn,lapin=warn"));
    let json = std::env::var("YIMEN_LOG").is_ok_and(|format| format == "json");
    let logs = tracing_subscriber::fmt::layer()
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal())
        .with_target(false);
    let logs = if json { logs.json().boxed() } else { logs.boxed() };
    let provider = exporter(name)?;
    // Our own spans: the embedded database alone makes more of its own than an exporter can take.
    let traces = provider.as_ref().map(|provider| {
        let own = Targets::new().with_target("yimen", LevelFilter::INFO);
        tracing_opentelemetry::layer().with_tracer(provider.tracer("yimen")).with_filter(own)
    });
    tracing_subscriber::registry()
        .with(traces)
        .with(logs.with_filter(filter))
        .try_init()
        .map_err(|error| error.to_string())?;
    metrics_handle();
    Ok(Telemetry(provider))
}

fn exporter(name: &str) -> Result<Option<SdkTracerProvider>, String> {
    if std::env::var_os("OTEL_EXPORTER_OTLP_ENDPOINT").is_none() {
        return Ok(None);
    }
    let exporter = SpanExporter::builder().with_tonic().build().map_err(|error| {
        format!("Traces cannot be exported ({error}); correct or unset OTEL_EXPORTER_OTLP_ENDPOINT.")
    })?;
    let resource = Resource::builder().with_service_name(name.to_owned()).build();
    Ok(Some(SdkTracerProvider::builder().with_batch_exporter(exporter).with_resource(resource).build()))
}

/// The trace context of the present span, as a W3C `traceparent`.
pub fn traceparent() -> Option<String> {
    let context = Span::current().context();
    if !context.span().span_context().is_valid() {
        return None;
    }
    let mut carrier = HashMap::new();
    TraceContextPropagator::new().inject_context(&context, &mut carrier);
    carrier.remove("traceparent")
}

/// Hangs `span` under the operation that `traceparent` names, if it names one.
pub fn set_parent(span: &Span, traceparent: Option<&str>) {
    let Some(traceparent) = traceparent else { return };
    let carrier = HashMap::from([("traceparent".to_owned(), traceparent.to_owned())]);
    let parent = TraceContextPropagator::new().extract(&carrier);
    if parent.span().span_context().is_valid() {
        // Without an exporter there is no layer that takes the parent, and nothing to hang.
        let _no_layer = span.set_parent(parent);
    }
}

/// The metrics of this process in the Prometheus text format.
pub fn metrics_page() -> String {
    metrics_handle().map(PrometheusHandle::render).unwrap_or_default()
}

fn metrics_handle() -> Option<&'static PrometheusHandle> {
    if METRICS.get().is_none() {
        let handle = PrometheusBuilder::new()
            .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), &LATENCY_BUCKETS)
            .and_then(PrometheusBuilder::install_recorder)
            .ok()?;
        let _second_start = METRICS.set(handle);
    }
    METRICS.get()
}
