//! How often the policy allocates, exactly. A live request pays for each allocation inside the proxy, so a number that grows
//! here is a higher price. The allocator counts by thread, and every test has a thread of its own.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::time::Duration;

use mirror_model::bench::Bench;
use mirror_model::plans::{mirror, plan};
use mirror_model::requests::{get, post};
use mirror_policy::matching::{RequestHead, select};
use mirror_policy::reason::{Class, Outcome};

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
fn a_request_that_no_mirror_matches_allocates_nothing() {
    let plan = plan(
        r#"{"mirrors": [
            {"name": "a", "cluster": "c", "match": [{"uri": {"prefix": "/a"}}, {"uri": {"exact": "/B"}, "ignoreUriCase": true}]},
            {"name": "b", "cluster": "c", "match": [{"headers": {"x-beta": {}}}, {"queryParams": {"v": {"exact": "2"}}}]},
            {"name": "c", "cluster": "c", "match": [{"method": {"exact": "PUT"}, "withoutHeaders": {"x-a": {}}}, {"port": 9}]}]}"#,
    );
    let headers = get("/other?v=1", &[("x-a", "1"), ("cookie", "a=b")]);
    let (count, selected) = allocations(|| {
        select(
            &plan,
            &RequestHead {
                headers: &headers,
                port: Some(80),
            },
        )
    });
    assert!(selected.is_empty());
    assert_eq!(count, 0);
}

#[test]
fn a_request_that_the_sample_leaves_out_allocates_only_for_its_effects() {
    for keys in [
        r#""percentage": 0"#,
        r#""percentage": 0, "sample": {"by": "header", "name": "x-user"}"#,
    ] {
        let mut bench = Bench::new(mirror(keys));
        let headers = get("/", &[("x-user", "alice")]);
        let (count, id) = allocations(|| bench.begin(headers, 0));
        assert!(id.is_none());
        assert_eq!(count, 1, "{keys}");
    }
}

#[test]
fn a_mirrored_get_allocates_five_times_until_it_is_sent_and_once_for_its_answer() {
    let mut bench = Bench::new(mirror(""));
    // The first one makes the tables grow to their size.
    mirror_one(&mut bench);
    assert_eq!(mirror_one(&mut bench), (5, 1));
}

#[test]
fn a_mirror_with_a_rate_a_breaker_and_an_expiry_allocates_no_more() {
    let mut bench = Bench::new(mirror(
        r#""limits": {"maxRequestsPerSecond": 9}, "expiresAt": "2099-01-01T00:00:00Z",
            "circuitBreaker": {"failurePercentage": 50, "minRequests": 2, "window": "1s", "openFor": "1s"}"#,
    ));
    bench.wall = Some(Duration::from_secs(1_790_000_000));
    mirror_one(&mut bench);
    assert_eq!(mirror_one(&mut bench), (5, 1));
}

/// One request from its headers to the answer of its copy. Returns the allocations until the copy can be sent, and those
/// of its answer.
fn mirror_one(bench: &mut Bench) -> (usize, usize) {
    let headers = get("/", &[]);
    let (to_send, copy) = allocations(|| {
        let id = bench.begin(headers, 0).expect("collected");
        let copy = bench.complete(id, 0).remove(0);
        drop(copy.headers().unwrap());
        copy
    });
    bench.send_as(copy, 1, 1);
    let answered = Outcome::Answered {
        class: Class::Success,
        is_error: false,
        milliseconds: Some(1),
    };
    let (to_settle, ()) = allocations(|| bench.settle(1, answered, 0));
    (to_send, to_settle)
}

#[test]
fn a_body_in_many_parts_is_copied_into_one_growing_buffer() {
    let mut bench = Bench::new(mirror(""));
    let id = bench.begin(post(&[]), 0).expect("collected");
    let parts = [&[0u8; 1024][..]; 64];
    let (count, _) = allocations(|| bench.body_in_parts(id, &parts, 0));
    // The buffer doubles seven times, and the list of effects begins.
    assert!(count <= 8, "{count} allocations for 64 parts");
}
