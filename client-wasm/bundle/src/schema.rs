//! From one JSON schema to one TypeScript declaration. Knows the kinds of schemas that the wire types have, and refuses
//! others.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use anyhow::{Context as _, Result, bail};
use serde_json::Value;

use crate::types::NameSet;

/// Which way a value goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// From the server: all keys are there.
    Answer,
    /// To the server: only the required ones have to be.
    Request,
}

/// The one key that answers may lack, as [`lightning_store_client::wire`] says.
const ABSENT: &str = "attempt";

/// What the types are called.
#[derive(Debug, Default)]
pub(crate) struct Names {
    /// Those with a form of their own for requests.
    pub(crate) twofold: BTreeSet<String>,
}

impl Names {
    fn of(&self, name: &str, form: Form) -> String {
        let is_input = form == Form::Request && self.twofold.contains(name);
        if is_input { format!("{name}Input") } else { name.to_owned() }
    }
}

/// These names and those that their schemas lead to.
pub(crate) fn closure<'a>(schemas: &'a BTreeMap<String, Value>, names: &[&str]) -> Result<NameSet<'a>> {
    let mut found = NameSet::new();
    let mut open: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    while let Some(name) = open.pop() {
        let (name, schema) =
            schemas.get_key_value(&name).with_context(|| format!("there is no schema {name}"))?;
        if found.insert(name) {
            references(schema, &mut open);
        }
    }
    Ok(found)
}

/// Whether a request may lack something that an answer has, there or deeper down.
pub(crate) fn differs(schemas: &BTreeMap<String, Value>, name: &str) -> Result<bool> {
    let names = Names::default();
    for name in closure(schemas, &[name])? {
        let text = |form| declaration(&schemas[name], name, form, &names);
        if text(Form::Answer)? != text(Form::Request)? {
            return Ok(true);
        }
    }
    Ok(false)
}

fn references(schema: &Value, found: &mut Vec<String>) {
    match schema {
        Value::Object(members) => {
            found.extend(members.get("$ref").and_then(Value::as_str).map(target).map(str::to_owned));
            members.values().for_each(|value| references(value, found));
        }
        Value::Array(items) => items.iter().for_each(|value| references(value, found)),
        _ => {}
    }
}

fn target(reference: &str) -> &str {
    reference.rsplit('/').next().unwrap_or(reference)
}

/// The declaration of a named schema, with its documentation.
pub(crate) fn declaration(schema: &Value, name: &str, form: Form, names: &Names) -> Result<String> {
    let mut out = String::new();
    comment(&mut out, schema, "");
    let name = names.of(name, form);
    // An object that is another one and more: an extension of it.
    if let Some([base, own]) = schema.get("allOf").and_then(Value::as_array).map(Vec::as_slice)
        && let Some(reference) = base.get("$ref").and_then(Value::as_str)
        && own.get("properties").is_some()
    {
        let base = names.of(target(reference), form);
        writeln!(out, "export interface {name} extends {base} {}", body(own, form, names)?)?;
    } else if schema.get("properties").is_some() {
        writeln!(out, "export interface {name} {}", body(schema, form, names)?)?;
    } else {
        writeln!(out, "export type {name} = {};", expression(schema, form, names)?)?;
    }
    Ok(out)
}

fn body(schema: &Value, form: Form, names: &Names) -> Result<String> {
    let properties = schema["properties"].as_object().context("an object has no list of members")?;
    let required: Vec<&str> =
        schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let mut out = "{\n".to_owned();
    for (name, member) in properties {
        comment(&mut out, member, "  ");
        let is_optional = match form {
            Form::Answer => name == ABSENT && !required.contains(&name.as_str()),
            Form::Request => !required.contains(&name.as_str()),
        };
        let mark = if is_optional { "?" } else { "" };
        writeln!(out, "  {name}{mark}: {};", expression(member, form, names)?)?;
    }
    out.push('}');
    Ok(out)
}

fn expression(schema: &Value, form: Form, names: &Names) -> Result<String> {
    if let Some(reference) = schema.get("$ref").and_then(Value::as_str) {
        return Ok(names.of(target(reference), form));
    }
    if let Some(words) = schema.get("enum").and_then(Value::as_array) {
        let words: Vec<String> = words.iter().map(ToString::to_string).collect();
        return Ok(words.join(" | "));
    }
    for (key, glue) in [("oneOf", " | "), ("anyOf", " | "), ("allOf", " & ")] {
        if let Some(parts) = schema.get(key).and_then(Value::as_array) {
            let parts = parts.iter().map(|part| expression(part, form, names)).collect::<Result<Vec<_>>>()?;
            let parts = parts.into_iter().map(|part| bracket(part, glue)).collect::<Vec<_>>();
            return Ok(parts.join(glue));
        }
    }
    match schema.get("type") {
        None => Ok("JsonValue".to_owned()),
        Some(Value::String(kind)) => of_kind(kind, schema, form, names),
        Some(Value::Array(kinds)) => {
            let kinds = kinds.iter().filter_map(Value::as_str);
            Ok(kinds.map(|kind| of_kind(kind, schema, form, names)).collect::<Result<Vec<_>>>()?.join(" | "))
        }
        Some(other) => bail!("unknown type {other}"),
    }
}

fn of_kind(kind: &str, schema: &Value, form: Form, names: &Names) -> Result<String> {
    Ok(match kind {
        "null" | "string" | "boolean" => kind.to_owned(),
        "integer" | "number" => "number".to_owned(),
        "array" => {
            let items = schema.get("items").context("a list of unknown items")?;
            format!("{}[]", bracket(expression(items, form, names)?, "[]"))
        }
        "object" if schema.get("properties").is_some() => on_one_line(&body(schema, form, names)?),
        "object" => match schema.get("additionalProperties") {
            Some(values) => format!("{{ [name: string]: {} }}", expression(values, form, names)?),
            None => "JsonObject".to_owned(),
        },
        other => bail!("unknown type {other:?}"),
    })
}

/// An object in the midst of something else; its members have no documentation there.
fn on_one_line(body: &str) -> String {
    let lines = body.lines().map(str::trim).filter(|line| !line.starts_with("/**"));
    lines.collect::<Vec<_>>().join(" ")
}

/// Puts brackets around a union that becomes a part of something else.
fn bracket(part: String, glue: &str) -> String {
    if glue != " | " && part.contains(" | ") && !part.starts_with('{') { format!("({part})") } else { part }
}

/// The documentation of a schema, and its default.
fn comment(out: &mut String, schema: &Value, indent: &str) {
    let description = schema.get("description").and_then(Value::as_str).unwrap_or_default();
    let default = schema.get("default").map(|value| format!("@defaultValue `{value}`"));
    let lines: Vec<&str> = description.lines().chain(default.as_deref()).collect();
    match lines.as_slice() {
        [] => {}
        [line] => out.extend([indent, "/** ", line, " */\n"]),
        lines => {
            out.extend([indent, "/**\n"]);
            for line in lines {
                let space = if line.is_empty() { "" } else { " " };
                out.extend([indent, " *", space, line.trim_end(), "\n"]);
            }
            out.extend([indent, " */\n"]);
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn requests_may_lack_what_answers_have() {
        let schema = json!({
            "type": "object",
            "description": "A thing.",
            "required": ["id"],
            "properties": {
                "id": {"$ref": "#/components/schemas/Id", "description": "Its id."},
                "note": {"oneOf": [{"type": "string"}, {"type": "null"}], "default": "x"},
                "attempt": {"type": "array", "items": {"type": ["integer", "null"]}},
            },
        });
        let names = Names { twofold: ["Thing".to_owned()].into() };
        assert_eq!(
            declaration(&schema, "Thing", Form::Answer, &names).unwrap(),
            "/** A thing. */\nexport interface Thing {\n  /** Its id. */\n  id: Id;\n  /** @defaultValue `\"x\"` */\n  \
             note: string | null;\n  attempt?: (number | null)[];\n}\n"
        );
        let request = declaration(&schema, "Thing", Form::Request, &names).unwrap();
        assert!(request.contains("interface ThingInput {"), "{request}");
        assert!(request.contains("  id: Id;\n"), "{request}");
        assert!(request.contains("  note?: string | null;\n"), "{request}");
    }

    #[test]
    fn unions_extensions_and_open_objects_are_told_apart() {
        let names = Names::default();
        let declare = |schema: &Value| declaration(schema, "A", Form::Answer, &names).unwrap();
        let own = json!({"type": "object", "properties": {"b": {"type": "boolean"}}});
        let base = json!({"$ref": "#/components/schemas/Base"});
        assert_eq!(
            declare(&json!({"allOf": [base, own]})),
            "export interface A extends Base {\n  b: boolean;\n}\n"
        );
        let both = json!({"oneOf": [{"allOf": [base, own]}, {"type": "null"}]});
        assert_eq!(declare(&both), "export type A = Base & { b: boolean; } | null;\n");
        assert_eq!(
            declare(&json!({"type": "string", "enum": ["x", "y"]})),
            "export type A = \"x\" | \"y\";\n"
        );
        let values = json!({"type": "object", "additionalProperties": {"type": "number"}});
        assert_eq!(declare(&values), "export type A = { [name: string]: number };\n");
        assert_eq!(declare(&json!({"type": "object"})), "export type A = JsonObject;\n");
        assert_eq!(declare(&json!({})), "export type A = JsonValue;\n");
        assert!(declaration(&json!({"type": "date"}), "A", Form::Answer, &names).is_err());
    }
}
