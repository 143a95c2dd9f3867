//! Decodes `google.protobuf.Struct` from its wire format. Envoy gives the `Struct` configuration of a filter to the
//! filter as raw protobuf. (Envoy's documentation says that it gives JSON.) The whole buffer must be one Struct: no
//! unknown field, no value without a kind, no key twice. So no JSON text is mistaken for a Struct.

use serde_json::{Map, Number, Value};

/// How deep messages may nest, as in protobuf's own decoders.
const MAX_DEPTH: usize = 100;

const VARINT: u64 = 0;
const FIXED64: u64 = 1;
const LENGTH_DELIMITED: u64 = 2;

/// The Struct as a JSON object. Returns `None` if the buffer is not a well-formed Struct.
pub fn decode(bytes: &[u8]) -> Option<Value> {
    read_struct(bytes, 0).map(Value::Object)
}

fn read_struct(bytes: &[u8], depth: usize) -> Option<Map<String, Value>> {
    let mut fields = Map::new();
    let mut input = Input(deeper(bytes, depth)?);
    while !input.is_empty() {
        let entry = input.field(1, LENGTH_DELIMITED)?.bytes()?;
        let (key, value) = read_entry(entry, depth + 1)?;
        if fields.insert(key, value).is_some() {
            return None;
        }
    }
    Some(fields)
}

/// Reads a map entry: the key is field 1, the value is field 2. An absent key is the empty string.
fn read_entry(bytes: &[u8], depth: usize) -> Option<(String, Value)> {
    let mut input = Input(deeper(bytes, depth)?);
    let (mut key, mut value) = (None, None);
    while !input.is_empty() {
        match input.tag()? {
            (1, LENGTH_DELIMITED) if key.is_none() => key = Some(input.text()?),
            (2, LENGTH_DELIMITED) if value.is_none() => value = Some(read_value(input.bytes()?, depth + 1)?),
            _ => return None,
        }
    }
    Some((key.unwrap_or_default(), value?))
}

fn read_value(bytes: &[u8], depth: usize) -> Option<Value> {
    let mut input = Input(deeper(bytes, depth)?);
    let value = match input.tag()? {
        (1, VARINT) => {
            input.varint()?;
            Value::Null
        }
        (2, FIXED64) => Value::Number(Number::from_f64(input.double()?)?),
        (3, LENGTH_DELIMITED) => Value::String(input.text()?),
        (4, VARINT) => Value::Bool(input.varint()? != 0),
        (5, LENGTH_DELIMITED) => Value::Object(read_struct(input.bytes()?, depth + 1)?),
        (6, LENGTH_DELIMITED) => Value::Array(read_list(input.bytes()?, depth + 1)?),
        _ => return None,
    };
    input.is_empty().then_some(value)
}

fn read_list(bytes: &[u8], depth: usize) -> Option<Vec<Value>> {
    let mut values = Vec::new();
    let mut input = Input(deeper(bytes, depth)?);
    while !input.is_empty() {
        values.push(read_value(input.field(1, LENGTH_DELIMITED)?.bytes()?, depth + 1)?);
    }
    Some(values)
}

/// The bytes of a message. Returns `None` if the message is nested too deep.
fn deeper(bytes: &[u8], depth: usize) -> Option<&[u8]> {
    (depth <= MAX_DEPTH).then_some(bytes)
}

/// The rest of a message.
struct Input<'a>(&'a [u8]);

// === impl Input ===

impl<'a> Input<'a> {
    fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Reads the number and the wire type of a field.
    fn tag(&mut self) -> Option<(u64, u64)> {
        let tag = self.varint()?;
        Some((tag >> 3, tag & 7))
    }

    fn field(&mut self, number: u64, wire_type: u64) -> Option<&mut Self> {
        (self.tag()? == (number, wire_type)).then_some(self)
    }

    fn varint(&mut self) -> Option<u64> {
        let mut value = 0;
        for shift in (0..64).step_by(7) {
            let (&byte, rest) = self.0.split_first()?;
            self.0 = rest;
            value |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Some(value);
            }
        }
        None
    }

    fn double(&mut self) -> Option<f64> {
        let (bytes, rest) = self.0.split_first_chunk::<8>()?;
        self.0 = rest;
        Some(f64::from_le_bytes(*bytes))
    }

    fn bytes(&mut self) -> Option<&'a [u8]> {
        let length = usize::try_from(self.varint()?).ok()?;
        let (bytes, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(bytes)
    }

    fn text(&mut self) -> Option<String> {
        String::from_utf8(self.bytes()?.to_vec()).ok()
    }
}
