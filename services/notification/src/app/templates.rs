//! Templates: the program's own, and what a center published instead.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use prost::Message as _;
use serde::Deserialize;
use yimen_kernel::Fields;
use yimen_kernel::error::{Error, Result};
use yimen_kernel::reason::Reason;
use yimen_platform::Context;
use yimen_platform::store::Tx;
use yimen_proto::notification::v1 as pb;

use crate::domain::template::{Template, segments, units};
use crate::grpc::template as wire;
use crate::store::templates::{self as table, Published};

/// The signature where a center has published none.
pub const NO_SIGNATURE: &str = "政务服务中心";

#[derive(Deserialize)]
struct File {
    templates: Vec<Own>,
}

#[derive(Deserialize)]
struct Own {
    code: String,
    text: String,
    statutory: bool,
    variables: BTreeMap<String, OwnVariable>,
}

#[derive(Deserialize)]
struct OwnVariable {
    kind: String,
    #[serde(default)]
    max_length: u32,
}

/// The program's own templates. A broken file is found by the test below and by the service's start.
static OWN: LazyLock<Result<Vec<pb::Template>, String>> = LazyLock::new(|| {
    let file: File =
        toml::from_str(include_str!("../../templates.toml")).map_err(|error| error.to_string())?;
    let own = file.templates.into_iter().map(|own| pb::Template {
        code: own.code,
        text: own.text,
        statutory: own.statutory,
        version: 0,
        variables: own
            .variables
            .into_iter()
            .map(|(name, variable)| {
                let kind = pb::template::variable::Kind::from_str_name(&variable.kind).unwrap_or_default();
                (name, pb::template::Variable { kind: kind as i32, max_length: variable.max_length })
            })
            .collect(),
    });
    Ok(own.collect())
});

/// The program's own templates.
///
/// # Errors
/// A sentence about a broken file.
pub fn own() -> Result<&'static [pb::Template], String> {
    OWN.as_deref().map_err(|error| format!("The message templates are broken ({error})."))
}

/// The templates in force.
pub struct Templates(Vec<Published>);

impl Templates {
    /// As they are now.
    pub async fn of(tx: &mut Tx) -> Result<Self> {
        Ok(Self(table::newest(tx.sql()).await?))
    }

    /// A template in its present version.
    ///
    /// # Errors
    /// `UNKNOWN_VALUE` at `template`.
    pub fn find(&self, code: &str) -> Result<Template> {
        if let Some(published) = self.0.iter().find(|published| published.code == code) {
            return wire::read(&pb::Template::decode(published.body.as_slice()).map_err(Error::internal)?);
        }
        let own = own().map_err(Error::internal)?.iter().find(|template| template.code == code);
        wire::read(own.ok_or_else(|| Error::field("template", Reason::UnknownValue))?)
    }
}

/// Publishes templates and signatures: all or none.
pub async fn import(
    tx: &mut Tx,
    templates: Vec<pb::Template>,
    signatures: Vec<pb::Signature>,
) -> Result<pb::ImportTemplatesResponse> {
    let newest = table::newest(tx.sql()).await?;
    let now = tx.now();
    let mut answer = pb::ImportTemplatesResponse::default();
    for mut template in templates {
        let before = newest.iter().find(|published| published.code == template.code);
        let version = before.map_or(0, |published| published.version);
        template.version = u32::try_from(version).map_err(Error::internal)?;
        if before.is_some_and(|published| published.body == template.encode_to_vec()) {
            answer.unchanged += 1;
            continue;
        }
        template.version += 1;
        let body = template.encode_to_vec();
        let published = Published { code: template.code, version: version + 1, body };
        table::publish(tx.sql(), &published, now).await?;
        answer.imported += 1;
    }
    for signature in signatures {
        if table::sign(tx.sql(), &signature.center, &signature.text).await? {
            answer.imported += 1;
        } else {
            answer.unchanged += 1;
        }
    }
    Ok(answer)
}

/// Every template in its present version.
pub async fn list(ctx: &Context) -> Result<pb::ListTemplatesResponse> {
    let mut connection = ctx.store.read().await?;
    let published = table::newest(&mut connection).await?;
    let own = own().map_err(Error::internal)?.iter();
    let mut templates: Vec<pb::Template> =
        own.filter(|own| !published.iter().any(|published| published.code == own.code)).cloned().collect();
    for published in published {
        templates.push(pb::Template::decode(published.body.as_slice()).map_err(Error::internal)?);
    }
    templates.sort_by(|one, other| one.code.cmp(&other.code));
    Ok(pb::ListTemplatesResponse { templates })
}

/// A template with these values.
///
/// # Errors
/// `UNKNOWN_VALUE` at `template`; the variables that are wrong.
pub async fn written(
    tx: &mut Tx,
    code: &str,
    center: &str,
    values: &BTreeMap<String, String>,
) -> Result<String> {
    let template = Templates::of(tx).await?.find(code)?;
    let signature = table::signature(tx.sql(), center).await?;
    let mut fields = Fields::new();
    let text = template.render(signature.as_deref().unwrap_or(NO_SIGNATURE), values, &mut fields);
    fields.build(|| text)
}

/// What a template makes of its variables.
pub async fn preview(
    ctx: &Context,
    code: &str,
    center: &str,
    values: &BTreeMap<String, String>,
) -> Result<pb::PreviewMessageResponse> {
    let mut tx = ctx.store.begin().await?;
    let text = written(&mut tx, code, center, values).await?;
    let length = units(&text);
    let count = |number: usize| u32::try_from(number).map_err(Error::internal);
    Ok(pb::PreviewMessageResponse { length: count(length)?, segments: count(segments(length))?, text })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_programs_own_templates_are_sound() {
        let own = own().unwrap();
        assert!(own.len() >= 12, "{}", own.len());
        let mut fields = Fields::new();
        for template in own {
            let read = wire::read(template).unwrap();
            read.check(&template.code, &mut fields);
            for forbidden in ["身份证", "理由：", "{reason"] {
                assert!(!template.text.contains(forbidden), "{}", template.code);
            }
        }
        assert!(fields.is_empty(), "{:?}", fields.finish());
    }
}
