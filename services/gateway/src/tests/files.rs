//! Files in and out.

use axum::body::Body;
use bytes::Bytes;
use http::Request;
use prost::Message as _;
use yimen_proto::complaints::v1::DownloadAttachmentRequest;
use yimen_proto::file::v1::{
    DownloadFileResponse, FileDescription, UploadFileRequest, UploadFileResponse, download_file_response,
    upload_file_request,
};
use yimen_proto::intake::v1::DownloadMaterialRequest;

use super::{Hall, get, signed_in};
use crate::http::files::FILE_MAX;

fn uploaded() -> UploadFileResponse {
    UploadFileResponse { upload_id: "u-1".into(), size: 200_000, ..Default::default() }
}

fn upload(query: &str, body: Body) -> Request<Body> {
    Request::post(format!("/api/v1/uploads{query}")).body(body).unwrap()
}

#[tokio::test]
async fn a_file_is_handed_on_in_pieces() {
    use upload_file_request::Part;
    let hall = Hall::answering(&[uploaded()]);
    let file: Vec<u8> = (0..200_000_u32).map(|at| at as u8).collect();
    let answer = hall.ask(upload("?file_name=%E5%9B%BE.pdf", file.clone().into())).await;
    assert_eq!(answer.status, 201);
    assert_eq!((&answer.json()["upload_id"], &answer.json()["size"]), (&"u-1".into(), &200_000.into()));
    let messages = hall.calls().remove(0).messages;
    let mut parts = messages.iter().map(|m| UploadFileRequest::decode(m.clone()).unwrap().part.unwrap());
    let Some(Part::Header(header)) = parts.next() else { panic!("no header") };
    assert_eq!(header.file_name, "图.pdf");
    let mut received = Vec::new();
    for part in parts {
        let Part::Chunk(chunk) = part else { panic!("two headers") };
        assert!(chunk.len() <= 64 * 1024);
        received.extend(chunk);
    }
    assert_eq!(received, file);
}

#[tokio::test]
async fn its_name_comes_from_the_query_or_the_header() {
    let hall = Hall::answering(&[uploaded()]);
    let mut named = upload("", "x".into());
    let header = "attachment; filename=\"a.pdf\"".parse().unwrap();
    named.headers_mut().insert("content-disposition", header);
    assert_eq!(hall.ask(named).await.status, 201);
    let nameless = hall.ask(upload("", "x".into())).await;
    assert_eq!(nameless.problem().2, ["file_name: REQUIRED_FIELD"]);
    let more = hall.ask(upload("?file_name=a&size=1", "x".into())).await;
    assert_eq!(more.problem().2, ["size: NOT_ALLOWED_HERE"]);
    assert_eq!(hall.calls().len(), 1);
}

#[tokio::test]
async fn a_file_that_is_too_large_is_never_complete() {
    let hall = Hall::answering(&[uploaded()]);
    let mut announced = upload("?file_name=a", Body::empty());
    announced.headers_mut().insert("content-length", (FILE_MAX + 1).into());
    assert_eq!(hall.ask(announced).await.problem(), (413, "FILE_TOO_LARGE".into(), vec![]));
    let piece = Bytes::from(vec![0; 1 << 20]);
    let pieces = futures::stream::iter((0..21).map(move |_| Ok::<_, std::io::Error>(piece.clone())));
    let streamed = hall.ask(upload("?file_name=a", Body::from_stream(pieces))).await;
    assert_eq!(streamed.problem(), (413, "FILE_TOO_LARGE".into(), vec![]));
    let broken = [Ok(Bytes::from_static(b"half")), Err(std::io::Error::other("gone"))];
    let broken = hall.ask(upload("?file_name=a", Body::from_stream(futures::stream::iter(broken)))).await;
    assert_eq!(broken.problem().1, "MALFORMED_BODY");
    assert!(hall.calls().is_empty(), "no service saw the end of any of them");
}

#[tokio::test]
async fn a_material_comes_back_as_a_file() {
    use download_file_response::Part;
    let file =
        FileDescription {
            file_name: "营业执照.pdf".into(), media_type: "application/pdf".into(), size: 6
        };
    let hall = Hall::answering(&[
        DownloadFileResponse { part: Some(Part::File(file)) },
        DownloadFileResponse { part: Some(Part::Chunk(b"abc".to_vec())) },
        DownloadFileResponse { part: Some(Part::Chunk(b"def".to_vec())) },
    ]);
    let path = "/api/v1/window/applications/430102202603020000017/materials/licence";
    assert_eq!(hall.ask(get(path)).await.problem().1, "NOT_SIGNED_IN");
    let answer = hall.ask(signed_in(get(&format!("{path}?revision=2")))).await;
    assert_eq!(answer.body, "abcdef");
    assert_eq!(answer.headers["content-type"], "application/pdf");
    assert_eq!(answer.headers["content-length"], "6");
    assert_eq!(answer.headers["x-content-type-options"], "nosniff");
    let disposition = answer.headers["content-disposition"].to_str().unwrap();
    assert!(disposition.starts_with("attachment; ") && disposition.contains("filename*=UTF-8''%E8%90%A5"));
    let asked: DownloadMaterialRequest = hall.calls()[0].message();
    assert_eq!((asked.material.as_str(), asked.revision), ("licence", 2));
    let bad = hall.ask(signed_in(get(&format!("{path}?revision=-1")))).await;
    assert_eq!(bad.problem().2, ["revision: OUT_OF_RANGE"]);
}

#[tokio::test]
async fn files_of_complaints_have_ways_of_their_own() {
    use download_file_response::Part;
    let hall = Hall::answering(&[uploaded()]);
    let kept =
        hall.ask(Request::post("/api/v1/complaints/uploads?file_name=a.txt").body("x".into()).unwrap());
    assert_eq!(kept.await.status, 201);
    assert_eq!(hall.calls()[0].path, "/yimen.complaints.v1.Complaints/UploadComplaintFile");

    let file = FileDescription { file_name: "a.txt".into(), media_type: "text/plain".into(), size: 1 };
    let hall = Hall::answering(&[
        DownloadFileResponse { part: Some(Part::File(file)) },
        DownloadFileResponse { part: Some(Part::Chunk(b"x".to_vec())) },
    ]);
    let path = "/api/v1/complaints/430102TS202600000016/attachments";
    assert_eq!(hall.ask(get(&format!("{path}/1"))).await.problem().1, "NOT_SIGNED_IN");
    assert_eq!(hall.ask(signed_in(get(&format!("{path}/2")))).await.body, "x");
    let asked: DownloadAttachmentRequest = hall.calls()[0].message();
    assert_eq!(asked.position, 2);
    let bad = hall.ask(signed_in(get(&format!("{path}/x")))).await;
    assert_eq!(bad.problem().2, ["position: BAD_FORMAT"]);
}
