//! Any bytes as a `google.protobuf.Struct`. What is one is not JSON too, is the same once more when it is encoded
//! again, and means what the equal JSON text means.

use mirror_policy::Plan;
use mirror_policy::document::protobuf_struct;
use serde_json::Value;

/// Checks one input.
pub fn check(bytes: &[u8]) {
    let Some(value) = protobuf_struct::decode(bytes) else {
        if serde_json::from_slice::<Value>(bytes).is_err() {
            assert!(Plan::parse(bytes).is_err(), "neither a Struct nor JSON, and accepted");
        }
        return;
    };
    assert!(value.is_object(), "a Struct is an object");
    assert!(
        serde_json::from_slice::<Value>(bytes).is_err(),
        "a Struct and JSON at once"
    );
    assert_eq!(
        protobuf_struct::decode(&encode(&value)).as_ref(),
        Some(&value),
        "encoded and decoded again"
    );

    let text = value.to_string();
    // A double's last digit may be read differently from a text; then this text is not the equal one.
    if serde_json::from_str::<Value>(&text).ok().as_ref() != Some(&value) {
        return;
    }
    let (from_struct, from_json) = (Plan::parse(bytes), Plan::parse(text.as_bytes()));
    match (from_struct, from_json) {
        (Ok(one), Ok(other)) => assert_eq!(one.config(), other.config(), "a Struct and the equal JSON"),
        (Err(one), Err(other)) => {
            // Nothing at all is refused before anybody asks in which form it came.
            assert!(
                one == other || bytes.is_empty(),
                "refused differently: {one:?}, {other:?}"
            );
        }
        (one, other) => panic!("one of two equal configurations is refused: {one:?}, {other:?}"),
    }
}

/// An object in protobuf's wire format, written without a look at the decoder.
pub fn encode(object: &Value) -> Vec<u8> {
    let fields = object.as_object().expect("only an object is a Struct");
    let entry = |(key, value): (&String, &Value)| {
        let inner = [delimited(1, key.as_bytes()), delimited(2, &encode_value(value))].concat();
        delimited(1, &inner)
    };
    fields.iter().flat_map(entry).collect()
}

fn encode_value(value: &Value) -> Vec<u8> {
    match value {
        Value::Null => vec![0x08, 0],
        Value::Number(number) => {
            let double = number.as_f64().expect("every number is a double");
            [&[0x11][..], &double.to_le_bytes()].concat()
        }
        Value::String(text) => delimited(3, text.as_bytes()),
        Value::Bool(value) => vec![0x20, u8::from(*value)],
        Value::Object(_) => delimited(5, &encode(value)),
        Value::Array(values) => {
            let items: Vec<u8> = values
                .iter()
                .flat_map(|value| delimited(1, &encode_value(value)))
                .collect();
            delimited(6, &items)
        }
    }
}

/// A field of wire type 2.
fn delimited(number: u8, payload: &[u8]) -> Vec<u8> {
    let mut bytes = vec![number << 3 | 2];
    let mut length = payload.len();
    while length > 0x7f {
        bytes.push((length & 0x7f) as u8 | 0x80);
        length >>= 7;
    }
    bytes.push(length as u8);
    bytes.extend_from_slice(payload);
    bytes
}
