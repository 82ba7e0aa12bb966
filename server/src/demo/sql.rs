//! The agent that answers questions with SQL.

use serde_json::json;

use super::math::{ask, round};
use super::random::Random;
use super::script::{Message, Script, Step, Tool, ToolCall};
use super::texts::SQL_PROMPTS;

/// What it may use.
pub(super) const TOOLS: &[Tool] = &[
    Tool {
        name: "run_query",
        description: "Run a query on the database; at most 20 rows are returned.",
        parameters: r#"{"type":"object","properties":{"sql":{"type":"string"},"db_id":{"type":"string"}},"required":["sql"]}"#,
    },
    Tool {
        name: "sample_rows",
        description: "Some rows of a table.",
        parameters: r#"{"type":"object","properties":{"table":{"type":"string"},"count":{"type":"integer","maximum":10}},"required":["table"]}"#,
    },
];

/// A database with its tables.
struct Database {
    id: &'static str,
    schema: &'static str,
    /// Questions with a query each.
    questions: &'static [(&'static str, &'static str)],
}

const DATABASES: &[Database] = &[
    Database {
        id: "orchard",
        schema: "CREATE TABLE trees (tree_id INTEGER PRIMARY KEY, kind TEXT, planted INTEGER, field TEXT);\n\
                 CREATE TABLE harvests (tree_id INTEGER, day TEXT, kilos REAL);",
        questions: &[
            (
                "Which kind of tree gave the most fruit in 2024?",
                "SELECT t.kind FROM trees t JOIN harvests h ON h.tree_id = t.tree_id WHERE h.day LIKE '2024%' GROUP BY t.kind ORDER BY sum(h.kilos) DESC LIMIT 1",
            ),
            (
                "How many trees were never harvested?",
                "SELECT count(*) FROM trees WHERE tree_id NOT IN (SELECT tree_id FROM harvests)",
            ),
            (
                "What is the mean yield per tree of each field?",
                "SELECT t.field, sum(h.kilos) / count(DISTINCT t.tree_id) FROM trees t JOIN harvests h USING (tree_id) GROUP BY t.field",
            ),
        ],
    },
    Database {
        id: "library",
        schema: "CREATE TABLE books (book_id INTEGER PRIMARY KEY, title TEXT, author TEXT, year INTEGER);\n\
                 CREATE TABLE loans (book_id INTEGER, reader_id INTEGER, lent TEXT, returned TEXT);\n\
                 CREATE TABLE readers (reader_id INTEGER PRIMARY KEY, name TEXT, since INTEGER);",
        questions: &[
            (
                "Who has the most books at home?",
                "SELECT r.name FROM readers r JOIN loans l USING (reader_id) WHERE l.returned IS NULL GROUP BY r.reader_id ORDER BY count(*) DESC LIMIT 1",
            ),
            (
                "Which books were never lent?",
                "SELECT title FROM books WHERE book_id NOT IN (SELECT book_id FROM loans)",
            ),
            (
                "How many days does a loan last on average?",
                "SELECT avg(julianday(returned) - julianday(lent)) FROM loans WHERE returned IS NOT NULL",
            ),
        ],
    },
    Database {
        id: "harbour",
        schema: "CREATE TABLE ships (ship_id INTEGER PRIMARY KEY, name TEXT, flag TEXT, length_m REAL);\n\
                 CREATE TABLE calls (ship_id INTEGER, berth INTEGER, arrived TEXT, left_at TEXT, cargo_t REAL);",
        questions: &[
            (
                "Which flag brought the most cargo?",
                "SELECT s.flag FROM ships s JOIN calls c USING (ship_id) GROUP BY s.flag ORDER BY sum(c.cargo_t) DESC LIMIT 1",
            ),
            (
                "Which berth is free for the longest time between two calls?",
                "SELECT berth FROM calls ORDER BY left_at LIMIT 1",
            ),
            (
                "List the ships over 200 m that called at least twice.",
                "SELECT s.name FROM ships s JOIN calls c USING (ship_id) WHERE s.length_m > 200 GROUP BY s.ship_id HAVING count(*) >= 2",
            ),
        ],
    },
];

/// A question about a database.
#[derive(Debug, Clone)]
pub(super) struct Question {
    pub(super) database: &'static str,
    pub(super) schema: &'static str,
    pub(super) text: &'static str,
    pub(super) query: &'static str,
}

/// Draws a question.
pub(super) fn question(random: &mut Random) -> Question {
    let database = random.pick(DATABASES);
    let (text, query) = *random.pick(database.questions);
    Question { database: database.id, schema: database.schema, text, query }
}

/// Plays an attempt at a question by an agent with so much skill, from 0 to 1, and this version of its prompt.
pub(super) fn play(
    question: &Question,
    skill: f64,
    version: usize,
    model: String,
    random: &mut Random,
) -> Script {
    let right = random.chance(skill);
    let errors = if random.chance(skill) { 0 } else { random.whole(1, 2) };
    let template = SQL_PROMPTS[version.min(SQL_PROMPTS.len() - 1)];
    let system = template
        .replace("{{ schema }}", question.schema)
        .replace("{{ max_turns }}", "3")
        .replace("{% if dialect %}", "")
        .replace("{% endif %}", "")
        .replace("{{ dialect }}", "SQLite 3.51");
    let mut steps = Vec::new();
    let mut talk = vec![Message::new("system", system), Message::new("user", question.text)];
    if version >= 3 {
        let table = question.schema.split_whitespace().nth(2).unwrap_or("trees");
        let call = tool(random, "sample_rows", json!({"table": table, "count": 3}));
        ask(
            &mut steps,
            &mut talk,
            Message::calling("I look at some rows first.", call.clone()),
            None,
            random,
        );
        let rows = "1|apple|1998|north\n2|pear|2003|north\n3|plum|2011|south";
        steps.push(Step::Tool {
            call: call.clone(),
            result: Ok(rows.to_owned()),
            seconds: random.between(0.05, 0.3),
        });
        talk.push(Message::answering(&call, rows));
    }
    for turn in 0..=errors {
        let failing = turn < errors;
        let sql =
            if failing { question.query.replacen("SELECT", "SELCT", 1) } else { question.query.to_owned() };
        let call = tool(random, "run_query", json!({"sql": sql, "db_id": question.database}));
        let text = if turn == 0 { "I run a first query." } else { "The query was wrong; I mend it." };
        ask(&mut steps, &mut talk, Message::calling(text, call.clone()), None, random);
        let result = if failing {
            Err("OperationalError: near \"SELCT\": syntax error".to_owned())
        } else {
            Ok(format!("{}\n({} rows)", random.whole(1, 400), random.whole(1, 20)))
        };
        let told = result.clone().unwrap_or_else(|error| error);
        steps.push(Step::Tool { call: call.clone(), result, seconds: random.between(0.1, 2.5) });
        talk.push(Message::answering(&call, told));
    }
    let query = if right {
        question.query.to_owned()
    } else {
        question.query.replace("DESC", "ASC").replace("count", "sum")
    };
    ask(&mut steps, &mut talk, Message::new("assistant", format!("```sql\n{query};\n```")), None, random);
    steps.push(Step::Operation {
        name: "compare_results",
        input: json!({"query": query, "gold": question.query, "args": [question.database, 20]}),
        output: json!({"equal": right, "rows": random.whole(1, 20)}),
        seconds: random.between(0.3, 2.0),
    });
    steps.push(Step::Say(format!(
        "{} errors on the way, result {}",
        errors,
        if right { "equal" } else { "different" }
    )));
    let equal = if right { 1.0 } else { 0.0 };
    let calls = 1.0 - 0.25 * f64::from(u8::try_from(errors).unwrap_or(0));
    Script {
        agent: "sql_agent",
        model,
        tools: TOOLS,
        steps,
        rewards: vec![
            ("primary", round(0.9 * equal + 0.1 * calls)),
            ("execution_match", equal),
            ("valid_sql", round(calls)),
        ],
        succeeds: true,
    }
}

fn tool(random: &mut Random, name: &'static str, arguments: serde_json::Value) -> ToolCall {
    ToolCall { id: format!("call_{}", random.hex(12)), name, arguments }
}
