//! The two protobuf messages that OTLP answers carry, read field by field.
//!
//! `google.rpc.Status` has its message in field 2. `ExportTraceServiceResponse` has in field 1 a partial success: the
//! number of rejected spans in its field 1, the reason in its field 2.

/// The fields of a message: their numbers and values.
fn fields(mut bytes: &[u8]) -> Option<Vec<(u64, Field<'_>)>> {
    let mut fields = Vec::new();
    while !bytes.is_empty() {
        let tag = varint(&mut bytes)?;
        let field = match tag & 7 {
            0 => Field::Number(varint(&mut bytes)?),
            2 => {
                let length = usize::try_from(varint(&mut bytes)?).ok()?;
                let (content, rest) = bytes.split_at_checked(length)?;
                bytes = rest;
                Field::Bytes(content)
            }
            _ => return None,
        };
        fields.push((tag >> 3, field));
    }
    Some(fields)
}

enum Field<'a> {
    Number(u64),
    Bytes(&'a [u8]),
}

fn varint(bytes: &mut &[u8]) -> Option<u64> {
    let mut value = 0;
    for shift in (0..64).step_by(7) {
        let (&byte, rest) = bytes.split_first()?;
        *bytes = rest;
        value |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return Some(value);
        }
    }
    None
}

/// The message of a `google.rpc.Status` that has nothing else.
pub fn status_message(bytes: &[u8]) -> Option<String> {
    match fields(bytes)?[..] {
        [(2, Field::Bytes(message))] => String::from_utf8(message.to_vec()).ok(),
        _ => None,
    }
}

/// Rejected spans and the reason, of an `ExportTraceServiceResponse` with a partial success.
pub fn partial_success(bytes: &[u8]) -> Option<(u64, String)> {
    let [(1, Field::Bytes(partial))] = fields(bytes)?[..] else { return None };
    let mut rejected = 0;
    let mut reason = String::new();
    for field in fields(partial)? {
        match field {
            (1, Field::Number(number)) => rejected = number,
            (2, Field::Bytes(text)) => reason = String::from_utf8(text.to_vec()).ok()?,
            _ => return None,
        }
    }
    Some((rejected, reason))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_is_its_message() {
        assert_eq!(status_message(b"\x12\x03bad").as_deref(), Some("bad"));
        assert_eq!(status_message(b"\x12\x09bad"), None);
    }

    #[test]
    fn a_partial_success_counts_the_rejected_spans() {
        assert_eq!(partial_success(b"\x0a\x06\x08\x02\x12\x02no"), Some((2, "no".to_owned())));
        assert_eq!(partial_success(b""), None);
    }
}
