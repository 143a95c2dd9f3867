//! The table of statistics.

#[cfg(not(target_arch = "wasm32"))]
mod labels;

use mirror_policy::reasons::Skipped;
use mirror_policy::statistics::{COUNT, FAMILIES, Statistic, StatisticKind};
use wasm_bindgen_test::wasm_bindgen_test;

#[wasm_bindgen_test(unsupported = test)]
fn the_table_of_statistics_is_whole_and_its_names_are_unique() {
    let all = Statistic::all();
    assert_eq!(all.len(), COUNT);
    for (index, statistic) in all.iter().enumerate() {
        assert_eq!(statistic.index(), index, "{statistic:?}");
    }
    let names: std::collections::BTreeSet<String> = all.iter().map(|statistic| statistic.raw_name("m")).collect();
    assert_eq!(names.len(), COUNT);
    for family in FAMILIES {
        let mut own = all.iter().filter(|statistic| statistic.name() == family.name);
        assert!(own.clone().count() > 0, "{}", family.name);
        assert!(
            own.all(|statistic| family.name.ends_with("_total") == (statistic.kind() == StatisticKind::Counter)),
            "{}",
            family.name
        );
    }
    assert_eq!(
        Statistic::Skipped(Skipped::NotSampled).raw_name("reviews-v2"),
        "tag.not_sampled;.wasm_filter.reviews-v2.traffic_mirror_skipped_total"
    );
    assert_eq!(
        Statistic::Sent.raw_name("reviews-v2"),
        "wasm_filter.reviews-v2.traffic_mirror_sent_total"
    );
}
