//! A reader of server-sent events.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};

/// Longer than any message takes that a test waits for.
const PATIENCE: Duration = Duration::from_secs(30);

/// One block of a stream.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Block {
    /// Its id
    pub id: Option<String>,
    /// Its name; none for a block that is no message
    pub event: Option<String>,
    /// Its data; null if it has none
    pub data: Value,
    /// Its comments
    pub comment: Option<String>,
}

/// A stream of events on a connection of its own.
#[derive(Debug)]
pub struct Stream {
    input: OwnedReadHalf,
    /// Kept, as a server may take a half-closed connection for one that is given up.
    _output: OwnedWriteHalf,
    /// The status line and the headers
    pub head: String,
    text: String,
    blocks: VecDeque<Block>,
    /// The id of the last block that had one
    pub last_id: Option<String>,
}

impl Stream {
    /// Begins to listen; `headers` are whole lines.
    ///
    /// # Panics
    /// If the server does not begin a stream.
    pub async fn open(address: SocketAddr, target: &str, headers: &[&str]) -> Self {
        let stream = TcpStream::connect(address).await.expect("a connection");
        let (input, mut output) = stream.into_split();
        // An HTTP/1.0 request: the answer comes without chunks.
        let mut head = format!("GET {target} HTTP/1.0\r\nhost: x\r\n");
        for header in headers {
            head.push_str(header);
            head.push_str("\r\n");
        }
        output.write_all((head + "\r\n").as_bytes()).await.expect("a request");
        let mut stream = Self {
            input,
            _output: output,
            head: String::new(),
            text: String::new(),
            blocks: VecDeque::new(),
            last_id: None,
        };
        while !stream.text.contains("\r\n\r\n") {
            assert!(stream.fill().await, "no head: {:?}", stream.text);
        }
        let (head, rest) = stream.text.split_once("\r\n\r\n").expect("an end of the head");
        (stream.head, stream.text) = (head.to_ascii_lowercase(), rest.to_owned());
        assert!(stream.head.starts_with("http/1.0 200"), "{} {}", stream.head, stream.text);
        stream
    }

    /// Reads some more; false at the end.
    async fn fill(&mut self) -> bool {
        let mut bytes = vec![0; 64 << 10];
        let read = tokio::time::timeout(PATIENCE, self.input.read(&mut bytes)).await;
        let count = read.expect("something within the time").unwrap_or(0);
        self.text.push_str(&String::from_utf8_lossy(&bytes[..count]));
        count > 0
    }

    /// The next block; none at the end of the stream.
    pub async fn block(&mut self) -> Option<Block> {
        loop {
            if let Some(block) = self.blocks.pop_front() {
                if block.id.is_some() {
                    self.last_id.clone_from(&block.id);
                }
                return Some(block);
            }
            if let Some(end) = self.text.rfind("\n\n") {
                let rest = self.text.split_off(end + 2);
                self.blocks.extend(self.text.split_terminator("\n\n").map(parse));
                self.text = rest;
            }
            if self.blocks.is_empty() && !self.fill().await {
                return None;
            }
        }
    }

    /// The next message: its name and data.
    ///
    /// # Panics
    /// If the stream ends.
    pub async fn message(&mut self) -> (String, Value) {
        loop {
            let block = self.block().await.expect("another message");
            if let Some(event) = block.event {
                return (event, block.data);
            }
        }
    }
}

fn parse(text: &str) -> Block {
    let mut block = Block::default();
    for line in text.lines() {
        let (field, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "" => block.comment = Some(value.to_owned()),
            "id" => block.id = Some(value.to_owned()),
            "event" => block.event = Some(value.to_owned()),
            "data" => block.data = serde_json::from_str(value).expect("data in JSON"),
            other => panic!("an unknown field {other:?} in {text:?}"),
        }
    }
    block
}
