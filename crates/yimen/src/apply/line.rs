//! One line, handed in.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde::de::IgnoredAny;
use serde_json::Value;

use super::lines::{Content, LONGEST};
use super::{LineError, MALFORMED_LINE, Outcome, UNREACHABLE};
use crate::gateway::{Failure, FieldFault, Gateway, text};

/// The largest file that stays within an application, in bytes: 256 KiB.
const INLINE_MAX: usize = 256 * 1024;
/// The longest application that the gateway takes with its files in it, with room to spare.
const BODY_MAX: usize = 3 * 512 * 1024;

/// Hands the line in under `key` and says what became of it.
pub(super) async fn hand_in(gateway: &Gateway, key: &str, content: Content) -> Outcome {
    let Content::Bytes(line) = content else {
        let limit = LONGEST / (1024 * 1024);
        return malformed(format!("The line is longer than {limit} MiB; hand its files in through uploads."));
    };
    if let Err(sentence) = well_formed(&line) {
        return malformed(sentence);
    }
    let submitted = match with_uploads(gateway, line).await {
        Ok(body) => gateway.post_json("/api/v1/applications", Some(key), body).await,
        Err(failure) => Err(failure),
    };
    match submitted {
        Ok(answer) => Outcome::Accepted {
            number: text(&answer, "number").to_owned(),
            lookup_code: text(&answer, "lookup_code").to_owned(),
            rating_token: text(&answer, "rating_token").to_owned(),
        },
        Err(Failure::Refused(refusal)) => Outcome::NotAccepted {
            error: LineError { reason: refusal.reason, detail: refusal.detail, fields: refusal.fields },
        },
        Err(Failure::Unreachable(detail)) => Outcome::NotAccepted {
            error: LineError { reason: UNREACHABLE.to_owned(), detail, fields: Vec::new() },
        },
    }
}

fn malformed(detail: String) -> Outcome {
    let error = LineError { reason: MALFORMED_LINE.to_owned(), detail, fields: Vec::new() };
    Outcome::NotAccepted { error }
}

/// Lets a JSON object in UTF-8 pass. The sentence names a place in the line and nothing of its text.
fn well_formed(line: &[u8]) -> Result<(), String> {
    if let Err(error) = std::str::from_utf8(line) {
        return Err(format!(
            "The line is not UTF-8 text from byte {} on; save the file as UTF-8.",
            error.valid_up_to() + 1
        ));
    }
    if let Err(error) = serde_json::from_slice::<IgnoredAny>(line) {
        return Err(format!("The line is not JSON from column {} on; correct it there.", error.column()));
    }
    if line.trim_ascii_start().first() != Some(&b'{') {
        return Err("The line is not a JSON object; write one application per line.".to_owned());
    }
    Ok(())
}

/// The line as the gateway takes it: files that are too large to stay in it are uploaded first.
/// A line that is small enough goes as it is, so that the gateway sees every fault in it.
async fn with_uploads(gateway: &Gateway, line: Vec<u8>) -> Result<Bytes, Failure> {
    if line.len() <= INLINE_MAX {
        return Ok(line.into());
    }
    let Ok(mut application) = serde_json::from_slice::<Value>(&line) else { return Ok(line.into()) };
    let keep = if line.len() > BODY_MAX { 0 } else { INLINE_MAX };
    let materials = application.get_mut("materials").and_then(Value::as_array_mut);
    let mut uploaded = false;
    for (index, material) in materials.into_iter().flatten().enumerate() {
        let Some((name, content)) = file_of(material).filter(|(_, content)| content.len() > keep) else {
            continue;
        };
        let upload = gateway.upload(&name, content).await.map_err(|failure| placed(failure, index))?;
        if let Some(material) = material.as_object_mut() {
            material.remove("file");
            material.insert("upload_id".to_owned(), upload.into());
            uploaded = true;
        }
    }
    Ok(if uploaded { application.to_string().into() } else { line.into() })
}

/// The file within a material, if it is one that can be read.
fn file_of(material: &Value) -> Option<(String, Bytes)> {
    let file = material.get("file")?;
    let content = STANDARD.decode(text(file, "content")).ok()?;
    Some((text(file, "file_name").to_owned(), content.into()))
}

/// A refused upload as a fault of the material that it came from.
fn placed(failure: Failure, index: usize) -> Failure {
    let Failure::Refused(mut refusal) = failure else { return failure };
    let field = format!("materials[{index}].file");
    if refusal.fields.is_empty() {
        refusal.fields.push(FieldFault {
            field,
            reason: refusal.reason.clone(),
            detail: refusal.detail.clone(),
            limit: None,
        });
    } else {
        for fault in &mut refusal.fields {
            // What an upload calls the file is the content here.
            let part = if fault.field == "file" { "content" } else { fault.field.as_str() };
            fault.field = format!("{field}.{part}");
        }
    }
    Failure::Refused(refusal)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_object_is_a_line() {
        assert!(well_formed(br#" {"center":"430102"}"#).is_ok());
        for (line, says) in [
            (&b"{\"a\":\"\xFF\"}"[..], "UTF-8 text from byte 7"),
            (b"{\"a\":", "not JSON from column 5"),
            (b"{} {}", "not JSON"),
            (b"[1]", "not a JSON object"),
            (b"null", "not a JSON object"),
            ("（".as_bytes(), "not JSON"),
        ] {
            let sentence = well_formed(line).unwrap_err();
            assert!(sentence.contains(says), "{sentence}");
        }
        let deep = "[".repeat(100_000);
        assert!(well_formed(deep.as_bytes()).is_err());
    }

    #[test]
    fn nothing_of_the_line_is_said_back() {
        let sentence = well_formed(br#"{"id_number":"430104190205032366" 1}"#).unwrap_err();
        assert!(!sentence.contains("4301"), "{sentence}");
    }

    #[test]
    fn a_refused_upload_names_its_material() {
        let refusal = crate::gateway::Refusal { reason: "FILE_TOO_LARGE".into(), ..Default::default() };
        let Failure::Refused(refusal) = placed(Failure::Refused(refusal), 2) else { panic!("a refusal") };
        assert_eq!(refusal.fields[0].field, "materials[2].file");
        assert_eq!(refusal.fields[0].reason, "FILE_TOO_LARGE");
    }
}
