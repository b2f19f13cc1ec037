//! The numbered documents (文书) as text: Chinese, which rules, and an English courtesy translation.
//!
//! They carry the applicant's name and never an id number or a mobile.

use std::fmt::Write as _;

use chrono::{DateTime, NaiveDate, Utc};
use yimen_kernel::date::{CHINA, local_date};
use yimen_kernel::{DocumentNumber, Money};

use super::application::{DeliveryMethod, Outcome, RefusalGround};

/// Which document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// 收件凭证.
    Receipt,
    /// 补正告知书.
    SupplementNotice,
    /// 受理通知书.
    Acceptance,
    /// 不予受理告知书.
    Refusal,
    /// 决定书.
    Decision,
    /// 送达回证.
    Delivery,
    /// 缴费通知书.
    FeeNotice,
    /// 特别程序告知书.
    Procedure,
    /// 延期告知书.
    Extension,
}

impl Kind {
    /// The two letters in the document's number.
    pub fn letters(self) -> &'static str {
        match self {
            Kind::Receipt => "SJ",
            Kind::SupplementNotice => "BZ",
            Kind::Acceptance => "SL",
            Kind::Refusal => "BY",
            Kind::Decision => "JD",
            Kind::Delivery => "SD",
            Kind::FeeNotice => "JF",
            Kind::Procedure => "TB",
            Kind::Extension => "YQ",
        }
    }

    /// The kind's name in the contract.
    pub fn as_str(self) -> &'static str {
        match self {
            Kind::Receipt => "RECEIPT",
            Kind::SupplementNotice => "SUPPLEMENT_NOTICE",
            Kind::Acceptance => "ACCEPTANCE",
            Kind::Refusal => "REFUSAL",
            Kind::Decision => "DECISION",
            Kind::Delivery => "DELIVERY",
            Kind::FeeNotice => "FEE_NOTICE",
            Kind::Procedure => "PROCEDURE_NOTICE",
            Kind::Extension => "EXTENSION_NOTICE",
        }
    }
}

/// What every document says of its application.
#[derive(Clone, Debug)]
pub struct Case<'c> {
    /// Case number.
    pub number: &'c str,
    /// Name of the item.
    pub item_zh: &'c str,
    /// Name of the item.
    pub item_en: &'c str,
    /// Who applied.
    pub applicant: &'c str,
    /// What it is about.
    pub subject: &'c str,
}

/// What one document says beyond its application.
#[derive(Clone, Debug)]
pub enum Content<'c> {
    /// Names of the materials that were handed in, and of those promised.
    Receipt {
        /// Chinese and English names.
        received: Vec<(&'c str, &'c str)>,
        /// Chinese and English names.
        promised: Vec<(&'c str, &'c str)>,
    },
    /// Everything that is to be supplemented.
    SupplementNotice {
        /// Chinese name, English name, what is wrong.
        problems: Vec<(&'c str, &'c str, &'c str)>,
        /// The last day.
        due_on: NaiveDate,
        /// Why there is a second notice.
        repeat_reason: Option<&'c str>,
    },
    /// Working days.
    Acceptance {
        /// 法定办结时限.
        statutory: u32,
        /// 承诺办结时限.
        promised: u32,
        /// The day on which the materials were received, when it is accepted because nobody said anything.
        deemed_since: Option<NaiveDate>,
        /// What is still missing then: Chinese and English names.
        missing: Vec<(&'c str, &'c str)>,
    },
    /// How long a special procedure takes (行政许可法 art. 45).
    Procedure {
        /// Chinese and English name of the ground.
        ground: (&'c str, &'c str),
        /// Whether it is one of the law's, or one that the item publishes.
        legal: bool,
        /// What it is for.
        reason: &'c str,
        /// First day.
        from: NaiveDate,
        /// Last day as announced.
        until: NaiveDate,
    },
    /// That the limit was extended, and why (art. 42).
    Extension {
        /// Working days.
        days: u32,
        /// Whether the head of government approved, or the agency's.
        by_government: bool,
        /// Why.
        reason: &'c str,
    },
    /// Why it is not accepted.
    Refusal {
        /// By law.
        ground: RefusalGround,
        /// In the window's words.
        reason: &'c str,
        /// The agency that is competent.
        referred_to: Option<&'c str>,
    },
    /// What the lead decided.
    Decision {
        /// How.
        outcome: Outcome,
        /// Under which conditions.
        conditions: &'c str,
        /// Why it is refused.
        reasons: &'c str,
        /// What a grant gives.
        result_name: &'c str,
    },
    /// How the result reached the applicant.
    Delivery {
        /// Which way.
        method: DeliveryMethod,
        /// Who signed.
        recipient: &'c str,
        /// Of the parcel.
        tracking_number: Option<&'c str>,
    },
    /// What is to be paid.
    FeeNotice {
        /// Each fee.
        lines: Vec<FeeLine>,
        /// All of it.
        amount: Money,
        /// The last day.
        limit_on: NaiveDate,
        /// What the bank asks for.
        payment_code: &'c str,
    },
}

/// One fee of a notice.
#[derive(Clone, Debug)]
pub struct FeeLine {
    /// Its name.
    pub name_zh: String,
    /// Its name.
    pub name_en: String,
    /// How many units.
    pub quantity: String,
    /// Of what.
    pub unit: String,
    /// In fen.
    pub amount_fen: i64,
    /// The law that allows it.
    pub basis: String,
}

impl Content<'_> {
    /// Which document this makes.
    pub fn kind(&self) -> Kind {
        match self {
            Content::Receipt { .. } => Kind::Receipt,
            Content::SupplementNotice { .. } => Kind::SupplementNotice,
            Content::Acceptance { .. } => Kind::Acceptance,
            Content::Refusal { .. } => Kind::Refusal,
            Content::Decision { .. } => Kind::Decision,
            Content::Delivery { .. } => Kind::Delivery,
            Content::FeeNotice { .. } => Kind::FeeNotice,
            Content::Procedure { .. } => Kind::Procedure,
            Content::Extension { .. } => Kind::Extension,
        }
    }
}

/// The remedies that every refusal names: 行政复议 within 60 days (行政复议法 art. 20), 行政诉讼
/// within six months (行政诉讼法 art. 46).
const REMEDIES_ZH: &str = "如不服本决定，可以自收到本文书之日起六十日内申请行政复议，也可以自收到本文书之日起六个月内依法向人民法院提起行政诉讼。";
const REMEDIES_EN: &str = "Against this decision you may apply for administrative reconsideration within 60 days, or bring an action before a people's court within six months, of receiving this document.";

/// The texts of a document in Chinese and in English.
pub fn render(
    number: &DocumentNumber,
    case: &Case<'_>,
    content: &Content<'_>,
    at: DateTime<Utc>,
) -> (String, String) {
    let (title_zh, title_en) = title(content);
    let (body_zh, body_en) = body(content);
    let day = local_date(at).format("%Y年%m月%d日");
    let time = at.with_timezone(&CHINA).format("%Y-%m-%d %H:%M");
    let zh = format!(
        "{title_zh}\n文书编号：{number}\n\n申请人：{}\n办件编号：{}\n事项名称：{}\n申请内容：{}\n\n{body_zh}\n{day}\n（专用章）\n",
        case.applicant, case.number, case.item_zh, case.subject
    );
    let en = format!(
        "{title_en}\nDocument no.: {number}\n\nApplicant: {}\nCase no.: {}\nItem: {}\nSubject: {}\n\n{body_en}\n{time} (China time)\n(seal)\nThis is a courtesy translation; the Chinese text is the document.\n",
        case.applicant, case.number, case.item_en, case.subject
    );
    (zh, en)
}

fn title(content: &Content<'_>) -> (&'static str, &'static str) {
    match content {
        Content::Receipt { .. } => ("收件凭证", "Receipt"),
        Content::SupplementNotice { .. } => ("补正告知书", "Supplement notice"),
        Content::Acceptance { .. } => ("受理通知书", "Notice of acceptance"),
        Content::Refusal { .. } => ("不予受理告知书", "Notice of non-acceptance"),
        Content::Decision { outcome: Outcome::Refused, .. } => ("不予行政许可决定书", "Decision of refusal"),
        Content::Decision { .. } => ("准予决定书", "Decision of grant"),
        Content::Delivery { .. } => ("送达回证", "Proof of delivery"),
        Content::FeeNotice { .. } => ("缴费通知书", "Fee notice"),
        Content::Procedure { .. } => ("特别程序告知书", "Notice of a special procedure"),
        Content::Extension { .. } => ("延期告知书", "Notice of extension"),
    }
}

fn body(content: &Content<'_>) -> (String, String) {
    let (mut zh, mut en) = (String::new(), String::new());
    // Writing to a String cannot fail.
    let _infallible = write_body(content, &mut zh, &mut en);
    (zh, en)
}

fn write_body(content: &Content<'_>, zh: &mut String, en: &mut String) -> std::fmt::Result {
    match content {
        Content::Receipt { received, promised } => {
            writeln!(zh, "现收到下列材料：")?;
            writeln!(en, "The following materials were received:")?;
            for (index, (name_zh, name_en)) in (1..).zip(received) {
                writeln!(zh, "{index}. {name_zh}")?;
                writeln!(en, "{index}. {name_en}")?;
            }
            if !promised.is_empty() {
                writeln!(zh, "申请人承诺后补下列材料：")?;
                writeln!(en, "The applicant promised to hand in later:")?;
                for (index, (name_zh, name_en)) in (1..).zip(promised) {
                    writeln!(zh, "{index}. {name_zh}")?;
                    writeln!(en, "{index}. {name_en}")?;
                }
            }
            writeln!(zh, "凭办件编号和查询码可以查询办理进度。本凭证不代表申请已经受理。")?;
            writeln!(
                en,
                "With the case number and the lookup code you can follow the case. This receipt is not yet an acceptance."
            )?;
        }
        Content::SupplementNotice { problems, due_on, repeat_reason } => {
            writeln!(zh, "您提交的申请需要补正，现一次性告知全部需要补正的内容：")?;
            writeln!(en, "Your application needs to be supplemented. This is everything, told at once:")?;
            for (index, (name_zh, name_en, problem)) in (1..).zip(problems) {
                writeln!(zh, "{index}. {name_zh}：{problem}")?;
                writeln!(en, "{index}. {name_en}: {problem}")?;
            }
            writeln!(zh, "请于{}前（含当日）补正。", due_on.format("%Y年%m月%d日"))?;
            writeln!(en, "Please hand it in by {due_on}, that day included.")?;
            if let Some(reason) = repeat_reason {
                writeln!(zh, "本告知书为再次告知，原因：{reason}")?;
                writeln!(en, "This is a repeated notice, because: {reason}")?;
            }
        }
        Content::Acceptance { statutory, promised, deemed_since, missing } => {
            let (since_zh, since_en) = match deemed_since {
                None => (
                    "您的申请符合受理条件，现予受理。".to_owned(),
                    "Your application is accepted.".to_owned(),
                ),
                Some(day) => (
                    format!(
                        "自收到您的申请材料之日起五个工作日内未告知需要补正的内容，根据《行政许可法》第三十二条第一款第四项，您的申请自收到申请材料之日（{}）起即为受理。",
                        day.format("%Y年%m月%d日")
                    ),
                    format!(
                        "Nothing was said within five working days of receiving your materials. By the Administrative Licensing Law, art. 32(1)(4), your application is accepted from the day of receipt ({day})."
                    ),
                ),
            };
            for (index, (name_zh, name_en)) in (1..).zip(missing) {
                if index == 1 {
                    writeln!(zh, "仍需提交下列材料：")?;
                    writeln!(en, "These materials are still to be handed in:")?;
                }
                writeln!(zh, "{index}. {name_zh}")?;
                writeln!(en, "{index}. {name_en}")?;
            }
            writeln!(
                zh,
                "{since_zh}法定办结时限{statutory}个工作日，承诺办结时限{promised}个工作日，自受理之日的次日起计算。"
            )?;
            writeln!(
                en,
                "{since_en} Statutory limit: {statutory} working days; promised limit: {promised} working days; counted from the day after acceptance."
            )?;
        }
        Content::Refusal { ground, reason, referred_to } => {
            let (ground_zh, ground_en) = ground_text(*ground);
            writeln!(zh, "您的申请不予受理。依据：{ground_zh}。\n理由：{reason}")?;
            writeln!(en, "Your application is not accepted. Ground: {ground_en}.\nReason: {reason}")?;
            if let Some(agency) = referred_to {
                writeln!(zh, "请向{agency}申请。")?;
                writeln!(en, "Please apply to: {agency}")?;
            }
            writeln!(zh, "{REMEDIES_ZH}")?;
            writeln!(en, "{REMEDIES_EN}")?;
        }
        Content::Decision { outcome, conditions, reasons, result_name } => match outcome {
            Outcome::Granted => {
                writeln!(
                    zh,
                    "经审查，符合法定条件，决定准予。结果：{result_name}。自决定之日起十个工作日内颁发、送达。"
                )?;
                writeln!(
                    en,
                    "The application meets the conditions of law and is granted. Result: {result_name}. It is issued and delivered within ten working days."
                )?;
            }
            Outcome::GrantedWithConditions => {
                writeln!(
                    zh,
                    "经审查，决定准予。结果：{result_name}。附带下列条件：\n{conditions}\n自决定之日起十个工作日内颁发、送达。"
                )?;
                writeln!(
                    en,
                    "The application is granted. Result: {result_name}. Conditions:\n{conditions}\nIt is issued and delivered within ten working days."
                )?;
            }
            Outcome::Refused => {
                writeln!(zh, "经审查，决定不予许可。理由：\n{reasons}\n{REMEDIES_ZH}")?;
                writeln!(en, "The application is refused. Reasons:\n{reasons}\n{REMEDIES_EN}")?;
            }
        },
        Content::Delivery { method, recipient, tracking_number } => {
            let (way_zh, way_en) = match method {
                DeliveryMethod::Counter => ("窗口领取", "handed over at the window"),
                DeliveryMethod::Post => ("邮寄送达", "sent by post"),
                DeliveryMethod::Electronic => ("电子送达", "delivered electronically"),
            };
            writeln!(zh, "送达方式：{way_zh}\n签收人：{recipient}")?;
            writeln!(en, "Delivery: {way_en}\nReceived by: {recipient}")?;
            if let Some(parcel) = tracking_number {
                writeln!(zh, "邮件号：{parcel}")?;
                writeln!(en, "Parcel no.: {parcel}")?;
            }
        }
        Content::Procedure { ground: (ground_zh, ground_en), legal, reason, from, until } => {
            let (zh_from, zh_until) = (from.format("%Y年%m月%d日"), until.format("%Y年%m月%d日"));
            writeln!(zh, "办理您的申请需要进行{ground_zh}：{reason}\n自{zh_from}起，预计至{zh_until}止。")?;
            writeln!(
                en,
                "Your application needs: {ground_en}. {reason}\nFrom {from}, expected to last until {until}."
            )?;
            if *legal {
                writeln!(zh, "根据《行政许可法》第四十五条，所需时间不计算在法定期限和承诺期限内。")?;
                writeln!(
                    en,
                    "By the Administrative Licensing Law, art. 45, this time counts towards neither the statutory nor the promised limit."
                )?;
            } else {
                writeln!(zh, "根据办事指南，所需时间不计算在承诺期限内；法定期限照常计算。")?;
                writeln!(
                    en,
                    "As the guide to this item says, this time does not count towards the promised limit; the statutory limit runs on."
                )?;
            }
        }
        Content::Extension { days, by_government, reason } => {
            let (who_zh, who_en, paragraph) = match by_government {
                true => ("本级人民政府负责人", "the head of government", 2),
                false => ("本行政机关负责人", "the head of the agency", 1),
            };
            let paragraph_zh = if paragraph == 1 { "一" } else { "二" };
            writeln!(
                zh,
                "您的申请不能在原期限内作出决定。根据《行政许可法》第四十二条第{paragraph_zh}款，经{who_zh}批准，期限延长{days}个工作日。\n理由：{reason}"
            )?;
            writeln!(
                en,
                "Your application cannot be decided within the limit. By the Administrative Licensing Law, art. 42({paragraph}), {who_en} has approved an extension of {days} working days.\nReason: {reason}"
            )?;
        }
        Content::FeeNotice { lines, amount, limit_on, payment_code } => {
            writeln!(zh, "请缴纳下列费用：")?;
            writeln!(en, "Please pay the following fees:")?;
            for (index, line) in (1..).zip(lines) {
                let fen = Money::from_fen(line.amount_fen).unwrap_or_default();
                let FeeLine { name_zh, name_en, quantity, unit, basis, .. } = line;
                writeln!(zh, "{index}. {name_zh}：{quantity}{unit}，{fen}元（依据：{basis}）")?;
                writeln!(en, "{index}. {name_en}: {quantity} {unit}, {fen} yuan (basis: {basis})")?;
            }
            writeln!(zh, "合计：{amount}元（大写：{}）", amount.capital())?;
            writeln!(en, "Total: {amount} yuan")?;
            writeln!(
                zh,
                "缴款码（模拟）：{payment_code}\n缴费期限：{}（含当日）",
                limit_on.format("%Y年%m月%d日")
            )?;
            writeln!(
                en,
                "Payment code (simulated): {payment_code}\nLast day to pay: {limit_on}, that day included"
            )?;
            writeln!(zh, "可以在窗口或者凭缴款码到代收银行缴纳。没有依据的收费，您有权拒绝缴纳。")?;
            writeln!(
                en,
                "Pay at the window, or at the bank with the payment code. You may refuse a charge that has no basis."
            )?;
        }
    }
    Ok(())
}

fn ground_text(ground: RefusalGround) -> (&'static str, &'static str) {
    match ground {
        RefusalGround::NotRequired => (
            "《行政许可法》第三十二条第一款第一项（不需要取得行政许可）",
            "Administrative License Law art. 32(1)(1), no license is required",
        ),
        RefusalGround::NotCompetent => (
            "《行政许可法》第三十二条第一款第二项（不属于本机关职权范围）",
            "Administrative License Law art. 32(1)(2), outside this agency's competence",
        ),
        RefusalGround::Incomplete => (
            "经补正告知，申请材料仍不齐全或者不符合法定形式",
            "after the supplement notice the materials are still incomplete or not in the legal form",
        ),
        RefusalGround::FalseMaterials => (
            "《行政许可法》第七十八条（隐瞒有关情况或者提供虚假材料）",
            "Administrative License Law art. 78, facts concealed or false materials given",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use yimen_kernel::DivisionCode;

    #[test]
    fn a_refusal_names_reason_and_remedies_in_both_languages() {
        let center = DivisionCode::parse("430102").unwrap();
        let number = DocumentNumber::issue(&center, Kind::Refusal.letters(), 2026, 7).unwrap();
        let case =
            Case { number: "n", item_zh: "事项", item_en: "Item", applicant: "𠮷某", subject: "内容" };
        let content = Content::Refusal {
            ground: RefusalGround::NotCompetent,
            reason: "属于市级权限",
            referred_to: Some("长沙市公安局"),
        };
        let (zh, en) = render(&number, &case, &content, DateTime::from_timestamp(1_795_000_000, 0).unwrap());
        for part in [
            "430102-BY-2026-0000007",
            "第三十二条",
            "属于市级权限",
            "长沙市公安局",
            "六十日",
            "六个月",
            "𠮷某",
        ] {
            assert!(zh.contains(part), "{part} is missing in\n{zh}");
        }
        for part in ["art. 32(1)(2)", "60 days", "six months", "courtesy translation"] {
            assert!(en.contains(part), "{part} is missing in\n{en}");
        }
    }
}
