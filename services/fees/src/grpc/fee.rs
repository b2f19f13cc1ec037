//! Fees: proto into rules.

use chrono::NaiveDate;
use prost::Message as _;
use yimen_kernel::date::parse_date;
use yimen_kernel::error::{Error, Result};
use yimen_kernel::reason::Reason;
use yimen_kernel::{Fields, ItemCode, Money, text};
use yimen_proto::fees::v1 as pb;

use crate::domain::fee::{Fee, Standard, Tier};

/// Fees in one import.
const MAX_FEES: usize = 1_000;
/// Tiers of one standard.
const MAX_TIERS: usize = 20;
/// The longest time to pay, in days.
const MAX_DAYS: u32 = 366;

/// Reads a fee catalog whole; one answer names every fault in it.
pub fn parse_all(fees: &[pb::Fee], today: NaiveDate) -> Result<Vec<(Fee, pb::Fee)>> {
    if fees.is_empty() {
        return Err(Error::field("fees", Reason::Required));
    }
    let mut fields = Fields::new();
    if fees.len() > MAX_FEES {
        fields.add_limit("fees", Reason::TooMany, MAX_FEES);
    }
    let mut parsed = Vec::with_capacity(fees.len());
    for (index, fee) in (0..).zip(fees.iter().take(MAX_FEES)) {
        let path = format!("fees[{index}]");
        if fees.iter().filter(|other| other.code == fee.code).count() > 1 {
            fields.add(&format!("{path}.code"), Reason::Duplicate);
        }
        let mut fee = fee.clone();
        if fee.effective_from.is_empty() {
            fee.effective_from = today.to_string();
        }
        if let Some(rule) = parse(&fee, &path, &mut fields) {
            parsed.push((rule, fee));
        }
    }
    fields.finish()?;
    Ok(parsed)
}

/// The rule of a fee that was parsed before it was stored.
pub fn decode(body: &[u8]) -> Result<(Fee, pb::Fee)> {
    let fee = pb::Fee::decode(body).map_err(Error::internal)?;
    Ok((read(&fee)?, fee))
}

/// The rule of a fee that was parsed before it was stored.
pub fn read(fee: &pb::Fee) -> Result<Fee> {
    let mut fields = Fields::new();
    parse(fee, "fee", &mut fields).ok_or_else(|| Error::internal("a stored fee cannot be read"))
}

fn parse(fee: &pb::Fee, path: &str, fields: &mut Fields) -> Option<Fee> {
    let at = |field: &str| format!("{path}.{field}");
    // Fee codes have the form of item codes.
    let code = fields.take(&at("code"), ItemCode::parse(&fee.code));
    for (field, value, max) in [
        ("name_zh", &fee.name_zh, 200),
        ("name_en", &fee.name_en, 200),
        ("unit", &fee.unit, 40),
        ("payer", &fee.payer, 200),
        // A fee without these two may not be charged, so it is not published either.
        ("approving_document", &fee.approving_document, 500),
        ("legal_basis", &fee.legal_basis, 500),
    ] {
        fields.take(&at(field), text::line(value, max));
    }
    for (field, value, max) in
        [("supervision_telephone", &fee.supervision_telephone, 100), ("note", &fee.note, 500)]
    {
        fields.take(&at(field), text::optional_line(value, max));
    }
    for (index, example) in (0..).zip(fee.examples.iter().take(MAX_TIERS)) {
        fields.take(&at(&format!("examples[{index}]")), text::line(example, 200));
    }
    let short = (1..=16).contains(&fee.department.len())
        && fee.department.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
    if !short {
        fields.add(&at("department"), Reason::UnknownDepartment);
    }
    if fee.pay_within_days > MAX_DAYS {
        fields.add_limit(&at("pay_within_days"), Reason::OutOfRange, MAX_DAYS);
    }
    let effective_from = fields.take(&at("effective_from"), parse_date(&fee.effective_from));
    let effective_until = if fee.effective_until.is_empty() {
        Some(None)
    } else {
        fields.take(&at("effective_until"), parse_date(&fee.effective_until).map(Some))
    };
    if let (Some(from), Some(Some(until))) = (effective_from, effective_until)
        && until < from
    {
        fields.add_limit(&at("effective_until"), Reason::OutOfRange, from);
    }
    let standard = standard(fee.standard.as_ref(), &at("standard"), fields);
    Some(Fee {
        code: code?.to_string(),
        version: fee.version,
        department: short.then(|| fee.department.clone())?,
        standard: standard?,
        pay_within_days: fee.pay_within_days,
        effective_from: effective_from?,
        effective_until: effective_until?,
    })
}

fn standard(standard: Option<&pb::Standard>, path: &str, fields: &mut Fields) -> Option<Standard> {
    use pb::standard::Kind;
    let mut money = |field: String, fen: i64| fields.take(&format!("{path}.{field}"), Money::from_fen(fen));
    let read = match standard.and_then(|standard| standard.kind.as_ref()) {
        None => {
            fields.add(path, Reason::Required);
            return None;
        }
        Some(Kind::FixedFen(fen)) => Standard::Fixed(money("fixed_fen".to_owned(), *fen)?),
        Some(Kind::PerUnitFen(fen)) => Standard::PerUnit(money("per_unit_fen".to_owned(), *fen)?),
        Some(Kind::Tiers(tiers)) => {
            let read: Vec<Option<Tier>> = (0..)
                .zip(tiers.tiers.iter().take(MAX_TIERS))
                .map(|(index, tier)| {
                    let per_unit = money(format!("tiers.tiers[{index}].per_unit_fen"), tier.per_unit_fen)?;
                    Some(Tier { up_to: (tier.up_to != 0).then_some(tier.up_to), per_unit })
                })
                .collect();
            if tiers.tiers.len() > MAX_TIERS {
                fields.add_limit(&format!("{path}.tiers"), Reason::TooMany, MAX_TIERS);
            }
            Standard::Tiered(read.into_iter().collect::<Option<_>>()?)
        }
    };
    if !read.is_sound() {
        fields.add(path, Reason::BadFormat);
    }
    Some(read)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fee() -> pb::Fee {
        pb::Fee {
            code: "road-occupation".into(),
            name_zh: "城市道路占用费".into(),
            name_en: "Road occupation fee".into(),
            department: "cgj".into(),
            unit: "平方米".into(),
            standard: Some(pb::Standard { kind: Some(pb::standard::Kind::PerUnitFen(100)) }),
            approving_document: "示例文件".into(),
            legal_basis: "城市道路管理条例第三十七条".into(),
            payer: "占用人".into(),
            pay_within_days: 15,
            effective_from: "2026-01-01".into(),
            ..pb::Fee::default()
        }
    }

    fn faults(fee: pb::Fee) -> Vec<(String, Reason)> {
        let today = NaiveDate::from_ymd_opt(2026, 11, 3).unwrap();
        parse_all(&[fee], today).err().map_or_else(Vec::new, |error| {
            error.fields().iter().map(|fault| (fault.field.clone(), fault.reason)).collect()
        })
    }

    #[test]
    fn a_fee_without_a_basis_is_not_published() {
        assert_eq!(faults(fee()), []);
        let without = pb::Fee { legal_basis: String::new(), approving_document: " ".into(), ..fee() };
        assert_eq!(
            faults(without),
            [
                ("fees[0].approving_document".into(), Reason::Required),
                ("fees[0].legal_basis".into(), Reason::Required)
            ]
        );
    }

    #[test]
    fn a_standard_is_sound() {
        let tiers = |steps: &[(i64, i64)]| {
            let tiers = steps.iter().map(|&(up_to, per_unit_fen)| pb::Tier { up_to, per_unit_fen }).collect();
            pb::Fee {
                standard: Some(pb::Standard { kind: Some(pb::standard::Kind::Tiers(pb::Tiers { tiers })) }),
                ..fee()
            }
        };
        assert_eq!(faults(tiers(&[(30, 0), (0, 10)])), []);
        assert_eq!(faults(tiers(&[(30, 0), (20, 10)])), [("fees[0].standard".into(), Reason::BadFormat)]);
        assert_eq!(
            faults(tiers(&[(0, -1)])),
            [("fees[0].standard.tiers.tiers[0].per_unit_fen".into(), Reason::OutOfRange)]
        );
        assert_eq!(
            faults(pb::Fee { standard: None, ..fee() }),
            [("fees[0].standard".into(), Reason::Required)]
        );
    }
}
