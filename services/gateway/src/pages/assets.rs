//! Stylesheet, mark and script: part of the program, and cached until they change.

use std::sync::LazyLock;

use axum::extract::Path;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use sha2::{Digest as _, Sha256};

struct Asset {
    name: &'static str,
    media_type: &'static str,
    content: &'static str,
}

const ASSETS: [Asset; 3] = [
    Asset {
        name: "style.css",
        media_type: "text/css; charset=utf-8",
        content: include_str!("../../assets/style.css"),
    },
    Asset {
        name: "page.js",
        media_type: "text/javascript; charset=utf-8",
        content: include_str!("../../assets/page.js"),
    },
    Asset { name: "mark.svg", media_type: "image/svg+xml", content: include_str!("../../assets/mark.svg") },
];

/// The address of each, with a digest of its content.
static ADDRESSES: LazyLock<Vec<(&'static str, String)>> = LazyLock::new(|| {
    let address = |asset: &Asset| {
        let mut digest = hex::encode(Sha256::digest(asset.content));
        digest.truncate(12);
        (asset.name, format!("/assets/{}?v={digest}", asset.name))
    };
    ASSETS.iter().map(address).collect()
});

/// Where an asset is.
pub fn address(name: &str) -> &'static str {
    ADDRESSES.iter().find(|(known, _)| *known == name).map_or("", |(_, address)| address.as_str())
}

/// Gives an asset out. Its address changes with its content, so it may be kept for a year.
pub async fn serve(Path(name): Path<String>) -> Response {
    match ASSETS.iter().find(|asset| asset.name == name) {
        None => StatusCode::NOT_FOUND.into_response(),
        Some(asset) => {
            let headers =
                [(CONTENT_TYPE, asset.media_type), (CACHE_CONTROL, "public, max-age=31536000, immutable")];
            (headers, asset.content).into_response()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_asset_has_an_address() {
        for asset in &ASSETS {
            assert!(address(asset.name).starts_with(&format!("/assets/{}?v=", asset.name)));
        }
        assert_eq!(address("other.css"), "");
    }
}
