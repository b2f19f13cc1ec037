//! What a department may do in an approval now: each thing a form.

use yimen_proto::approval::v1::inspection_party::{Answer, Conclusion};
use yimen_proto::approval::v1::joint_approval::State;
use yimen_proto::approval::v1::opinion::Kind;
use yimen_proto::approval::v1::site_inspection::State as VisitState;
use yimen_proto::approval::v1::task::State as TaskState;
use yimen_proto::approval::v1::{InspectionParty, JointApproval, SiteInspection, Task};
use yimen_proto::intake::v1::decision::Outcome;

use super::super::form::{Control, Field, Form};
use super::super::moment;
use super::super::shell::Shell;
use super::super::visitor::Names;
use super::action;

/// What is the same for every form of a page.
struct Desk<'a> {
    s: &'a Shell,
    approval: &'a JointApproval,
    names: &'a Names,
    place: String,
    request_id: &'a str,
}

/// The forms of a department, what is most wanted of it first and open.
pub fn forms(s: &Shell, approval: &JointApproval, own: &str, names: &Names, request_id: &str) -> Vec<Form> {
    if approval.state() != State::Running {
        return Vec::new();
    }
    let desk = Desk { s, approval, names, place: format!("/staff/tasks/{}", approval.number), request_id };
    let mut forms = Vec::new();
    let leads = approval.lead == own;
    let visit = approval.inspection.as_ref();
    let party = visit.and_then(|visit| visit.parties.iter().find(|party| party.department == own));
    if let (Some(visit), Some(party)) = (visit, party) {
        forms.extend(desk.own_part(visit, party));
    }
    let task = approval.tasks.iter().find(|task| task.department == own);
    match task.map(Task::state) {
        Some(TaskState::Open) => forms.push(desk.opinion("task.opine").open(true)),
        Some(TaskState::Opined) => forms.push(desk.opinion("task.opine_again")),
        _ => {}
    }
    if leads {
        let returned = approval.tasks.iter().filter(|task| task.state() == TaskState::Returned);
        forms.extend(returned.map(|task| desk.resolve(task).open(true)));
        match visit {
            Some(visit) if visit.state() == VisitState::Proposed => {
                if visit.parties.iter().all(|party| party.answer() != Answer::Pending) {
                    forms.push(desk.record(visit));
                }
                forms.push(desk.propose(Some(visit)));
            }
            Some(_) => {}
            None => forms.push(desk.propose(None)),
        }
        let ready = approval.tasks.iter().all(|task| task.state() == TaskState::Opined);
        forms.push(desk.decide().open(ready));
        forms.push(desk.add_department());
    }
    forms
}

impl Desk<'_> {
    fn act(&self, id: &str, title: &str, submit: &str) -> Form {
        action(id, &self.place, self.request_id, self.s.t(submit)).titled(self.s.t(title))
    }

    fn paragraph(&self, name: &str, label: &str) -> Field {
        Field::new(Control::Paragraph, name, self.s.t(label))
    }

    fn department(&self, id: &str) -> String {
        self.names.departments.name(id, self.s.text.lang())
    }

    fn materials(&self) -> Vec<(String, String)> {
        let name = |code: &String| (code.clone(), self.names.materials.get(code).unwrap_or(code).clone());
        self.approval.materials.iter().map(name).collect()
    }

    fn opinion(&self, title: &str) -> Form {
        let kinds = [Kind::Approve, Kind::ApproveWithConditions, Kind::Object, Kind::Return];
        let kinds =
            kinds.map(|kind| (kind.as_str_name().to_owned(), self.s.name("opinion", kind.as_str_name())));
        let fields = vec![
            Field::new(Control::Radio, "kind", self.s.t("task.kind")).required().choices(kinds),
            self.paragraph("conditions", "task.conditions").when(self.s.t("task.conditions_hint")),
            self.paragraph("reason", "task.reason").when(self.s.t("task.reason_hint")),
            Field::new(Control::Checks, "materials", self.s.t("task.wanted"))
                .when(self.s.t("task.wanted_hint"))
                .choices(self.materials()),
        ];
        self.act("opinion", title, "task.opine_submit")
            .intro(self.s.with("task.revision_seen", "n", self.approval.materials_revision))
            .hidden("materials_revision", self.approval.materials_revision.to_string())
            .group("", fields)
    }

    fn resolve(&self, task: &Task) -> Form {
        let ways = [("forward", "task.return_forward"), ("back", "task.return_back")];
        let ways = ways.map(|(way, label)| (way.to_owned(), self.s.t(label).to_owned()));
        let reason = task.return_request.as_ref().map(|wanted| wanted.reason.clone()).unwrap_or_default();
        let fields = vec![
            Field::new(Control::Radio, "way", self.s.t("task.return_way")).required().choices(ways),
            Field::new(Control::Day, "due_on", self.s.t("window.due_on"))
                .when(self.s.t("task.return_due_hint")),
            self.paragraph("note", "task.return_note").when(self.s.t("task.return_note_hint")),
        ];
        let title = self.s.with("task.return_title", "department", self.department(&task.department));
        self.act(&format!("return-{}", task.department), "", "task.return_submit")
            .titled(title)
            .intro(self.s.with("task.return_reason", "reason", reason))
            .hidden("department", &task.department)
            .group("", fields)
    }

    fn propose(&self, earlier: Option<&SiteInspection>) -> Form {
        let invited: Vec<&str> = match earlier {
            Some(visit) => visit.parties.iter().map(|party| party.department.as_str()).collect(),
            None => {
                let visiting = self.approval.tasks.iter().filter(|task| task.site_visit);
                visiting.map(|task| task.department.as_str()).collect()
            }
        };
        let tasks = self.approval.tasks.iter();
        let choices = tasks.map(|task| (task.department.clone(), self.department(&task.department)));
        let mut departments =
            Field::new(Control::Checks, "departments", self.s.t("inspection.departments")).choices(choices);
        for choice in &mut departments.choices {
            choice.chosen = invited.contains(&choice.value.as_str());
        }
        let time = earlier.map(|visit| moment::to_input(visit.time.as_ref())).unwrap_or_default();
        let place = earlier.map(|visit| visit.place.clone()).unwrap_or_default();
        let fields = vec![
            Field::new(Control::Moment, "time", self.s.t("inspection.time"))
                .required()
                .hint(self.s.t("inspection.time_hint"))
                .otherwise(time),
            Field::new(Control::Line, "place", self.s.t("inspection.place")).required().otherwise(place),
            departments.required(),
        ];
        let title = if earlier.is_some() { "inspection.propose_again" } else { "inspection.propose" };
        let intro = if earlier.is_some() { self.s.t("inspection.propose_again_intro") } else { "" };
        self.act("propose", title, "inspection.propose_submit").intro(intro).group("", fields)
    }

    /// What the department itself does about the visit: answer, or sign.
    fn own_part(&self, visit: &SiteInspection, party: &InspectionParty) -> Option<Form> {
        match visit.state() {
            VisitState::Proposed => Some(self.answer(party)),
            VisitState::Recorded if !party.staff.is_empty() && party.sign_time.is_none() => Some(self.sign()),
            _ => None,
        }
    }

    fn answer(&self, party: &InspectionParty) -> Form {
        let ways = [("confirm", "inspection.confirm"), ("decline", "inspection.decline")];
        let ways = ways.map(|(way, label)| (way.to_owned(), self.s.t(label).to_owned()));
        let fields = vec![
            Field::new(Control::Radio, "way", self.s.t("inspection.answer_way")).required().choices(ways),
            self.paragraph("reason", "inspection.decline_reason").when(self.s.t("inspection.decline_hint")),
        ];
        self.act("answer", "inspection.answer", "inspection.answer_submit")
            .group("", fields)
            .open(party.answer() == Answer::Pending)
    }

    fn record(&self, visit: &SiteInspection) -> Form {
        let came = visit.parties.iter().filter(|party| party.answer() == Answer::Confirmed);
        let mut fields: Vec<Field> = came
            .map(|party| {
                let label = self.s.with("inspection.staff", "department", self.department(&party.department));
                Field::new(Control::Paragraph, format!("staff.{}", party.department), label)
                    .required()
                    .hint(self.s.t("inspection.staff_hint"))
            })
            .collect();
        fields.push(self.paragraph("findings", "inspection.findings").required());
        self.act("record", "inspection.record", "inspection.record_submit")
            .intro(self.s.t("inspection.record_intro"))
            .group("", fields)
    }

    fn sign(&self) -> Form {
        let conclusions = [Conclusion::Passed, Conclusion::PassedWithRectification, Conclusion::Failed];
        let conclusions =
            conclusions.map(|c| (c.as_str_name().to_owned(), self.s.name("conclusion", c.as_str_name())));
        let fields = vec![
            Field::new(Control::Radio, "conclusion", self.s.t("inspection.conclusion"))
                .required()
                .choices(conclusions),
            self.paragraph("text", "inspection.text").when(self.s.t("inspection.text_hint")),
        ];
        self.act("sign", "inspection.sign", "inspection.sign_submit").group("", fields).grave().open(true)
    }

    fn decide(&self) -> Form {
        let outcomes = [Outcome::Granted, Outcome::GrantedWithConditions, Outcome::Refused];
        let outcomes =
            outcomes.map(|o| (o.as_str_name().to_owned(), self.s.name("outcome", o.as_str_name())));
        let fields = vec![
            Field::new(Control::Radio, "outcome", self.s.t("task.outcome")).required().choices(outcomes),
            self.paragraph("conditions", "task.decision_conditions")
                .when(self.s.t("task.decision_conditions_hint")),
            self.paragraph("reasons", "task.decision_reasons").when(self.s.t("task.decision_reasons_hint")),
        ];
        self.act("decide", "task.decide", "task.decide_submit")
            .intro(self.s.t("task.decide_intro"))
            .hidden("materials_revision", self.approval.materials_revision.to_string())
            .group("", fields)
            .grave()
    }

    fn add_department(&self) -> Form {
        let taking_part: Vec<&str> =
            self.approval.tasks.iter().map(|task| task.department.as_str()).collect();
        let others = self.names.departments.all(self.s.text.lang());
        let others = others.into_iter().filter(|(id, _)| !taking_part.contains(&id.as_str()));
        let nothing = (String::new(), self.s.t("form.choose").to_owned());
        let mut days = Field::new(Control::Number, "limit_days", self.s.t("task.add_days")).required();
        days.keyboard = "numeric";
        let fields = vec![
            Field::new(Control::Select, "department", self.s.t("task.add_which"))
                .required()
                .choices(std::iter::once(nothing).chain(others)),
            days.hint(self.s.t("task.add_days_hint")),
            self.paragraph("reason", "task.add_reason").required(),
            Field::new(Control::Checks, "relies_on", self.s.t("task.add_relies_on"))
                .hint(self.s.t("task.add_relies_on_hint"))
                .choices(self.materials()),
        ];
        self.act("add", "task.add", "task.add_submit").group("", fields)
    }
}
