//! The joint visit (联合踏勘) on the page of an approval.

use yimen_proto::approval::v1::inspection_party::{Answer, Conclusion};
use yimen_proto::approval::v1::{InspectionParty, SiteInspection};

use super::super::shell::Shell;
use super::super::visitor::Names;

/// The visit.
#[derive(Clone, Debug)]
pub struct InspectionView {
    pub state: String,
    pub time: String,
    pub place: String,
    pub findings: String,
    pub proposal: u32,
    pub parties: Vec<PartyView>,
}

/// A department's part in it.
#[derive(Clone, Debug)]
pub struct PartyView {
    pub department: String,
    pub answer: String,
    pub decline_reason: String,
    pub staff: String,
    pub conclusion: String,
    pub text: String,
    pub signed: String,
}

/// What the page shows of a visit.
pub fn view(visit: &SiteInspection, names: &Names, s: &Shell) -> InspectionView {
    InspectionView {
        state: s.name("inspection_state", visit.state().as_str_name()),
        time: s.time(&visit.time),
        place: visit.place.clone(),
        findings: visit.findings.clone(),
        proposal: visit.proposal,
        parties: visit.parties.iter().map(|party| party_view(party, names, s)).collect(),
    }
}

fn party_view(party: &InspectionParty, names: &Names, s: &Shell) -> PartyView {
    let signed = match party.sign_time {
        None => String::new(),
        Some(_) => format!("{} {}", party.signed_by, s.time(&party.sign_time)),
    };
    PartyView {
        department: names.departments.name(&party.department, s.text.lang()),
        answer: match party.answer() {
            Answer::Unspecified => String::new(),
            answer => s.name("inspection_answer", answer.as_str_name()),
        },
        decline_reason: party.decline_reason.clone(),
        staff: party.staff.join(s.t("list.separator")),
        conclusion: match party.conclusion() {
            Conclusion::Unspecified => String::new(),
            conclusion => s.name("conclusion", conclusion.as_str_name()),
        },
        text: party.conclusion_text.clone(),
        signed,
    }
}
