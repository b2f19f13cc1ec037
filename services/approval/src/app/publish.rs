//! Domain events as the messages that leave.

use chrono::{DateTime, Utc};
use yimen_platform::store::Tx;
use yimen_proto::approval::v1 as proto;

use crate::domain::{Event, JointApproval};
use crate::grpc::message::{authority, ground, kind, outcome, texts, timestamp};

/// Sends each event with the change that it tells of.
pub fn all(tx: &mut Tx, approval: &JointApproval, at: DateTime<Utc>, events: Vec<Event>) {
    let (center, version) = (approval.case.center(), approval.version);
    let subject = approval.case.number.as_str();
    let (number, time) = (subject.to_owned(), Some(timestamp(at)));
    for event in events {
        let number = number.clone();
        match event {
            Event::OpinionRecorded { department, kind: said, materials_revision, sequence } => {
                let message = proto::OpinionRecorded {
                    number,
                    department: department.to_string(),
                    kind: kind(said).into(),
                    materials_revision,
                    time,
                    sequence,
                };
                tx.emit(center.as_str(), subject, version, &message);
            }
            Event::TaskOpened { department, limit_days, sequence } => {
                let department = department.to_string();
                let message = proto::TaskOpened { number, department, limit_days, time, sequence };
                tx.emit(center.as_str(), subject, version, &message);
            }
            Event::DepartmentAdded { department, limit_days } => {
                let department = department.to_string();
                let message = proto::DepartmentAdded { number, department, limit_days, time };
                tx.emit(center.as_str(), subject, version, &message);
            }
            Event::MaterialsReturned { department, materials, reason, due_on } => {
                let message = proto::MaterialsReturned {
                    number,
                    department: department.to_string(),
                    materials: texts(&materials),
                    reason,
                    due_on: due_on.to_string(),
                    time,
                };
                tx.emit(center.as_str(), subject, version, &message);
            }
            Event::InspectionProposed { visit_time, departments } => {
                let message = proto::InspectionProposed {
                    number,
                    visit_time: Some(timestamp(visit_time)),
                    departments: texts(&departments),
                    time,
                };
                tx.emit(center.as_str(), subject, version, &message);
            }
            Event::InspectionConcluded => {
                tx.emit(center.as_str(), subject, version, &proto::InspectionConcluded { number, time });
            }
            Event::ProcedureStarted(procedure) => {
                let (ground, published_ground) = ground(&procedure.ground);
                let message = proto::SpecialProcedureStarted {
                    number,
                    procedure: procedure.id.to_string(),
                    department: procedure.department.to_string(),
                    ground: ground.into(),
                    published_ground,
                    from_on: procedure.from.to_string(),
                    until_on: procedure.until.to_string(),
                    time,
                    reason: procedure.reason,
                };
                tx.emit(center.as_str(), subject, version, &message);
            }
            Event::ProcedureEnded { id, ended_on } => {
                let (procedure, ended_on) = (id.to_string(), ended_on.to_string());
                let message = proto::SpecialProcedureEnded { number, procedure, ended_on, time };
                tx.emit(center.as_str(), subject, version, &message);
            }
            Event::Extended(extension) => {
                let message = proto::LimitExtended {
                    number,
                    days: extension.granted.days,
                    authority: authority(extension.granted.authority).into(),
                    reason: extension.reason,
                    time,
                };
                tx.emit(center.as_str(), subject, version, &message);
            }
            Event::Decided(decision) => {
                let message = proto::JointApprovalDecided {
                    number,
                    outcome: outcome(&decision.ruling).into(),
                    conditions: decision.ruling.conditions().to_owned(),
                    reasons: decision.ruling.reasons().to_owned(),
                    materials_revision: decision.materials_revision,
                    lead: approval.case.lead.to_string(),
                    time,
                };
                tx.emit(center.as_str(), subject, version, &message);
            }
        }
    }
}
