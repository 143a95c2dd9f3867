//! How often the policy allocates, exactly, and what the policy does when there is no memory. A live request pays for
//! each allocation inside the proxy, so a number that grows here is a higher price. The allocator counts by thread, and
//! every test has a thread of its own.

#![allow(unsafe_code, reason = "an allocator is unsafe by its trait")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use mirror_model::plans::{mirror, plan};
use mirror_model::requests::{get, headers as headers_of, post};
use mirror_policy::active_plan::ActivePlan;
use mirror_policy::gates::Arrival;
use mirror_policy::ledger::Change;
use mirror_policy::matching::RequestHead;
use mirror_policy::outcome::Outcome;
use mirror_policy::plugin::Plugin;
use mirror_policy::reasons::{Class, Dropped};
use mirror_policy::statistics::{MetricId, Statistic};
use mirror_policy::vm_state::VmState;
use mirror_policy::work::Work;

/// The system's allocator, how often this thread asked it for memory, and how much this thread may ask for at once.
struct Counting;

thread_local! {
    static ALLOCATIONS: Cell<usize> = const { Cell::new(0) };
    static LARGEST: Cell<usize> = const { Cell::new(usize::MAX) };
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

// SAFETY: every call is passed on unchanged to the system's allocator, or fails.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.set(ALLOCATIONS.get() + 1);
        if layout.size() > LARGEST.get() {
            return std::ptr::null_mut();
        }
        // SAFETY: the caller's promise is the system allocator's.
        unsafe { System.alloc(layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        ALLOCATIONS.set(ALLOCATIONS.get() + 1);
        if size > LARGEST.get() {
            return std::ptr::null_mut();
        }
        // SAFETY: as above.
        unsafe { System.realloc(pointer, layout, size) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: as above.
        unsafe { System.dealloc(pointer, layout) }
    }
}

/// The allocations of this thread during some work, and what the work returns.
fn allocations<T>(work: impl FnOnce() -> T) -> (usize, T) {
    let before = ALLOCATIONS.get();
    let result = work();
    (ALLOCATIONS.get() - before, result)
}

#[test]
fn a_list_of_many_parts_is_redacted_without_an_allocation_for_each_part() {
    let names: Vec<String> = (0..64).map(|index| format!("\"p{index}\"")).collect();
    let names = names.join(",");
    let hash = r#", "mode": "hash", "hashKey": "000102030405060708090a0b0c0d0e0f""#;
    for (keys, header, value, bound) in [
        ("", "cookie", "a;", 1),
        ("", ":path", "a&", 0),
        ("", ":path", ";a", 16),
        ("", "referer", "%61=%62&", 1),
        ("", "referer", "p1&p2&a&", 2),
        (hash, "cookie", "p1=;a=;", 6),
        (hash, ":path", "password=1&", 8),
    ] {
        let plan = mirror(&format!(
            r#""redact": {{"preset": "credentials", "keep": {{"cookies": ["a"]}}, "cookies": [{names}], "queryParams": [{names}]{keys}}}"#
        ));
        let redaction = plan.mirrors[0].redaction.as_ref().expect("it redacts");
        let list = format!("/?{}", value.repeat((56 << 10) / value.len()));
        let list = if header == "cookie" { &list[2..] } else { &list };
        let work = Work::new(u64::MAX);
        let (count, copied) = allocations(|| redaction.header((header.as_bytes(), list.as_bytes()), &work));
        assert!(
            count <= bound,
            "{header}: {value}: {count} allocations are more than {bound}"
        );
        drop(copied);
    }
}

#[test]
fn a_request_that_no_mirror_matches_allocates_nothing() {
    let plan = plan(
        r#"{"mirrors": [
            {"name": "a", "cluster": "c", "match": [{"uri": {"prefix": "/a"}}, {"uri": {"exact": "/B"}, "ignoreUriCase": true}]},
            {"name": "b", "cluster": "c", "match": [{"headers": {"x-beta": {}}}, {"queryParams": {"v": {"exact": "2"}}}]},
            {"name": "c", "cluster": "c", "match": [{"method": {"exact": "PUT"}, "withoutHeaders": {"x-a": {}}}, {"port": 9}]}]}"#,
    );
    let headers = get("/other?v=1", &[("x-a", "1"), ("cookie", "a=b")]);
    let head = RequestHead::new(&headers, Some(80));
    let (count, matches) = allocations(|| {
        plan.mirrors
            .iter()
            .any(|mirror| mirror.matches(&head, &Work::new(0)).unwrap())
    });
    assert!(!matches);
    assert_eq!(count, 0);
}

/// A VM that serves one mirror with these keys. The tests of this file call the policy as the filter does, because the
/// bench allocates too.
fn vm(keys: &str) -> (VmState, Rc<ActivePlan>) {
    let mut vm = VmState::new(1);
    let mut next = 0;
    let adoption = vm.configure(ROOT, "plugin", Ok(&mirror(keys)), |_, _| {
        next += 1;
        Some(MetricId(next))
    });
    let plan = adoption.plan.expect("a good plan");
    (vm, plan)
}

/// The allocations of a GET that is mirrored once: those until its copy is sent, and those of both answers.
const MIRRORED_GET: (usize, usize) = (7, 0);

/// A request that an upstream is to answer.
const fn arrival(is_complete: bool) -> Arrival {
    Arrival {
        is_routed: true,
        is_complete,
        now: Duration::ZERO,
    }
}

const ROOT: u32 = 1;

const STREAM: u32 = 2;

const TOKEN: u32 = 3;

const WALL: Option<Duration> = Some(Duration::from_secs(1_790_000_000));

#[test]
fn a_request_that_the_sample_leaves_out_allocates_nothing() {
    for keys in [
        r#""percentage": 0"#,
        r#""percentage": 0, "sample": {"by": "header", "name": "x-user"}"#,
    ] {
        let (mut vm, plan) = vm(keys);
        let headers = get("/", &[("x-user", "alice")]);
        let head = RequestHead::new(&headers, None);
        let (count, sampled) = allocations(|| vm.sample(&plan, &head, WALL));
        assert!(sampled.is_empty());
        assert_eq!(count, 0, "{keys}");
    }
}

#[test]
fn a_mirrored_get_allocates_little_until_it_is_sent_and_nothing_for_its_answers() {
    let (mut vm, plan) = vm("");
    // The first request makes the tables grow to their size.
    mirror_one(&mut vm, &plan);
    assert_eq!(mirror_one(&mut vm, &plan), MIRRORED_GET);
}

#[test]
fn a_mirror_with_a_rate_a_breaker_and_an_expiry_allocates_no_more() {
    let (mut vm, plan) = vm(
        r#""limits": {"maxRequestsPerSecond": 9}, "expiresAt": "2099-01-01T00:00:00Z",
            "circuitBreaker": {"failurePercentage": 50, "minRequests": 2, "window": "1s", "openFor": "1s"}"#,
    );
    mirror_one(&mut vm, &plan);
    assert_eq!(mirror_one(&mut vm, &plan), MIRRORED_GET);
}

/// One request from its headers to the answer of its copy and of the primary. Returns the allocations until the copy is
/// sent, and those of the answers.
fn mirror_one(vm: &mut VmState, plan: &ActivePlan) -> (usize, usize) {
    let now = Duration::ZERO;
    let headers = get("/", &[]);
    let (to_send, ()) = allocations(|| {
        let sampled = vm.sample(plan, &RequestHead::new(&headers, None), WALL);
        vm.begin(STREAM, plan, sampled, headers, arrival(true));
        let mut copy = vm.complete(STREAM, now).remove(0);
        drop(copy.leave().unwrap());
        vm.sent(STREAM, ROOT, copy, TOKEN);
        vm.all_sent(STREAM);
    });
    let answer = headers_of(&[(":status", "200")]);
    let answered = Outcome::Answered {
        class: Class::Success,
        is_error: false,
        milliseconds: None,
    };
    let (to_answer, ()) = allocations(|| {
        vm.response_headers(STREAM, &answer, true, now);
        vm.end_stream(STREAM);
        vm.settle(TOKEN, answered, Some(now));
    });
    vm.take_changes();
    (to_send, to_answer)
}

#[test]
fn a_body_in_many_parts_is_copied_into_one_growing_buffer() {
    let (mut vm, plan) = vm("");
    let headers = post(&[]);
    let sampled = vm.sample(&plan, &RequestHead::new(&headers, None), None);
    vm.begin(STREAM, &plan, sampled, headers, arrival(false));
    let parts = vec![vec![0; 1024]; 64];
    let (count, ()) = allocations(|| {
        for part in parts {
            assert!(vm.wants(STREAM, part.len()));
            vm.body(STREAM, part.len(), Some(part), Duration::ZERO);
        }
    });
    assert_eq!(
        count,
        64 + 18,
        "each part asks for room, and the buffer of the first part grows 18 times by a quarter at least"
    );
}

/// Lets no allocation of this thread be larger than so many bytes while some work is done.
fn with_room_for<T>(bytes: usize, work: impl FnOnce() -> T) -> T {
    let before = LARGEST.replace(bytes);
    let result = work();
    LARGEST.set(before);
    result
}

/// The counts of one result of `dropped` in a VM with one mirror, and what is left in its budget.
fn dropped(vm: &mut VmState, reason: Dropped) -> (i64, (u64, u64)) {
    // The first metric is the gauge of the plugin.
    let metric = MetricId(Statistic::Dropped(reason).index() as u32 + 2);
    let changes = vm.take_changes();
    let steps = changes.iter().map(|change| match change {
        Change::Step(id, by) if *id == metric => *by,
        _ => 0,
    });
    (steps.sum(), vm.budgeted(&Plugin::new("plugin", ROOT), "v2"))
}

#[test]
fn a_body_for_which_there_is_no_memory_is_dropped() {
    const MIB: usize = 1 << 20;
    let upload = |keys: &str, largest: usize, parts: &[&str]| {
        let (mut vm, plan) = vm(keys);
        let headers = post(&[]);
        let sampled = vm.sample(&plan, &RequestHead::new(&headers, None), None);
        with_room_for(largest, || {
            vm.begin(STREAM, &plan, sampled, headers, arrival(false));
            for part in parts {
                let part = part.as_bytes();
                let chunk = vm.wants(STREAM, part.len()).then(|| part.to_vec());
                vm.body(STREAM, part.len(), chunk, Duration::ZERO);
            }
            for copy in vm.complete(STREAM, Duration::ZERO) {
                vm.refused(copy, Dropped::NoCapacity);
            }
        });
        dropped(&mut vm, Dropped::Memory)
    };
    let part = "x".repeat(MIB / 4);
    let json = format!("[{}1]", "1,".repeat(MIB / 8));
    let redacting = r#""redact": {"json": ["/*"], "mode": "hash", "hashKey": "000102030405060708090a0b0c0d0e0f"}"#;
    assert_eq!(upload("", 32 * MIB, &[part.as_str(); 4]), (0, (0, 0)), "there is room");
    assert_eq!(upload("", 15 * MIB, &[]), (1, (0, 0)), "at the headers");
    assert_eq!(upload("", 17 * MIB, &[part.as_str(); 4]), (1, (0, 0)), "in the body");
    assert_eq!(
        upload(redacting, 32 * MIB, &[json.as_str()]),
        (0, (0, 0)),
        "there is room to redact"
    );
    assert_eq!(
        upload(redacting, 18 * MIB, &[json.as_str()]),
        (1, (0, 0)),
        "while it is redacted"
    );
}
