//! A text as SMPP carries it: UCS-2, and in parts that the handset puts together again (3GPP TS 23.040).

use uuid::Uuid;

use crate::domain::template::{PART, SINGLE};

/// Each part's octets, and whether they begin with the header of a divided message. The reference number that
/// tells the parts of two messages apart comes from the message's id.
pub fn of(text: &str, message: Uuid) -> Vec<(Vec<u8>, bool)> {
    let units: Vec<u16> = text.encode_utf16().collect();
    if units.len() <= SINGLE {
        return vec![(octets(&units), false)];
    }
    let pieces = pieces(&units);
    let reference = message.as_bytes().last().copied().unwrap_or_default();
    let total = u8::try_from(pieces.len()).unwrap_or(u8::MAX);
    (1..=total)
        .zip(pieces)
        .map(|(number, piece)| {
            let mut part = vec![5, 0, 3, reference, total, number];
            part.extend(octets(piece));
            (part, true)
        })
        .collect()
}

/// Pieces of at most [`PART`] units; none ends in the middle of a character.
fn pieces(mut units: &[u16]) -> Vec<&[u16]> {
    let mut pieces = Vec::new();
    while !units.is_empty() {
        let mut length = units.len().min(PART);
        let is_split = |length: usize| {
            units.get(length - 1).is_some_and(|unit| (0xd800..0xdc00).contains(unit)) && length < units.len()
        };
        if length > 1 && is_split(length) {
            length -= 1;
        }
        let (piece, rest) = units.split_at(length);
        pieces.push(piece);
        units = rest;
    }
    pieces
}

fn octets(units: &[u16]) -> Vec<u8> {
    units.iter().flat_map(|unit| unit.to_be_bytes()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn together(parts: &[(Vec<u8>, bool)]) -> String {
        let units: Vec<u16> = parts
            .iter()
            .flat_map(|(part, is_divided)| part[if *is_divided { 6 } else { 0 }..].chunks(2))
            .map(|pair| u16::from_be_bytes([pair[0], pair[1]]))
            .collect();
        String::from_utf16(&units).unwrap()
    }

    #[test]
    fn seventy_fit_into_one_and_then_sixty_seven_each() {
        for (length, count) in [(1, 1), (70, 1), (71, 2), (134, 2), (135, 3), (160, 3), (500, 8)] {
            let text = "办".repeat(length);
            let parts = of(&text, Uuid::from_u128(0x2a));
            assert_eq!(parts.len(), count, "{length}");
            assert_eq!(together(&parts), text);
            assert!(parts.iter().all(|(part, _)| part.len() <= 140));
            if count > 1 {
                assert_eq!(parts[1].0[..6], [5, 0, 3, 0x2a, u8::try_from(count).unwrap(), 2]);
            }
        }
    }

    #[test]
    fn a_character_is_never_divided() {
        let text = format!("{}𠮷{}", "办".repeat(66), "理".repeat(20));
        let parts = of(&text, Uuid::nil());
        assert_eq!(parts[0].0.len(), 6 + 66 * 2);
        assert_eq!(together(&parts), text);
    }
}
