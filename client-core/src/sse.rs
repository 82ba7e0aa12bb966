//! Server-sent events: bytes → messages.
//!
//! Follows the HTML standard's event stream format. What it calls "dispatching an event" is a [`Message`] here.

/// A message may be so long, all its lines together; a server that sends more without an end is none of ours.
pub(crate) const MAX_MESSAGE_BYTES: usize = 1 << 20;

/// One message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Message {
    /// Its name; `message` if it was given none.
    pub(crate) name: String,
    /// Its data; lines are joined with line feeds.
    pub(crate) data: String,
    /// The last id that the stream named, with this message or before.
    pub(crate) id: Option<String>,
}

/// A message that is too long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TooLong;

/// Reads a stream in pieces of any size.
#[derive(Debug, Default)]
pub(crate) struct Parser {
    line: Vec<u8>,
    /// The last byte was a carriage return: a line feed that follows belongs to it.
    after_cr: bool,
    is_past_first_line: bool,
    name: String,
    data: String,
    id: Option<String>,
    retry_millis: Option<u64>,
}

impl Parser {
    /// A parser of a stream that goes on behind the message with this id.
    pub(crate) fn after(id: Option<String>) -> Self {
        Self { id, ..Self::default() }
    }

    /// How long the server asks to wait before coming back, in milliseconds.
    pub(crate) fn retry_millis(&self) -> Option<u64> {
        self.retry_millis
    }

    /// Reads a piece and appends the messages that end in it.
    pub(crate) fn push(&mut self, piece: &[u8], messages: &mut Vec<Message>) -> Result<(), TooLong> {
        for byte in piece {
            let after_cr = std::mem::replace(&mut self.after_cr, *byte == b'\r');
            match byte {
                b'\n' if after_cr => {}
                b'\r' | b'\n' => messages.extend(self.end_line()),
                _ if self.line.len() + self.data.len() >= MAX_MESSAGE_BYTES => return Err(TooLong),
                _ => self.line.push(*byte),
            }
        }
        Ok(())
    }

    fn end_line(&mut self) -> Option<Message> {
        let line = std::mem::take(&mut self.line);
        let mut line = String::from_utf8_lossy(&line);
        if !std::mem::replace(&mut self.is_past_first_line, true)
            && let Some(rest) = line.strip_prefix('\u{feff}')
        {
            line = rest.to_owned().into();
        }
        if line.is_empty() {
            return self.end_message();
        }
        let (field, value) = line.split_once(':').unwrap_or((&*line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "event" => value.clone_into(&mut self.name),
            "data" => {
                self.data.push_str(value);
                self.data.push('\n');
            }
            "id" if !value.contains('\0') => self.id = Some(value.to_owned()).filter(|id| !id.is_empty()),
            "retry" if !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit()) => {
                self.retry_millis = value.parse().ok().or(self.retry_millis);
            }
            // A comment, whose field is empty, or a field that nobody knows.
            _ => {}
        }
        None
    }

    fn end_message(&mut self) -> Option<Message> {
        let name = std::mem::take(&mut self.name);
        let mut data = std::mem::take(&mut self.data);
        // Without a line of data it is none, whatever its name.
        data.pop()?;
        let name = if name.is_empty() { "message".to_owned() } else { name };
        Some(Message { name, data, id: self.id.clone() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn parse(pieces: &[&[u8]]) -> Vec<Message> {
        let (mut parser, mut messages) = (Parser::default(), Vec::new());
        for piece in pieces {
            parser.push(piece, &mut messages).unwrap();
        }
        messages
    }

    fn message(name: &str, data: &str, id: Option<&str>) -> Message {
        Message { name: name.to_owned(), data: data.to_owned(), id: id.map(str::to_owned) }
    }

    #[test]
    fn messages_are_read() {
        let table: &[(&str, Vec<Message>)] = &[
            ("data: a\n\n", vec![message("message", "a", None)]),
            ("data:a\n\n", vec![message("message", "a", None)]),
            ("data:  a\n\n", vec![message("message", " a", None)]),
            ("data\n\n", vec![message("message", "", None)]),
            ("data: a\ndata:\ndata: b\n\n", vec![message("message", "a\n\nb", None)]),
            ("event: x\ndata: a: b\nid: 7\n\n", vec![message("x", "a: b", Some("7"))]),
            (": comment\n\n:\n\ndata: a\n\n", vec![message("message", "a", None)]),
            ("\u{feff}data: a\n\n", vec![message("message", "a", None)]),
            // Only the first byte-order mark is one.
            ("\n\u{feff}data: a\n\n", vec![]),
            // No data: no message, and the name does not stay.
            ("event: x\n\ndata: a\n\n", vec![message("message", "a", None)]),
            // The id stays, an empty one clears it, one with a null is none.
            (
                "id: 1\n\ndata: a\n\ndata: b\nid\n\nid: 2\ndata: c\n\nid: 3\0\ndata: d\n\n",
                vec![
                    message("message", "a", Some("1")),
                    message("message", "b", None),
                    message("message", "c", Some("2")),
                    message("message", "d", Some("2")),
                ],
            ),
            // What does not end with an empty line is not complete.
            ("data: a\n", vec![]),
            ("what: ever\ndata: a\n\n", vec![message("message", "a", None)]),
        ];
        for (text, expected) in table {
            for end in ["\n", "\r", "\r\n"] {
                let text = text.replace('\n', end);
                assert_eq!(&parse(&[text.as_bytes()]), expected, "{text:?}");
            }
        }
    }

    #[test]
    fn the_time_to_wait_is_a_number() {
        let mut parser = Parser::default();
        parser.push(b"retry: 1500\nretry: 1s\nretry:\n", &mut Vec::new()).unwrap();
        assert_eq!(parser.retry_millis(), Some(1500));
    }

    #[test]
    fn a_message_without_an_end_is_refused() {
        let mut parser = Parser::default();
        let line = [b"data:".as_slice(), &[b'x'; 1000], b"\n"].concat();
        let error = (0..=MAX_MESSAGE_BYTES / 1000).find_map(|_| parser.push(&line, &mut Vec::new()).err());
        assert_eq!(error, Some(TooLong));
    }

    proptest! {
        #[test]
        fn pieces_may_end_anywhere(
            text in "((data|event|id|retry|:): ?[aü0-9]{0,3}(\n|\r|\r\n)|(\n|\r|\r\n)){0,20}",
            cuts in proptest::collection::vec(any::<proptest::sample::Index>(), 0..8),
        ) {
            let bytes = text.as_bytes();
            let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(bytes.len() + 1)).collect();
            cuts.extend([0, bytes.len()]);
            cuts.sort_unstable();
            let pieces: Vec<&[u8]> = cuts.windows(2).map(|cut| &bytes[cut[0]..cut[1]]).collect();
            prop_assert_eq!(parse(&pieces), parse(&[bytes]));
        }

        #[test]
        fn any_bytes_will_do(bytes: Vec<u8>) {
            parse(&[&bytes]);
        }
    }
}
