//! From JavaScript's values to what the client takes.

use std::time::Duration;

use js_sys::{Array, JSON, Reflect};
use lightning_store_client::wire::{JsonQuery, RawJson};
use wasm_bindgen::{JsCast as _, JsValue};

use crate::failure::Failure;

/// The JSON text of `value`: itself, if it is a string. What is absent becomes `{}`.
fn text(value: &JsValue, what: &str) -> Result<String, Failure> {
    if value.is_undefined() || value.is_null() {
        return Ok("{}".to_owned());
    }
    if let Some(text) = value.as_string() {
        return Ok(text);
    }
    let text = JSON::stringify(value).map_err(|error| {
        let reason = error.dyn_ref::<js_sys::Error>().map(|error| String::from(error.message()));
        Failure::invalid(format!(
            "the {what} cannot be written as JSON ({}); for integers beyond 2^53 write it as JSON text",
            reason.unwrap_or_default()
        ))
    })?;
    // Functions and symbols have no JSON.
    text.as_string().ok_or_else(|| Failure::invalid(format!("the {what} is no object")))
}

/// Any JSON, as it is: the server looks into it.
pub(crate) fn json(value: &JsValue, what: &str) -> Result<RawJson, Failure> {
    RawJson::parse(&text(value, what)?)
        .map_err(|error| Failure::invalid(format!("the {what} is a text that is no JSON: {error}")))
}

/// The object with this as its only member.
pub(crate) fn member_of(name: &str, value: &JsValue, what: &str) -> Result<RawJson, Failure> {
    let value = json(value, what)?;
    Ok(RawJson::trusted(format!("{{\"{name}\":{}}}", value.as_str())))
}

/// The conditions of a list.
pub(crate) fn query(value: &JsValue) -> Result<JsonQuery, Failure> {
    JsonQuery::parse(&text(value, "query")?).map_err(|error| Failure::invalid(error.to_string()))
}

/// An id.
pub(crate) fn id(value: &JsValue) -> Result<String, Failure> {
    value.as_string().ok_or_else(|| Failure::invalid("an id is no string"))
}

/// A list of texts.
pub(crate) fn texts(value: &JsValue, what: &str) -> Result<Vec<String>, Failure> {
    let all = value.dyn_ref::<Array>().and_then(|list| list.iter().map(|text| text.as_string()).collect());
    all.ok_or_else(|| Failure::invalid(format!("the {what} is no list of strings")))
}

/// A time in seconds.
pub(crate) fn seconds(value: &JsValue, what: &str) -> Result<Duration, Failure> {
    let seconds = value.as_f64().and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    seconds.ok_or_else(|| Failure::invalid(format!("{what} is no time of 0 or more")))
}

/// A time in milliseconds.
pub(crate) fn millis(value: &JsValue, what: &str) -> Result<Duration, Failure> {
    seconds(&value.as_f64().map_or(JsValue::NULL, |millis| (millis / 1e3).into()), what)
}

/// A member of an object, read with `read`. None if it is undefined or null, or if there is no object.
pub(crate) fn member<T>(
    object: &JsValue,
    name: &str,
    read: impl FnOnce(&JsValue, &str) -> Result<T, Failure>,
) -> Result<Option<T>, Failure> {
    if object.is_undefined() || object.is_null() {
        return Ok(None);
    }
    // Only an object has members; what is passed in its place is a mistake.
    let value =
        Reflect::get(object, &name.into()).map_err(|_| Failure::invalid("the options are no object"))?;
    optional(&value, name, read)
}

/// For [`member`]: a string.
pub(crate) fn string(value: &JsValue, what: &str) -> Result<String, Failure> {
    value.as_string().ok_or_else(|| Failure::invalid(format!("{what} is no string")))
}

/// For [`member`]: a number.
pub(crate) fn number(value: &JsValue, what: &str) -> Result<f64, Failure> {
    value.as_f64().ok_or_else(|| Failure::invalid(format!("{what} is no number")))
}

/// For [`member`]: a number of things.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked")]
pub(crate) fn count(value: &JsValue, what: &str) -> Result<u32, Failure> {
    let number = number(value, what)?;
    if number.fract() != 0.0 || !(0.0..=f64::from(u32::MAX)).contains(&number) {
        return Err(Failure::invalid(format!("{what} is no whole number of 0 or more")));
    }
    Ok(number as u32)
}

/// For [`member`]: times in milliseconds.
pub(crate) fn all_millis(value: &JsValue, what: &str) -> Result<Vec<Duration>, Failure> {
    let list = value.dyn_ref::<Array>().ok_or_else(|| Failure::invalid(format!("{what} is no list")))?;
    list.iter().map(|value| millis(&value, what)).collect()
}

/// A parameter that may be undefined or null, read with `read`.
pub(crate) fn optional<T>(
    value: &JsValue,
    name: &str,
    read: impl FnOnce(&JsValue, &str) -> Result<T, Failure>,
) -> Result<Option<T>, Failure> {
    if value.is_undefined() || value.is_null() { Ok(None) } else { read(value, name).map(Some) }
}
