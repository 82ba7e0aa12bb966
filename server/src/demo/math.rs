//! The agent that calculates.

use serde_json::json;

use super::picture;
use super::random::Random;
use super::script::{Exchange, Message, Script, Step, Tool, ToolCall};
use super::texts::{JUDGE_PROMPT, MATH_PROMPTS};

/// What it may use.
pub(super) const TOOLS: &[Tool] = &[
    Tool {
        name: "calculator",
        description: "Evaluate an arithmetic expression.",
        parameters: r#"{"type":"object","properties":{"expression":{"type":"string","description":"Such as 3 * (4 + 5)"}},"required":["expression"]}"#,
    },
    Tool {
        name: "look_up_formula",
        description: "Find a formula by a few words.",
        parameters: r#"{"type":"object","properties":{"topic":{"type":"string"}},"required":["topic"]}"#,
    },
];

/// A task with the way to its answer.
#[derive(Debug, Clone)]
pub(super) struct Problem {
    pub(super) question: String,
    pub(super) answer: i64,
    /// Expressions with their values.
    way: Vec<(String, i64)>,
    image: Option<String>,
}

/// Draws a problem.
pub(super) fn problem(random: &mut Random) -> Problem {
    let (a, b, c) = (random.whole(12, 96), random.whole(3, 14), random.whole(2, 9));
    let plain = |question: String, answer: i64, way: Vec<(String, i64)>| Problem {
        question,
        answer,
        way,
        image: None,
    };
    match random.whole(0, 6) {
        0 => plain(
            format!(
                "A bakery sells {a} rolls an hour and opens for {b} hours. {c} rolls of each hour are given away. How many are sold for money in a day?"
            ),
            (a - c) * b,
            vec![(format!("{a} - {c}"), a - c), (format!("{} * {b}", a - c), (a - c) * b)],
        ),
        1 => plain(
            format!(
                "A train travels {b} hours at {a} km/h and then {c} hours at {} km/h. How far does it get?",
                a + 20
            ),
            a * b + (a + 20) * c,
            vec![
                (format!("{a} * {b}"), a * b),
                (format!("{} * {c}", a + 20), (a + 20) * c),
                (format!("{} + {}", a * b, (a + 20) * c), a * b + (a + 20) * c),
            ],
        ),
        2 => plain(
            format!(
                "{c} friends share {} coins equally, and each gives {b} of hers to her sister. How many does each keep?",
                (a + b) * c
            ),
            a,
            vec![(format!("{} / {c}", (a + b) * c), a + b), (format!("{} - {b}", a + b), a)],
        ),
        3 => plain(
            format!("The sum of {b} consecutive whole numbers that begin with {a} is wanted."),
            b * a + b * (b - 1) / 2,
            vec![
                (format!("{b} * {a}"), b * a),
                (format!("{b} * ({b} - 1) / 2"), b * (b - 1) / 2),
                (format!("{} + {}", b * a, b * (b - 1) / 2), b * a + b * (b - 1) / 2),
            ],
        ),
        4 => plain(
            format!(
                "A tank holds {} litres. One pipe fills {c} litres a minute, another one {b}. After how many minutes is it full?",
                a * (b + c)
            ),
            a,
            vec![(format!("{b} + {c}"), b + c), (format!("{} / {}", a * (b + c), b + c), a)],
        ),
        _ => {
            let (width, height) = (2 * b, 2 * c);
            Problem {
                question: format!(
                    "The picture shows a right triangle with legs of {width} cm and {height} cm. What is its area in cm²?"
                ),
                answer: width * height / 2,
                way: vec![
                    (format!("{width} * {height}"), width * height),
                    (format!("{} / 2", width * height), width * height / 2),
                ],
                image: Some(picture::triangle(
                    u32::try_from(3 * width).unwrap_or(60),
                    u32::try_from(3 * height).unwrap_or(40),
                )),
            }
        }
    }
}

/// Plays an attempt at a problem by an agent with so much skill, from 0 to 1, and this version of its prompt.
pub(super) fn play(
    problem: &Problem,
    skill: f64,
    version: usize,
    model: String,
    random: &mut Random,
) -> Script {
    let right = random.chance(skill);
    let clean = random.chance(0.4 + 0.6 * skill);
    let mut steps = Vec::new();
    let system = MATH_PROMPTS[version.min(MATH_PROMPTS.len() - 1)].replace("{grade}", "7");
    let mut talk = vec![
        Message::new("system", system),
        Message { image: problem.image.clone(), ..Message::new("user", &problem.question) },
    ];
    if random.chance(0.3) {
        let documents = [
            "Area of a right triangle: half the product of its legs.",
            "Distance = speed · time.",
            "Sum of n consecutive numbers from a: n·a + n(n−1)/2.",
        ];
        steps.push(Step::Search {
            query: problem.question.chars().take(60).collect(),
            documents: documents.map(str::to_owned).into(),
            seconds: random.between(0.1, 0.6),
        });
    }
    for (expression, value) in &problem.way {
        let call = ToolCall {
            id: format!("call_{}", random.hex(12)),
            name: "calculator",
            arguments: json!({"expression": expression}),
        };
        ask(
            &mut steps,
            &mut talk,
            Message::calling(format!("Next I need {expression}."), call.clone()),
            None,
            random,
        );
        let result = if clean {
            Ok(value.to_string())
        } else {
            Err(format!("SyntaxError: cannot read {expression:?}"))
        };
        let told = result.clone().unwrap_or_else(|error| error);
        steps.push(Step::Tool { call: call.clone(), result, seconds: random.between(0.05, 1.5) });
        talk.push(Message::answering(&call, told));
        if !clean {
            break;
        }
    }
    let said = if right { problem.answer } else { problem.answer + random.whole(1, 9) };
    let thought = random
        .chance(0.3)
        .then(|| format!("The calculations gave {said}. Let me put it back into the problem: it fits."));
    ask(
        &mut steps,
        &mut talk,
        Message::new("assistant", format!("Everything is known now.\n\nANSWER: {said}")),
        thought,
        random,
    );
    if random.chance(0.25) {
        steps.push(Step::Keep(
            json!({"answer": said, "expected": problem.answer, "turns": talk.len(), "checked": true}),
        ));
    }
    steps.push(Step::Operation {
        name: "check_answer",
        input: json!({"answer": said.to_string(), "expected": problem.answer, "tolerance": 0.01}),
        output: json!({"correct": right, "judge": JUDGE_PROMPT.len()}),
        seconds: random.between(0.2, 1.0),
    });
    steps.push(Step::Say(format!(
        "answered {said} after {} messages, {}",
        talk.len(),
        if right { "right" } else { "wrong" }
    )));
    let correct = if right { 1.0 } else { 0.0 };
    let format = if version >= 2 || random.chance(0.5) { 1.0 } else { 0.0 };
    let brevity = random.between(0.4, 1.0);
    let total = 0.8 * correct + 0.1 * format + 0.1 * brevity - if clean { 0.0 } else { 0.2 };
    Script {
        agent: "math_agent",
        model,
        tools: TOOLS,
        steps,
        rewards: vec![
            ("primary", round(total)),
            ("correctness", correct),
            ("format", format),
            ("brevity", round(brevity)),
        ],
        succeeds: true,
    }
}

/// Asks the model, which answers with this.
pub(super) fn ask(
    steps: &mut Vec<Step>,
    talk: &mut Vec<Message>,
    answer: Message,
    reasoning: Option<String>,
    random: &mut Random,
) {
    let exchange = Exchange {
        prompt: talk.clone(),
        answer: answer.clone(),
        reasoning,
        seconds: random.between(5.0, 34.0),
        streaming: random.chance(0.5),
    };
    steps.push(Step::Pause(random.between(0.02, 0.6)));
    steps.push(Step::Model(Box::new(exchange)));
    talk.push(answer);
}

/// To three places, as people write rewards.
pub(super) fn round(value: f64) -> f64 {
    (value * 1_000.0).round() / 1_000.0
}
