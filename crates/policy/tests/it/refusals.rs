//! Configurations that are refused: which plan a root serves then, what the gauges show, and what a plugin without a
//! name shares.

use mirror_policy::config_error::ConfigError;
use mirror_policy::ledger::Change;
use mirror_policy::plan::Plan;
use mirror_policy::plugin::{Plugin, refused_raw_name};
use mirror_policy::serving::Adoption;
use mirror_policy::statistics::{MetricId, Statistic, StatisticKind};
use mirror_policy::vm_state::VmState;
use std::time::Duration;
use wasm_bindgen_test::wasm_bindgen_test;

/// A VM, and the names of the metrics that it has defined, each at its number.
struct Vm(VmState, Vec<String>);

impl Vm {
    fn new() -> Self {
        Self(VmState::new(1), Vec::new())
    }

    fn configure(&mut self, root: u32, plugin: &str, configuration: &str) -> Adoption {
        let names = &mut self.1;
        let define = |_: StatisticKind, name: &str| {
            names.push(name.to_owned());
            Some(MetricId(names.len() as u32 - 1))
        };
        let plan = Plan::parse(configuration.as_bytes());
        self.0.configure(root, plugin, plan.as_ref(), define)
    }

    /// What a tick at this second sets a gauge to. Returns `None` if the tick leaves the gauge as it is.
    fn tick(&mut self, second: u64, name: &str) -> Option<u64> {
        self.0.sweep(Duration::from_secs(second));
        self.set(name)
    }

    /// What the changes up to now set a gauge to.
    fn set(&mut self, name: &str) -> Option<u64> {
        let changes = self.0.take_changes();
        let mut set = changes.iter().filter_map(|change| match change {
            Change::Record(metric, value) if self.1[metric.0 as usize] == name => Some(*value),
            _ => None,
        });
        set.next_back()
    }
}

const GOOD: &str = r#"{"mirrors": [{"name": "a", "cluster": "a"}]}"#;

#[wasm_bindgen_test(unsupported = test)]
fn a_refusal_says_why_and_what_goes_on() {
    let mut vm = Vm::new();
    let adoption = vm.configure(1, "demo.reviews", "{}");
    assert!(adoption.plan.is_none() && adoption.settings.is_empty());
    let refusal = adoption.refusal.expect("refused").to_string();
    assert_eq!(
        refusal,
        "demo_reviews: configuration refused: the configuration: `mirrors` is missing; nothing is copied until it is corrected"
    );
    let good = vm.configure(2, "demo.reviews", GOOD);
    assert!(good.refusal.is_none());
    let adoption = vm.configure(3, "demo.reviews", " ");
    let refusal = adoption.refusal.expect("refused");
    assert_eq!(
        (refusal.error.clone(), refusal.goes_on),
        (ConfigError::NoConfiguration, true)
    );
    assert!(
        refusal
            .to_string()
            .ends_with("; the last good configuration goes on; correct this one")
    );
    assert!(std::rc::Rc::ptr_eq(
        &adoption.plan.expect("a plan"),
        &good.plan.expect("a plan")
    ));
}

#[wasm_bindgen_test(unsupported = test)]
fn the_youngest_good_configuration_of_the_plugin_goes_on_while_a_root_serves_it() {
    let cluster = |adoption: &Adoption| {
        adoption
            .plan
            .as_ref()
            .map(|plan| plan.mirrors[0].mirror.cluster.clone())
    };
    let of = |cluster: &str| GOOD.replace(r#""cluster": "a""#, &format!(r#""cluster": "{cluster}""#));
    let mut vm = Vm::new();
    vm.configure(1, "plugin", &of("first"));
    vm.configure(2, "plugin", &of("second"));
    vm.configure(3, "other", &of("of-another"));
    assert_eq!(cluster(&vm.configure(4, "plugin", "{")).as_deref(), Some("second"));
    // A root that is configured again is the youngest.
    vm.configure(1, "plugin", &of("first"));
    assert_eq!(cluster(&vm.configure(5, "plugin", "{")).as_deref(), Some("first"));
    for root in [1, 2, 4, 5] {
        vm.0.retire(root);
    }
    assert_eq!(cluster(&vm.configure(6, "plugin", "{")), None);
}

#[wasm_bindgen_test(unsupported = test)]
fn only_a_tick_tells_of_a_refusal_and_each_tick_does() {
    let gauge = refused_raw_name("plugin");
    let mut vm = Vm::new();
    vm.configure(1, "plugin", "{}");
    assert_eq!(vm.set(&gauge), None);
    assert_eq!((vm.tick(0, &gauge), vm.tick(0, &gauge)), (Some(1), Some(1)));
    vm.configure(2, "plugin", GOOD);
    assert_eq!(vm.set(&gauge), None);
    assert_eq!((vm.tick(0, &gauge), vm.tick(0, &gauge)), (Some(0), None));
    vm.configure(3, "plugin", "{}");
    assert_eq!(vm.tick(0, &gauge), Some(1));
    for root in [1, 2, 3] {
        vm.0.retire(root);
    }
    assert_eq!(vm.set(&gauge), Some(0), "no root is left that could be refused");
}

#[wasm_bindgen_test(unsupported = test)]
fn the_settings_are_told_again_each_second() {
    let gauge = Statistic::PercentagePpm.raw_name("a");
    let mut vm = Vm::new();
    vm.configure(1, "plugin", GOOD);
    assert_eq!((vm.tick(5, &gauge), vm.tick(5, &gauge)), (Some(1_000_000), None));
    assert_eq!((vm.tick(6, &gauge), vm.tick(6, &gauge)), (Some(1_000_000), None));
}

#[wasm_bindgen_test(unsupported = test)]
fn the_settings_of_a_mirror_are_0_when_no_plugin_has_it_any_more() {
    let gauge = Statistic::Enabled.raw_name("a");
    let mut vm = Vm::new();
    for (root, plugin) in [(1, ""), (2, ""), (3, "named")] {
        vm.configure(root, plugin, GOOD);
    }
    assert_eq!(vm.tick(0, &gauge), Some(1));
    vm.0.retire(3);
    assert_eq!(vm.set(&gauge), Some(1));
    vm.0.retire(1);
    assert_eq!(vm.set(&gauge), Some(1));
    vm.0.retire(2);
    assert_eq!(vm.set(&gauge), Some(0));
}

#[wasm_bindgen_test(unsupported = test)]
fn the_label_of_a_plugin_is_one_part_of_a_raw_name() {
    let label = |name: &str| Plugin::new(name, 7).label();
    assert_eq!(label("traffic_mirror"), "traffic_mirror");
    assert_eq!(
        label("demo.reviews~istio-translated-wasmplugin"),
        "demo_reviews_istio-translated-wasmplugin"
    );
    assert_eq!(label("a/b.c;d e\u{e9}"), "a_b_c_d_e_");
    assert_eq!(label(""), "unnamed");
    assert_eq!(Plugin::new("", 7), Plugin::Unnamed(7));
}
