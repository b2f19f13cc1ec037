//! What comes back: receipts (SMPP 3.4, appendix B) and people's replies.

use rusmpp::pdus::DeliverSm;
use rusmpp::tlvs::TlvValue;
use rusmpp::values::{DataCoding, MessageType};

/// Something that came over the link.
#[derive(Debug, PartialEq, Eq)]
pub enum Incoming {
    /// What became of a part.
    Receipt {
        /// The carrier's name for it.
        id: String,
        /// Whether it arrived; none while that is open.
        delivered: Option<bool>,
    },
    /// Somebody wrote back.
    Reply {
        /// Who.
        mobile: String,
        /// What.
        text: String,
    },
}

/// Reads what came.
pub fn read(delivered: &DeliverSm) -> Incoming {
    let octets = delivered.short_message().as_ref();
    if delivered.esm_class.message_type != MessageType::ShortMessageContainsMCDeliveryReceipt {
        let text = match delivered.data_coding {
            DataCoding::Ucs2 => ucs2(octets),
            _ => String::from_utf8_lossy(octets).into_owned(),
        };
        return Incoming::Reply { mobile: delivered.source_addr.to_string(), text };
    }
    let text = String::from_utf8_lossy(octets);
    let named = delivered.tlvs().iter().find_map(|tlv| match tlv.value() {
        Some(TlvValue::ReceiptedMessageId(id)) => Some(id.to_string()),
        _ => None,
    });
    let id = named.or_else(|| field(&text, "id:").map(str::to_owned)).unwrap_or_default();
    Incoming::Receipt { id, delivered: field(&text, "stat:").and_then(ended) }
}

/// The word after `key`, which may be written in any case.
fn field<'t>(text: &'t str, key: &str) -> Option<&'t str> {
    let at = text.to_ascii_lowercase().find(key)?;
    text.get(at + key.len()..)?.split_whitespace().next()
}

fn ended(state: &str) -> Option<bool> {
    match state.to_ascii_uppercase().as_str() {
        "DELIVRD" => Some(true),
        "EXPIRED" | "DELETED" | "UNDELIV" | "REJECTD" => Some(false),
        _ => None,
    }
}

fn ucs2(octets: &[u8]) -> String {
    let units = octets.as_chunks::<2>().0.iter().map(|pair| u16::from_be_bytes(*pair));
    char::decode_utf16(units).map(|character| character.unwrap_or(char::REPLACEMENT_CHARACTER)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use rusmpp::types::{COctetString, OctetString};
    use rusmpp::values::EsmClass;

    fn came(kind: MessageType, coding: DataCoding, octets: &[u8]) -> Incoming {
        let class = EsmClass { message_type: kind, ..EsmClass::default() };
        let pdu = DeliverSm::builder()
            .source_addr(COctetString::from_string("13000000000".into()).unwrap())
            .esm_class(class)
            .data_coding(coding)
            .short_message(OctetString::from_slice(octets).unwrap())
            .build();
        read(&pdu)
    }

    #[test]
    fn a_receipt_says_which_and_whether() {
        let receipt = |text: &str| {
            came(MessageType::ShortMessageContainsMCDeliveryReceipt, DataCoding::McSpecific, text.as_bytes())
        };
        for (state, delivered) in
            [("DELIVRD", Some(true)), ("UNDELIV", Some(false)), ("ACCEPTD", None), ("ENROUTE", None)]
        {
            let text = format!(
                "id:a1-7 sub:001 dlvrd:001 submit date:2611240900 done date:2611240901 stat:{state} err:000 text:x"
            );
            assert_eq!(receipt(&text), Incoming::Receipt { id: "a1-7".into(), delivered });
        }
        assert_eq!(receipt("nothing"), Incoming::Receipt { id: String::new(), delivered: None });
    }

    #[test]
    fn a_reply_has_its_sender() {
        let reply = |text: &str| Incoming::Reply { mobile: "13000000000".into(), text: text.into() };
        assert_eq!(came(MessageType::Default, DataCoding::Ucs2, &[0x00, 0x54, 0x00, 0x44]), reply("TD"));
        assert_eq!(came(MessageType::Default, DataCoding::McSpecific, b"r"), reply("r"));
    }
}
