//! Budgets that do not fit into the memory of a VM together are refused, of one plugin and of several.

use mirror_model::plans::parse;
use mirror_policy::plan::Plan;
use mirror_policy::vm_state::VmState;
use wasm_bindgen_test::wasm_bindgen_test;

const MIB: u64 = 1 << 20;

/// A configuration with so many mirrors of these keys.
fn mirrors(count: usize, keys: &str) -> String {
    let mirrors: Vec<String> = (0..count)
        .map(|index| format!(r#"{{"name": "m{index}", "cluster": "c", {keys}}}"#))
        .collect();
    format!(r#"{{"mirrors": [{}]}}"#, mirrors.join(", "))
}

fn of(count: usize, keys: &str) -> Result<Plan, String> {
    parse(&mirrors(count, keys))
}

#[wasm_bindgen_test(unsupported = test)]
fn what_fits_is_accepted_and_what_does_not_is_refused_with_the_sum_and_the_limit() {
    for (count, keys) in [
        (16, r#""timeout": "1s""#),
        (16, r#""redact": {"json": ["/a"]}"#),
        (16, r#""limits": {"maxInFlight": 65536}"#),
        (16, r#""limits": {"maxBufferedBytes": 33554432}"#),
        (2, r#""limits": {"maxBufferedBytes": 268435456}"#),
        (
            1,
            r#""limits": {"maxBufferedBytes": 268435456}, "body": {"maxBytes": 267386880}"#,
        ),
    ] {
        let plan = of(count, keys).expect(keys);
        assert!(plan.memory() <= 896 * MIB, "{keys}");
    }
    for (count, keys) in [
        (16, r#""limits": {"maxBufferedBytes": 67108864}"#),
        (16, r#""limits": {"maxBufferedBytes": 67108864}, "enabled": false"#),
        (4, r#""limits": {"maxBufferedBytes": 268435456}"#),
        (16, r#""limits": {"maxInFlight": 65536, "maxCollecting": 65536}"#),
        (
            2,
            r#""limits": {"maxBufferedBytes": 268435456}, "body": {"maxBytes": 262144000}, "redact": {"json": ["/a"]}"#,
        ),
    ] {
        assert!(
            of(count, keys).expect_err(keys).starts_with("mirrors: the budgets"),
            "{keys}"
        );
    }
    assert_eq!(
        of(4, r#""limits": {"maxBufferedBytes": 268435456}"#).unwrap_err(),
        "mirrors: the budgets of all mirrors together may need 1611923456 bytes of memory; 939524096 are allowed; lower \
         `limits.maxBufferedBytes`, or `body.maxBytes` where `redact` is set"
    );
}

#[wasm_bindgen_test(unsupported = test)]
fn the_plugins_of_a_vm_share_its_memory() {
    let mut vm = VmState::new(1);
    let large = of(1, r#""limits": {"maxBufferedBytes": 268435456}"#).unwrap();
    let larger = of(2, r#""limits": {"maxBufferedBytes": 201326592}"#).unwrap();
    let mut configure = |root, plugin, plan| {
        let adoption = vm.configure(root, plugin, Ok(plan), |_, _| None);
        adoption.refusal.map(|refusal| refusal.to_string())
    };
    assert_eq!(configure(1, "one", &large), None);
    let refusal = configure(2, "two", &larger).expect("two plugins do not fit");
    let numbers =
        "may need 605159424 bytes of memory, and those of other plugins in the same VM 403767296; 939524096 are";
    assert!(refusal.contains(numbers), "{refusal}");
    assert_eq!(configure(3, "two", &large), None, "this one fits");
    assert_eq!(
        configure(4, "one", &large),
        None,
        "an update takes the place of what was"
    );
    assert!(configure(5, "one", &larger).is_some());
    assert_eq!(configure(6, "", &of(1, r#""timeout": "1s""#).unwrap()), None);
}
