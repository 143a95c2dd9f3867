//! The header map as the host gives it.

use mirror_model::requests::headers;
use mirror_policy::headers::Headers;
use mirror_policy::sample::Dice;
use wasm_bindgen_test::wasm_bindgen_test;

#[wasm_bindgen_test(unsupported = test)]
fn a_header_map_that_is_not_well_formed_is_a_map_without_headers() {
    let good = headers(&[("a", "1"), ("b", ""), ("a", "2")]);
    assert_eq!(good.iter().count(), 3);
    assert_eq!(good.joined(b"a").unwrap().as_ref(), b"1,2");
    let bytes = good.as_bytes().to_vec();
    for length in 0..bytes.len() {
        assert!(Headers::decode(bytes[..length].to_vec()).is_empty());
    }
    let mut dice = Dice::new(3);
    for _ in 0..20_000 {
        let mut broken = bytes.clone();
        let at = dice.roll() as usize % broken.len();
        broken[at] = dice.roll() as u8;
        let map = Headers::decode(broken);
        assert!(map.iter().count() <= map.len());
    }
}
