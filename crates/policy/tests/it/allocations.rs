//! How often the policy allocates, exactly. A live request pays for each allocation inside the proxy, so a number that
//! grows here is a higher price. The allocator counts by thread, and every test has a thread of its own.

#![allow(unsafe_code, reason = "an allocator is unsafe by its trait")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use mirror_model::plans::{mirror, plan};
use mirror_model::requests::{get, headers as headers_of, post};
use mirror_policy::active_plan::ActivePlan;
use mirror_policy::matching::RequestHead;
use mirror_policy::outcome::Outcome;
use mirror_policy::reasons::Class;
use mirror_policy::statistics::MetricId;
use mirror_policy::vm_state::VmState;
use mirror_policy::work::Work;

/// The system's allocator, and how often this thread asked it for memory.
struct Counting;

thread_local! {
    static ALLOCATIONS: Cell<usize> = const { Cell::new(0) };
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

// SAFETY: every call is passed on unchanged to the system's allocator.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.set(ALLOCATIONS.get() + 1);
        // SAFETY: the caller's promise is the system allocator's.
        unsafe { System.alloc(layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        ALLOCATIONS.set(ALLOCATIONS.get() + 1);
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
        let (count, copied) = allocations(|| redaction.header((header.as_bytes(), list.as_bytes())));
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
    let adoption = vm.configure(ROOT, "plugin", Ok(&mirror(keys)), |_, _| Some(MetricId(0)));
    let plan = adoption.plan.expect("a good plan");
    (vm, plan)
}

/// The allocations of a GET that is mirrored once: those until its copy is sent, and those of both answers.
const MIRRORED_GET: (usize, usize) = (7, 0);

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
        vm.begin(STREAM, plan, sampled, headers, true, now);
        let copy = vm.complete(STREAM, now).remove(0);
        drop(copy.headers().unwrap());
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
    vm.begin(STREAM, &plan, sampled, headers, true, Duration::ZERO);
    let parts = vec![vec![0; 1024]; 64];
    let (count, ()) = allocations(|| {
        for part in parts {
            assert!(vm.wants(STREAM, part.len()));
            vm.body(STREAM, part.len(), Some(part), Duration::ZERO);
        }
    });
    assert_eq!(count, 6, "the first part is the buffer, which then doubles six times");
}
