//! Types to JSON text, as `serde_json` writes it but faster where the wire's types are concerned: names of fields need no
//! escaping, most strings neither, and [`RawJson`] is copied.

use serde::ser::{
    Error as _, SerializeMap, SerializeSeq, SerializeStruct, SerializeStructVariant, SerializeTuple,
    SerializeTupleStruct, SerializeTupleVariant,
};
use serde::{Serialize, Serializer};
use serde_json::Error;

use super::RawJson;

/// The JSON text of a value.
///
/// # Errors
/// If `value` refuses to be written, or has a map whose keys are no strings.
pub fn to_json<T: Serialize + ?Sized>(value: &T) -> Result<Vec<u8>, Error> {
    let mut writer = Writer { out: Vec::with_capacity(512), raw: false };
    value.serialize(&mut writer)?;
    Ok(writer.out)
}

/// Whether a string is its own JSON but for the quotes.
pub(crate) fn is_plain(text: &str) -> bool {
    // Counted without leaving early, which is quicker: many bytes are looked at at once.
    text.bytes().filter(|&byte| byte < b' ' || byte == b'"' || byte == b'\\').count() == 0
}

struct Writer {
    out: Vec<u8>,
    /// The next string is JSON itself.
    raw: bool,
}

impl Writer {
    fn push(&mut self, text: &str) {
        self.out.extend_from_slice(text.as_bytes());
    }

    fn string(&mut self, text: &str) -> Result<(), Error> {
        if is_plain(text) {
            self.name(text);
            return Ok(());
        }
        serde_json::to_writer(&mut self.out, text)
    }

    /// A string that needs no escaping.
    fn name(&mut self, text: &str) {
        self.out.push(b'"');
        self.push(text);
        self.out.push(b'"');
    }

    fn number(&mut self, value: impl Serialize) -> Result<(), Error> {
        serde_json::to_writer(&mut self.out, &value)
    }

    /// `{"variant":`
    fn variant(&mut self, variant: &str) {
        self.out.push(b'{');
        self.name(variant);
        self.out.push(b':');
    }

    fn list(&mut self, open: &str, close: &'static str) -> List<'_> {
        self.push(open);
        List { writer: self, empty: true, close }
    }
}

/// Something in brackets that is being written.
struct List<'a> {
    writer: &'a mut Writer,
    empty: bool,
    close: &'static str,
}

impl List<'_> {
    fn next(&mut self) {
        if !std::mem::take(&mut self.empty) {
            self.writer.out.push(b',');
        }
    }

    fn item<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
        self.next();
        value.serialize(&mut *self.writer)
    }

    fn field<T: Serialize + ?Sized>(&mut self, name: &'static str, value: &T) -> Result<(), Error> {
        if name == RawJson::SERDE_NAME {
            self.writer.raw = true;
        } else {
            self.next();
            self.writer.name(name);
            self.writer.out.push(b':');
        }
        value.serialize(&mut *self.writer)
    }

    fn close(self) {
        self.writer.push(self.close);
    }
}

macro_rules! numbers {
    ($($name:ident($type:ty))*) => {$(
        fn $name(self, value: $type) -> Result<(), Error> {
            self.number(value)
        }
    )*};
}

impl<'a> Serializer for &'a mut Writer {
    type Ok = ();
    type Error = Error;
    type SerializeSeq = List<'a>;
    type SerializeTuple = List<'a>;
    type SerializeTupleStruct = List<'a>;
    type SerializeTupleVariant = List<'a>;
    type SerializeMap = List<'a>;
    type SerializeStruct = List<'a>;
    type SerializeStructVariant = List<'a>;

    numbers! {
        serialize_i8(i8) serialize_i16(i16) serialize_i32(i32) serialize_i64(i64) serialize_i128(i128)
        serialize_u8(u8) serialize_u16(u16) serialize_u32(u32) serialize_u64(u64) serialize_u128(u128)
        serialize_f32(f32) serialize_f64(f64)
    }

    fn serialize_bool(self, value: bool) -> Result<(), Error> {
        self.push(if value { "true" } else { "false" });
        Ok(())
    }

    fn serialize_char(self, value: char) -> Result<(), Error> {
        self.string(value.encode_utf8(&mut [0; 4]))
    }

    fn serialize_str(self, value: &str) -> Result<(), Error> {
        if std::mem::take(&mut self.raw) {
            self.push(value);
            return Ok(());
        }
        self.string(value)
    }

    fn serialize_bytes(self, value: &[u8]) -> Result<(), Error> {
        value.serialize(self)
    }

    fn serialize_none(self) -> Result<(), Error> {
        self.serialize_unit()
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), Error> {
        value.serialize(self)
    }

    fn serialize_unit(self) -> Result<(), Error> {
        self.push("null");
        Ok(())
    }

    fn serialize_unit_struct(self, _: &'static str) -> Result<(), Error> {
        self.serialize_unit()
    }

    fn serialize_unit_variant(self, _: &'static str, _: u32, variant: &'static str) -> Result<(), Error> {
        self.name(variant);
        Ok(())
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        value: &T,
    ) -> Result<(), Error> {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<(), Error> {
        self.variant(variant);
        value.serialize(&mut *self)?;
        self.push("}");
        Ok(())
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<List<'a>, Error> {
        Ok(self.list("[", "]"))
    }

    fn serialize_tuple(self, _: usize) -> Result<List<'a>, Error> {
        Ok(self.list("[", "]"))
    }

    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<List<'a>, Error> {
        Ok(self.list("[", "]"))
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<List<'a>, Error> {
        self.variant(variant);
        Ok(self.list("[", "]}"))
    }

    fn serialize_map(self, _: Option<usize>) -> Result<List<'a>, Error> {
        Ok(self.list("{", "}"))
    }

    fn serialize_struct(self, name: &'static str, _: usize) -> Result<List<'a>, Error> {
        let (open, close) = if name == RawJson::SERDE_NAME { ("", "") } else { ("{", "}") };
        Ok(self.list(open, close))
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<List<'a>, Error> {
        self.variant(variant);
        Ok(self.list("{", "}}"))
    }
}

macro_rules! lists {
    ($($kind:ident::$add:ident)*) => {$(
        impl $kind for List<'_> {
            type Ok = ();
            type Error = Error;

            fn $add<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
                self.item(value)
            }

            fn end(self) -> Result<(), Error> {
                self.close();
                Ok(())
            }
        }
    )*};
}

lists! {
    SerializeSeq::serialize_element
    SerializeTuple::serialize_element
    SerializeTupleStruct::serialize_field
    SerializeTupleVariant::serialize_field
}

macro_rules! objects {
    ($($kind:ident)*) => {$(
        impl $kind for List<'_> {
            type Ok = ();
            type Error = Error;

            fn serialize_field<T: Serialize + ?Sized>(
                &mut self,
                name: &'static str,
                value: &T,
            ) -> Result<(), Error> {
                self.field(name, value)
            }

            fn end(self) -> Result<(), Error> {
                self.close();
                Ok(())
            }
        }
    )*};
}

objects! { SerializeStruct SerializeStructVariant }

impl SerializeMap for List<'_> {
    type Ok = ();
    type Error = Error;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), Error> {
        self.next();
        let start = self.writer.out.len();
        key.serialize(&mut *self.writer)?;
        if self.writer.out.get(start) != Some(&b'"') {
            return Err(Error::custom("the keys of an object are strings"));
        }
        self.writer.out.push(b':');
        Ok(())
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
        value.serialize(&mut *self.writer)
    }

    fn end(self) -> Result<(), Error> {
        self.close();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;

    #[derive(Serialize)]
    enum Variant {
        Unit,
        Newtype(f64),
        Tuple(u8, char),
        Struct { a: Option<RawJson>, b: () },
    }

    #[derive(Serialize)]
    struct Everything<'a> {
        variants: [Variant; 5],
        raw: &'a RawJson,
        #[serde(skip_serializing_if = "Option::is_none")]
        absent: Option<u8>,
        numbers: (i8, u64, i128, f32, f64, f64),
        map: BTreeMap<&'a str, Vec<RawJson>>,
        nothing: [u8; 0],
        yes: bool,
    }

    #[test]
    fn every_kind_of_value_is_written_as_serde_json_writes_it() {
        let raw = RawJson::trusted("{\"b\": [1.0, 12345678901234567890123]}");
        let value = Everything {
            variants: [
                Variant::Unit,
                Variant::Newtype(1.0),
                Variant::Tuple(7, '"'),
                Variant::Struct { a: Some(raw.clone()), b: () },
                Variant::Struct { a: None, b: () },
            ],
            raw: &raw,
            absent: None,
            numbers: (-1, u64::MAX, i128::MAX, 0.1, 1e300, f64::NAN),
            map: [("", vec![]), ("k\n", vec![raw.clone(), RawJson::null()])].into(),
            nothing: [],
            yes: true,
        };
        assert_eq!(to_json(&value).unwrap(), serde_json::to_vec(&value).unwrap());
    }

    #[test]
    fn keys_that_are_no_strings_are_refused() {
        assert!(to_json(&BTreeMap::from([(1, 2)])).is_err());
    }

    fn values() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            any::<String>().prop_map(Value::from),
        ];
        leaf.prop_recursive(3, 24, 4, |inner| {
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                proptest::collection::vec((any::<String>(), inner), 0..4)
                    .prop_map(|members| Value::Object(members.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn any_json_is_written_as_serde_json_writes_it(value in values()) {
            let value = json!({"value": value});
            prop_assert_eq!(to_json(&value).unwrap(), serde_json::to_vec(&value).unwrap());
        }
    }
}
