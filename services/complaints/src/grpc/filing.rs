//! What is filed, read from a message.

use yimen_kernel::error::Result;
use yimen_kernel::{CaseNumber, DepartmentId, DivisionCode, Fields, Login, Mobile, Reason, WindowId, text};
use yimen_platform::files::Given;
use yimen_proto::complaints::v1 as pb;

use super::parse::{NAME_MAX, REASON_MAX, TEXT_MAX, optional};
use crate::app::file::{FILES_MAX, Filing, is_named, named};
use crate::domain::codes::{Channel, SubjectKind};
use crate::domain::{Identity, Kind};
use crate::store::complaints::About;
use crate::store::people::Complainant;

/// The most that may come for a group, or speak for it (信访工作条例 art. 20).
const REPRESENTATIVES: usize = 5;
/// Characters of an address.
const ADDRESS_MAX: usize = 200;

/// Reads a filing.
///
/// # Errors
/// Every faulty field at once, by its path under `filing`.
pub fn filing(message: &pb::Filing) -> Result<Filing> {
    let mut fields = Fields::new();
    let center = fields.take("filing.center", DivisionCode::parse(&message.center));
    let kind = pb::complaint::Kind::try_from(message.kind).unwrap_or_default();
    let kind = code(&mut fields, "filing.kind", message.kind, Kind::parse(kind.as_str_name()));
    let identity = pb::complaint::Identity::try_from(message.identity).unwrap_or_default();
    let identity =
        code(&mut fields, "filing.identity", message.identity, Identity::parse(identity.as_str_name()));
    let complainant =
        identity.map(|identity| complainant(&mut fields, identity, message.complainant.as_ref()));
    let subject = message.subject.clone().unwrap_or_default();
    let about = about(&mut fields, &subject, center.as_ref());
    let grounds = grounds(&mut fields, &message.grounds);
    let body = fields.take("filing.body", text::paragraph(&message.body, TEXT_MAX));
    let files = files(&mut fields, &message.files);
    let accused = about.as_ref().map(named).transpose()?;
    fields.build(|| {
        Some(Filing {
            center: center?,
            kind: kind?,
            identity: identity?,
            complainant: complainant?,
            about: about?,
            accused: accused?,
            grounds,
            body: body?,
            files,
        })
    })
}

/// How what is taken down came.
///
/// # Errors
/// A faulty field.
pub fn taken_down(message: &pb::TakeDownComplaintRequest) -> Result<(Channel, u32)> {
    use pb::complaint::Channel as Given;

    let mut fields = Fields::new();
    let channel = match Given::try_from(message.channel) {
        Ok(Given::Unspecified | Given::Web) | Err(_) => None,
        Ok(channel) => Channel::parse(channel.as_str_name()),
    };
    let channel = code(&mut fields, "channel", message.channel, channel);
    let representatives = message
        .filing
        .as_ref()
        .and_then(|filing| filing.complainant.as_ref())
        .map_or(0, |complainant| complainant.representatives.len());
    if channel == Some(Channel::Visit) {
        if !message.identified {
            fields.add("identified", Reason::Required);
        }
        // A group is spoken for by five at most; so many may be in the room.
        if message.group_size as usize > REPRESENTATIVES {
            fields.add_limit("group_size", Reason::TooMany, REPRESENTATIVES);
        }
        if message.group_size == 0 {
            fields.add("group_size", Reason::Required);
        }
        if representatives > message.group_size as usize {
            fields.add("filing.complainant.representatives", Reason::NotAllowedHere);
        }
    } else {
        if message.group_size != 0 {
            fields.add("group_size", Reason::NotAllowedHere);
        }
        if representatives != 0 {
            fields.add("filing.complainant.representatives", Reason::NotAllowedHere);
        }
    }
    fields.build(|| channel.map(|channel| (channel, message.group_size)))
}

fn complainant(
    fields: &mut Fields,
    identity: Identity,
    given: Option<&pb::Complainant>,
) -> Option<Complainant> {
    let is_empty = |given: &pb::Complainant| {
        given.name.is_empty()
            && given.mobile.is_empty()
            && given.address.is_empty()
            && given.representatives.is_empty()
    };
    if identity == Identity::Anonymous {
        if given.is_some_and(|given| !is_empty(given)) {
            fields.add("filing.complainant", Reason::NotAllowedHere);
        }
        return None;
    }
    let given = given.cloned().unwrap_or_default();
    let name = fields.take("filing.complainant.name", text::line(&given.name, NAME_MAX));
    let mobile = fields.take("filing.complainant.mobile", optional(&given.mobile, Mobile::parse)).flatten();
    let address =
        fields.take("filing.complainant.address", text::optional_line(&given.address, ADDRESS_MAX)).flatten();
    if given.mobile.is_empty() && given.address.trim().is_empty() {
        fields.add("filing.complainant.mobile", Reason::Required);
    }
    if given.representatives.len() > REPRESENTATIVES {
        fields.add_limit("filing.complainant.representatives", Reason::TooMany, REPRESENTATIVES);
    }
    let representatives = given
        .representatives
        .iter()
        .enumerate()
        .filter_map(|(place, name)| {
            let field = format!("filing.complainant.representatives[{place}]");
            fields.take(&field, text::line(name, NAME_MAX))
        })
        .collect();
    Some(Complainant {
        name: name.unwrap_or_default(),
        mobile: mobile.map(|mobile| mobile.as_str().to_owned()).unwrap_or_default(),
        address: address.unwrap_or_default(),
        representatives,
    })
}

fn about(fields: &mut Fields, subject: &pb::Subject, center: Option<&DivisionCode>) -> Option<About> {
    let kind = pb::subject::Kind::try_from(subject.kind).unwrap_or_default();
    let kind = code(fields, "filing.subject.kind", subject.kind, SubjectKind::parse(kind.as_str_name()));
    let number = fields.take("filing.subject.number", optional(&subject.number, CaseNumber::parse)).flatten();
    let department = fields
        .take("filing.subject.department", optional(&subject.department, DepartmentId::parse))
        .flatten();
    let window = fields.take("filing.subject.window", optional(&subject.window, WindowId::parse)).flatten();
    let login = fields.take("filing.subject.login", optional(&subject.login, Login::parse)).flatten();
    let description = text::optional_paragraph(&subject.description, REASON_MAX);
    let description = fields.take("filing.subject.description", description).flatten();
    let mut elsewhere = |field: &str, place: Option<DivisionCode>| {
        if let (Some(place), Some(center)) = (place, center)
            && place != *center
        {
            fields.add(field, Reason::OtherCenter);
        }
    };
    elsewhere("filing.subject.number", number.as_ref().map(CaseNumber::center));
    elsewhere("filing.subject.department", department.as_ref().map(DepartmentId::center));
    elsewhere("filing.subject.window", window.as_ref().map(WindowId::center));
    let about = About {
        kind: kind?,
        number: number.map(|number| number.to_string()).unwrap_or_default(),
        department: department.map(|id| id.to_string()).unwrap_or_default(),
        window: window.map(|id| id.to_string()).unwrap_or_default(),
        login: login.map(|login| login.to_string()).unwrap_or_default(),
        description: description.unwrap_or_default(),
    };
    if about.kind != SubjectKind::Case && !about.number.is_empty() {
        fields.add("filing.subject.number", Reason::NotAllowedHere);
    }
    if !is_named(&about) {
        let needed = match about.kind {
            SubjectKind::Case => "filing.subject.number",
            SubjectKind::Window => "filing.subject.window",
            SubjectKind::Person => "filing.subject.description",
            SubjectKind::Department => "filing.subject.department",
            SubjectKind::Unpublished if about.department.is_empty() => "filing.subject.department",
            SubjectKind::Unpublished => "filing.subject.description",
        };
        let is_untold = [&subject.number, &subject.department, &subject.window, &subject.login]
            .iter()
            .all(|given| given.is_empty());
        // A field that is wrong is named for that.
        if is_untold || about.kind == SubjectKind::Unpublished || fields.is_empty() {
            fields.add(needed, Reason::Required);
        }
    }
    Some(about)
}

fn grounds(fields: &mut Fields, given: &[i32]) -> Vec<String> {
    use pb::complaint::Ground;

    let mut grounds: Vec<String> = Vec::new();
    if given.is_empty() {
        fields.add("filing.grounds", Reason::Required);
    }
    for (place, ground) in given.iter().enumerate() {
        let field = format!("filing.grounds[{place}]");
        match Ground::try_from(*ground) {
            Ok(Ground::Unspecified) | Err(_) => fields.add(&field, Reason::UnknownValue),
            Ok(ground) if grounds.iter().any(|known| known == ground.as_str_name()) => {
                fields.add(&field, Reason::Duplicate);
            }
            Ok(ground) => grounds.push(ground.as_str_name().to_owned()),
        }
    }
    grounds
}

fn files(fields: &mut Fields, given: &[pb::ComplaintFile]) -> Vec<Given> {
    use pb::complaint_file::Source;

    if given.len() > FILES_MAX {
        fields.add_limit("filing.files", Reason::TooMany, FILES_MAX);
        return Vec::new();
    }
    let mut files = Vec::with_capacity(given.len());
    for (place, file) in given.iter().enumerate() {
        let at = format!("filing.files[{place}]");
        files.extend(match &file.source {
            Some(Source::UploadId(id)) => Given::upload(&format!("{at}.upload_id"), id, fields),
            Some(Source::File(file)) => Given::inline(&format!("{at}.file"), file, fields),
            None => {
                fields.add(&at, Reason::Required);
                None
            }
        });
    }
    files
}

/// What a number of the contract stands for; 0 is none.
fn code<T>(fields: &mut Fields, field: &str, number: i32, value: Option<T>) -> Option<T> {
    if value.is_none() {
        fields.add(field, if number == 0 { Reason::Required } else { Reason::UnknownValue });
    }
    value
}
