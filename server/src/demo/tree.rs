//! A trace of many spans, deep and wide: an agent that reads a whole repository.

use serde_json::json;

use super::pen::{Pen, broken};
use super::random::Random;

/// Spans that it has in all.
pub(super) const SPANS: usize = 10_000;

/// Seconds that a call takes on the average, so that all of it takes about twenty minutes.
const PACE: f64 = 0.12;

/// How deep delegation goes.
const DEPTH: usize = 60;

/// Writes it.
pub(super) fn write(pen: &mut Pen<'_>) {
    let mut forest = Forest { left: SPANS - 2, files: 0 };
    let root = pen.id();
    let begin = pen.now;
    while forest.left > 0 {
        forest.chapter(pen, &root);
    }
    let span = pen
        .span_with(root.clone(), "repository_agent.agent", None, PACE)
        .attribute("agentops.span.kind", "agent")
        .attribute("operation.name", "repository_agent");
    let end = pen.now;
    let mut span = span;
    span.start_time = Some(super::pen::time(begin));
    span.end_time = Some(super::pen::time(end));
    let reward = pen
        .span("agentlightning.annotation", Some(&root), 0.0)
        .reward("primary", 0.82)
        .reward("coverage", 0.97);
    pen.send(&reward);
    pen.send(&span);
}

struct Forest {
    /// Spans that are still to be written.
    left: usize,
    files: usize,
}

impl Forest {
    fn take(&mut self) -> bool {
        let some = self.left > 0;
        self.left = self.left.saturating_sub(1);
        some
    }

    /// One folder of the repository.
    fn chapter(&mut self, pen: &mut Pen<'_>, root: &str) {
        self.files += 1;
        let kind = self.files % 6;
        let name = format!("read_folder_{}.task", self.files);
        let this = &mut *self;
        nested(pen, this, root, &name, "task", |forest, pen, id| match kind {
            1 => (0..57).for_each(|_| forest.model(pen, id)),
            2 => forest.delegate(pen, id, DEPTH),
            _ => {
                for _ in 0..pen.random.whole(6, 20) {
                    forest.file(pen, id);
                }
            }
        });
    }

    /// One file: a model is asked, tools are used, and the model is asked again.
    fn file(&mut self, pen: &mut Pen<'_>, parent: &str) {
        nested(pen, self, parent, "read_file.chain", "chain", |forest, pen, id| {
            for _ in 0..pen.random.whole(1, 4) {
                forest.model(pen, id);
                for _ in 0..pen.random.whole(0, 3) {
                    forest.tool(pen, id);
                }
            }
        });
    }

    /// An agent that asks another one, which asks another one.
    fn delegate(&mut self, pen: &mut Pen<'_>, parent: &str, depth: usize) {
        let name = format!("reader_{}.agent", DEPTH - depth + 1);
        nested(pen, self, parent, &name, "agent", |forest, pen, id| {
            forest.model(pen, id);
            if depth > 1 {
                forest.delegate(pen, id, depth - 1);
            }
            forest.tool(pen, id);
        });
    }

    fn model(&mut self, pen: &mut Pen<'_>, parent: &str) {
        if !self.take() {
            return;
        }
        let seconds = PACE * pen.random.between(0.4, 3.0);
        let (input, output) = (pen.random.whole(400, 3_000), pen.random.whole(20, 400));
        let mut span = pen
            .span("openai.chat.completion", Some(parent), seconds)
            .attribute("gen_ai.request.model", "qwen2.5-7b-reader")
            .attribute("gen_ai.response.model", "qwen2.5-7b-reader")
            .attribute("gen_ai.response.id", format!("chatcmpl-{}", pen.random.hex(20)))
            .attribute("gen_ai.prompt.0.role", "system")
            .attribute(
                "gen_ai.prompt.0.content",
                "You read a repository and write down what each part is for.",
            )
            .attribute("gen_ai.prompt.1.role", "user")
            .attribute("gen_ai.prompt.1.content", source(pen.random, 40))
            .attribute("gen_ai.completion.0.role", "assistant")
            .attribute("gen_ai.completion.0.content", source(pen.random, 5))
            .attribute("gen_ai.completion.0.finish_reason", "stop")
            .attribute("gen_ai.usage.prompt_tokens", input)
            .attribute("gen_ai.usage.completion_tokens", output);
        pen.wait(seconds);
        if pen.random.chance(0.01) {
            span = broken(
                span,
                "openai.APIConnectionError",
                "Connection error.",
                &super::errors::trace("complete", "openai.APIConnectionError", "Connection error."),
            );
        }
        pen.send(&span);
    }

    fn tool(&mut self, pen: &mut Pen<'_>, parent: &str) {
        if !self.take() {
            return;
        }
        let seconds = PACE * pen.random.between(0.05, 0.8);
        let path = format!("src/{}/{}.rs", pen.random.hex(3), pen.random.hex(4));
        let span = pen
            .span("tool_call.read_lines", Some(parent), seconds)
            .attribute("agentops.span.kind", "tool")
            .attribute("tool.name", "read_lines")
            .attribute("tool.parameters", json!({"path": path, "from": 1, "to": 80}).to_string())
            .attribute("tool.result", source(pen.random, 24));
        pen.wait(seconds);
        pen.send(&span);
    }
}

/// A span around whatever `inside` writes. Nothing, if there are enough spans.
fn nested(
    pen: &mut Pen<'_>,
    forest: &mut Forest,
    parent: &str,
    name: &str,
    kind: &str,
    inside: impl FnOnce(&mut Forest, &mut Pen<'_>, &str),
) {
    if !forest.take() {
        return;
    }
    let (id, begin) = (pen.id(), pen.now);
    pen.wait(PACE * 0.1);
    inside(forest, pen, &id);
    pen.wait(PACE * 0.1);
    let end = pen.now;
    pen.now = begin;
    let span = pen.span_with(id, name, Some(parent), end - begin).attribute("agentops.span.kind", kind);
    pen.now = end;
    pen.send(&span);
}

/// So many lines of something that looks like code.
fn source(random: &mut Random, lines: i64) -> String {
    const LINES: &[&str] = &[
        "pub fn take(&mut self, count: usize) -> Vec<Item> {",
        "    let found = self.items.iter().filter(|item| item.is_ready());",
        "    if found.is_empty() { return Err(Refusal::Nothing); }",
        "    // The order is that in which they came.",
        "    found.sort_by_key(|item| item.place);",
        "    self.items.retain(|item| !taken.contains(&item.id));",
        "}",
        "impl Queue {",
        "    const LIMIT: usize = 512;",
    ];
    let mut text = String::new();
    for _ in 0..lines {
        let line = *random.pick::<&str>(LINES);
        text.push_str(line);
        text.push('\n');
    }
    text
}
