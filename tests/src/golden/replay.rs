//! Plays a recording from top to bottom against one server.

use std::collections::BTreeMap;
use std::fmt;
use std::io::Write;
use std::time::Duration;

use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use tokio::task::JoinHandle;

use crate::golden::compare;
use crate::golden::difference::{Deliberate, Differences};
use crate::golden::placeholder::Bindings;
use crate::golden::recording::{Exchange, Sent, SentBody};
use crate::http::{Answer, Client, Request};
use crate::server::Server;

/// How a replay went.
#[derive(Debug, Default)]
pub struct Report {
    /// Steps answered as recorded
    pub passed: usize,
    /// Steps answered as listed among the differences, by reason
    pub deliberate: BTreeMap<String, usize>,
    /// Steps answered in another way, or not at all
    pub failed: Vec<String>,
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for failure in &self.failed {
            writeln!(f, "{failure}\n")?;
        }
        for (reason, steps) in &self.deliberate {
            writeln!(f, "{steps:4} on purpose: {reason}")?;
        }
        let deliberate: usize = self.deliberate.values().sum();
        write!(f, "{} passed, {deliberate} deliberate, {} failed", self.passed, self.failed.len())
    }
}

/// Plays all steps; a step that fails does not end the replay.
pub async fn replay(server: &Server, exchanges: &[Exchange], differences: &Differences) -> Report {
    let mut player =
        Player { client: server.client(), bindings: Bindings::default(), report: Report::default() };
    player.report.failed.extend(differences.strays(exchanges));
    for scenario in exchanges.chunk_by(|left, right| left.scenario == right.scenario) {
        player.bindings = Bindings::default();
        let mut background = Vec::new();
        for exchange in scenario {
            match player.send(server, exchange).await {
                Ok(Sending::Answered(answer)) => player.judge(exchange, &answer, differences),
                Ok(Sending::Background(answer)) => background.push((exchange, answer)),
                Err(error) => player.fail(exchange, &[error]),
            }
        }
        for (exchange, answer) in background {
            match answer.await.unwrap_or_else(|error| Err(error.to_string())) {
                Ok(answer) => player.judge(exchange, &answer, differences),
                Err(error) => player.fail(exchange, &[error]),
            }
        }
    }
    player.report
}

struct Player {
    client: Client,
    bindings: Bindings,
    report: Report,
}

enum Sending {
    Answered(Answer),
    Background(JoinHandle<Result<Answer, String>>),
}

impl Player {
    async fn send(&mut self, server: &Server, exchange: &Exchange) -> Result<Sending, String> {
        if let Some(pause) =
            exchange.sleep_before.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok())
        {
            tokio::time::sleep(pause).await;
        }
        let request = filled(&exchange.request, &self.bindings)?;
        if exchange.request.background {
            let mut client = server.client();
            return Ok(Sending::Background(tokio::spawn(async move { client.try_send(request).await })));
        }
        self.client.try_send(request).await.map(Sending::Answered)
    }

    fn judge(&mut self, exchange: &Exchange, answer: &Answer, differences: &Differences) {
        match differences.find(exchange) {
            Err(error) => self.fail(exchange, &[error]),
            Ok(None) => {
                let found = compare::differences(&exchange.answers, answer, &mut self.bindings);
                if found.is_empty() {
                    self.report.passed += 1;
                } else {
                    self.fail(exchange, &found);
                }
            }
            Ok(Some(deliberate)) => self.judge_deliberate(exchange, answer, deliberate),
        }
    }

    fn judge_deliberate(&mut self, exchange: &Exchange, answer: &Answer, deliberate: Deliberate) {
        let mut bindings = self.bindings.clone();
        let mut found = compare::differences(&deliberate.answers, answer, &mut bindings);
        if found.is_empty() {
            *self.report.deliberate.entry(deliberate.reason).or_default() += 1;
        } else {
            found.push(format!("expected on purpose: {}", deliberate.reason));
            self.fail(exchange, &found);
        }
        if deliberate.binds {
            self.bindings = bindings;
        }
    }

    fn fail(&mut self, exchange: &Exchange, found: &[String]) {
        let Exchange { scenario, step, note, request, .. } = exchange;
        let target = self.bindings.show(&request.target);
        let found = found.join("\n    ");
        self.report
            .failed
            .push(format!("{scenario} {step} ({note})\n    {} {target}\n    {found}", request.method));
    }
}

fn filled(sent: &Sent, bindings: &Bindings) -> Result<Request, String> {
    let headers = sent.headers.iter().map(|(name, value)| Ok((name.clone(), bindings.fill(value)?)));
    let mut headers = headers.collect::<Result<Vec<_>, String>>()?;
    let body = match &sent.body {
        SentBody::None => Bytes::new(),
        SentBody::Json(json) => {
            if !headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("content-type")) {
                headers.push(("Content-Type".to_owned(), "application/json".to_owned()));
            }
            bindings.fill_json(json)?.to_string().into()
        }
        SentBody::Bytes { bytes, ids, gzip } => {
            let mut bytes = bytes.clone();
            for (stand_in, placeholder) in ids {
                replace(&mut bytes, stand_in.as_bytes(), bindings.fill(placeholder)?.as_bytes())?;
            }
            if *gzip { packed(&bytes).map_err(|error| error.to_string())?.into() } else { bytes.into() }
        }
    };
    Ok(Request { method: sent.method.clone(), target: bindings.fill(&sent.target)?, headers, body })
}

fn replace(bytes: &mut [u8], stand_in: &[u8], value: &[u8]) -> Result<(), String> {
    if stand_in.len() != value.len() || stand_in.is_empty() {
        return Err("a stand-in has another length than its value".to_owned());
    }
    for start in 0..(bytes.len() + 1).saturating_sub(stand_in.len()) {
        let here = &mut bytes[start..start + stand_in.len()];
        if here == stand_in {
            here.copy_from_slice(value);
        }
    }
    Ok(())
}

fn packed(bytes: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes)?;
    encoder.finish()
}
