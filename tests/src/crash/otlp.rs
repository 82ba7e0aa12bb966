//! An OTLP export, written field by field: `ExportTraceServiceRequest` with one resource and one scope.

/// A span of an attempt. Without a number the server gives it the next one.
#[derive(Clone, Debug)]
pub struct OtlpSpan {
    /// The rollout
    pub rollout_id: String,
    /// The attempt
    pub attempt_id: String,
    /// The id, as 16 hexadecimal digits
    pub span_id: u64,
    /// The number
    pub sequence_id: Option<u64>,
}

/// The body of an export of these spans.
pub fn export(spans: &[OtlpSpan]) -> Vec<u8> {
    let mut scope = Vec::new();
    for span in spans {
        bytes(&mut scope, 2, &encode(span));
    }
    let mut resource = Vec::new();
    bytes(&mut resource, 2, &scope);
    let mut request = Vec::new();
    bytes(&mut request, 1, &resource);
    request
}

fn encode(span: &OtlpSpan) -> Vec<u8> {
    const TRACE: [u8; 16] = *b"the only trace!!";
    const NANOSECONDS: u64 = 1_700_000_000_000_000_000;
    let mut out = Vec::new();
    bytes(&mut out, 1, &TRACE);
    bytes(&mut out, 2, &span.span_id.to_be_bytes());
    bytes(&mut out, 5, b"exported");
    fixed(&mut out, 7, NANOSECONDS);
    fixed(&mut out, 8, NANOSECONDS + 1);
    bytes(&mut out, 9, &attribute("agentlightning.rollout_id", &text(&span.rollout_id)));
    bytes(&mut out, 9, &attribute("agentlightning.attempt_id", &text(&span.attempt_id)));
    if let Some(number) = span.sequence_id {
        let mut value = Vec::new();
        varint(&mut value, 3 << 3);
        varint(&mut value, number);
        bytes(&mut out, 9, &attribute("agentlightning.span_sequence_id", &value));
    }
    out
}

fn attribute(key: &str, value: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    bytes(&mut out, 1, key.as_bytes());
    bytes(&mut out, 2, value);
    out
}

fn text(value: &str) -> Vec<u8> {
    let mut out = Vec::new();
    bytes(&mut out, 1, value.as_bytes());
    out
}

fn bytes(out: &mut Vec<u8>, field: u64, content: &[u8]) {
    varint(out, field << 3 | 2);
    varint(out, content.len() as u64);
    out.extend_from_slice(content);
}

fn fixed(out: &mut Vec<u8>, field: u64, number: u64) {
    varint(out, field << 3 | 1);
    out.extend_from_slice(&number.to_le_bytes());
}

fn varint(out: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        out.push(u8::try_from(number & 0x7f).unwrap_or_default() | 0x80);
        number >>= 7;
    }
    out.push(u8::try_from(number).unwrap_or_default());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_and_numbers_are_written_as_protobuf_does() {
        let mut out = Vec::new();
        varint(&mut out, 300);
        bytes(&mut out, 2, b"hi");
        assert_eq!(out, [0xac, 0x02, 0x12, 0x02, b'h', b'i']);
    }
}
