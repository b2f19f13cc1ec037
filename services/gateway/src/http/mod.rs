//! HTTP for programs: routes, JSON, files, refusals and their description, all under `/api`.

pub mod call;
pub mod callback;
pub mod disposition;
pub mod document;
pub mod drain;
pub mod events;
pub mod files;
pub mod json;
pub mod observe;
pub mod openapi;
pub mod problem;
pub mod query;
pub mod route;
pub mod transcode;

use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{MethodFilter, any, get, on, post};
use http::HeaderMap;
use utoipa_swagger_ui::{Config, SwaggerUi};
use yimen_kernel::error::{Error, Kind};
use yimen_kernel::reason::Reason;

use crate::door::{self, Door};
use problem::Problem;
use route::Route;

/// Everything under `/api`.
///
/// # Errors
/// A sentence that names the method whose route cannot be served.
pub fn router(door: Door) -> Result<Router, String> {
    let routes = route::all()?;
    let description = openapi::document(&routes).to_json().map_err(|error| error.to_string())?;
    let description: Arc<str> = description.into();

    let mut api: Router<Door> = Router::new();
    for route in routes {
        api = api.route(&route.pattern.clone(), served(route)?);
    }
    for route in callback::all()? {
        let (pattern, route) = (route.pattern.clone(), Arc::new(route));
        let handler =
            move |State(door): State<Door>, request: Request| callback::answer(door, route, request);
        api = api.route(&pattern, post(handler));
    }
    let api = api
        .route(files::UPLOADS, post(files::upload))
        .route(files::COMPLAINT_UPLOADS, post(files::upload_for_complaint))
        .route(files::MATERIAL, get(files::download))
        .route(files::ATTACHMENT, get(files::download_attachment))
        .route(openapi::ADDRESS, get(move || openapi::serve(description)))
        .route("/api", any(no_page))
        .route("/api/", any(no_page))
        .route("/api/{*rest}", any(no_page))
        .method_not_allowed_fallback(no_method)
        .with_state(door);
    let ui = SwaggerUi::new(observe::DOCS).config(
        Config::new([openapi::ADDRESS])
            .validator_url("none")
            .display_operation_id(true)
            .show_extensions(true)
            .doc_expansion("none"),
    );
    Ok(api.merge(ui))
}

/// The handler of one route; a document has two representations, a stream is events, everything else is JSON.
fn served(route: Route) -> Result<axum::routing::MethodRouter<Door>, String> {
    let filter = MethodFilter::try_from(route.verb.clone()).map_err(|error| error.to_string())?;
    let is_stream = route.method.is_server_streaming();
    let as_text = route.method.full_name() == document::METHOD;
    let route = Arc::new(route);
    Ok(on(filter, move |State(door): State<Door>, request: Request| async move {
        if is_stream {
            events::answer(door, route, request).await
        } else if as_text && document::prefers_text(request.headers()) {
            document::answer(door, route, request).await
        } else {
            transcode::answer(door, route, request).await
        }
    }))
}

async fn no_page(headers: HeaderMap) -> Response {
    Problem::new(Error::not_found(Reason::PageNotFound), door::lang(&headers)).into_response()
}

async fn no_method(headers: HeaderMap) -> Response {
    let error = Error::new(Kind::InvalidArgument, Reason::MethodNotAllowed);
    Problem::new(error, door::lang(&headers)).into_response()
}
