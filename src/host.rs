//! The only file that calls the host. Each function returns what the host gives, or nothing. The SDK's own wrappers
//! panic on a status that they do not expect, and a panic costs a live request.

#![expect(unsafe_code, reason = "the host is called by pointers")]

use std::time::Duration;

use mirror_policy::copy::copied_headers::CopiedHeader;
use mirror_policy::headers::Headers;
use mirror_policy::statistics::{MetricId, StatisticKind};
use proxy_wasm::hostcalls;
use proxy_wasm::types::Status;

/// The header maps by their numbers in the ABI.
#[derive(Clone, Copy)]
pub enum Map {
    /// The headers of the primary's request, in their callback.
    RequestHeaders = 0,
    /// The headers of the primary's answer, in their callback.
    ResponseHeaders = 2,
    /// The trailers of the primary's answer, in their callback.
    ResponseTrailers = 3,
    /// The headers of the shadow's answer, in its callback.
    CalloutHeaders = 6,
    /// The trailers of the shadow's answer, in its callback.
    CalloutTrailers = 7,
}

/// The buffers by their numbers in the ABI.
#[derive(Clone, Copy)]
pub enum Buffer {
    /// A chunk of the primary's request, in its callback.
    RequestBody = 0,
    /// The body of the shadow's answer, in its callback.
    CalloutBody = 4,
    /// The configuration of the plugin, in `on_configure`.
    PluginConfiguration = 7,
}

/// Why the host did not take a callout. No answer comes.
pub enum CalloutRefusal {
    /// The worker does not know the cluster, or a pseudo header is missing.
    BadArgument,
    /// The cluster has no healthy endpoint, its circuit breaker is full, or the capability is denied.
    Failed,
}

/// The queue that only [`reenter`] and `on_queue_ready` use. The host counts real queues up from 1.
pub const OUTBOX: u32 = u32::MAX - 15;

/// The property with the metadata of the request's cluster. It is absent if no upstream is to answer the request.
pub const CLUSTER_METADATA: &str = "xds\0cluster_metadata";

/// The property with the name of the request's cluster. It is absent if no upstream is to answer the request.
pub const CLUSTER_NAME: &str = "xds\0cluster_name";

/// The property with the number of the attempt behind the router: eight bytes, little endian.
pub const ATTEMPT: &str = "upstream\0request_attempt_count";

/// The property with the port on which the proxy accepted the request: eight bytes, little endian.
pub const DESTINATION_PORT: &str = "destination\0port";

/// The property with the name of the plugin.
pub const PLUGIN_NAME: &str = "plugin_name";

#[cfg_attr(target_arch = "wasm32", link(wasm_import_module = "env"))]
unsafe extern "C" {
    fn proxy_log(level: u32, message: *const u8, size: usize) -> u32;
    fn proxy_get_log_level(level: *mut u32) -> u32;
    fn proxy_set_tick_period_milliseconds(period: u32) -> u32;
    fn proxy_get_buffer_bytes(kind: u32, start: usize, max: usize, data: *mut *mut u8, size: *mut usize) -> u32;
    fn proxy_get_header_map_pairs(map: u32, data: *mut *mut u8, size: *mut usize) -> u32;
    fn proxy_get_property(path: *const u8, path_size: usize, data: *mut *mut u8, size: *mut usize) -> u32;
    fn proxy_define_metric(kind: u32, name: *const u8, size: usize, id: *mut u32) -> u32;
    fn proxy_increment_metric(id: u32, by: i64) -> u32;
    fn proxy_record_metric(id: u32, value: u64) -> u32;
    fn proxy_done() -> u32;
}

// The standard library's clocks and `RandomState` panic where these two fail.
#[cfg_attr(target_arch = "wasm32", link(wasm_import_module = "wasi_snapshot_preview1"))]
unsafe extern "C" {
    fn clock_time_get(clock: u32, precision: u64, nanos: *mut u64) -> u32;
    fn random_get(bytes: *mut u8, size: usize) -> u32;
}

/// The number of WASI's clock of the time of day.
const REALTIME: u32 = 0;

/// The number of WASI's monotonic clock.
const MONOTONIC: u32 = 1;

unsafe extern "C" {
    /// The export of the SDK in this module.
    fn proxy_on_queue_ready(context_id: u32, queue_id: u32);
}

const OK: u32 = 0;

/// A header map. The map is empty if the host has no such map.
pub fn headers(map: Map) -> Headers {
    // SAFETY: the host writes to the two places that `received` passes, and to nothing else.
    let headers = received(|data, size| unsafe { proxy_get_header_map_pairs(map as u32, data, size) })
        .map(Headers::decode)
        .unwrap_or_default();
    #[cfg(feature = "trap")]
    crate::trap::by_headers(&headers);
    headers
}

/// Up to `max` bytes from the beginning of a buffer. Returns `None` if the host has no such buffer.
pub fn buffer(kind: Buffer, max: usize) -> Option<Vec<u8>> {
    // SAFETY: as in `headers`.
    let bytes = received(|data, size| unsafe { proxy_get_buffer_bytes(kind as u32, 0, max, data, size) });
    #[cfg(feature = "trap")]
    crate::trap::by_body(bytes.as_deref().unwrap_or_default());
    bytes
}

/// A property by its path, with zero bytes between the parts. Returns `None` if the property is absent.
pub fn property(path: &str) -> Option<Vec<u8>> {
    // SAFETY: as in `headers`; the path is only read, and only during the call.
    received(|data, size| unsafe { proxy_get_property(path.as_ptr(), path.len(), data, size) })
}

/// Takes over the bytes that the host wrote into memory of this module. For no bytes, the host allocates nothing.
/// Returns `None` if the call failed.
fn received(call: impl FnOnce(*mut *mut u8, *mut usize) -> u32) -> Option<Vec<u8>> {
    let mut data: *mut u8 = std::ptr::null_mut();
    let mut size: usize = 0;
    if call(&raw mut data, &raw mut size) != OK {
        return None;
    }
    if data.is_null() {
        return Some(Vec::new());
    }
    // SAFETY: the host got `data` from `proxy_on_memory_allocate(size)` of the SDK, which leaks a boxed slice of
    // exactly `size` bytes for the receiver to take over; the host writes all of them and keeps no pointer.
    Some(unsafe { Vec::from_raw_parts(data, size, size) })
}

/// Sends a callout to a cluster. The answer comes to the root context that is active now.
///
/// # Errors
/// The host does not take the callout. Then no answer comes.
pub fn call(
    cluster: &str,
    headers: &[CopiedHeader<'_>],
    body: &[u8],
    timeout: Duration,
) -> Result<u32, CalloutRefusal> {
    fn text(bytes: &[u8]) -> &str {
        // SAFETY: header values may have any bytes, and the SDK takes them as `&str` only to read their length and
        // bytes (proxy-wasm 0.2.5, hostcalls.rs, `utils::serialize_map`); nothing looks at them as characters.
        unsafe { std::str::from_utf8_unchecked(bytes) }
    }
    let headers = headers.iter().map(|(name, value)| (text(name), text(value))).collect();
    let body = (!body.is_empty()).then_some(body);
    hostcalls::dispatch_http_call(cluster, headers, body, Vec::new(), timeout).map_err(|status| match status {
        Status::BadArgument => CalloutRefusal::BadArgument,
        _ => CalloutRefusal::Failed,
    })
}

/// Enters `on_queue_ready` of a root context from a callback of a stream. The SDK gives the answers of callouts that
/// are sent there to the root. The SDK would drop the answers of a stream that is gone.
///
/// Only callbacks of streams may call this. In a callback of a root, the SDK has its root contexts borrowed.
pub fn reenter(root: u32) {
    // SAFETY: the function is the SDK's own export, in this module, and takes any two numbers. While a stream's
    // callback runs, the SDK has borrowed only its streams; `on_queue_ready` borrows only its roots.
    unsafe { proxy_on_queue_ready(root, OUTBOX) }
}

/// Defines a metric by its raw name. Envoy has one value for each name, but a new number for each definition,
/// so a statistic is defined once. Only a callback that configures may call this. Returns `None` if the host refuses.
pub fn define_metric(kind: StatisticKind, name: &str) -> Option<MetricId> {
    // The numbers of the ABI.
    let kind = match kind {
        StatisticKind::Counter => 0,
        StatisticKind::Gauge | StatisticKind::Setting => 1,
        StatisticKind::Histogram => 2,
    };
    let mut id = 0;
    // SAFETY: the name is only read during the call, and the host writes one number to `id`.
    let status = unsafe { proxy_define_metric(kind, name.as_ptr(), name.len(), &raw mut id) };
    (status == OK).then_some(MetricId(id))
}

/// Adds a step to a counter or gauge.
pub fn increment_metric(id: MetricId, by: i64) {
    // SAFETY: the call takes numbers only.
    let _ = unsafe { proxy_increment_metric(id.0, by) };
}

/// Sets a gauge, or adds a value to a histogram.
pub fn record_metric(id: MetricId, value: u64) {
    // SAFETY: the call takes numbers only.
    let _ = unsafe { proxy_record_metric(id.0, value) };
}

/// Sets the time between two `on_tick` of the active root context.
pub fn set_tick_period(period: Duration) {
    // SAFETY: the call takes a number only.
    let _ = unsafe { proxy_set_tick_period_milliseconds(period.as_secs() as u32 * 1_000 + period.subsec_millis()) };
}

/// Tells the host that the active root context is done. Its `on_done` has returned false before.
pub fn done() {
    // SAFETY: the call takes nothing.
    let _ = unsafe { proxy_done() };
}

/// The monotonic time since some moment before the first call.
pub fn now() -> Duration {
    clock(MONOTONIC).unwrap_or_default()
}

/// The time of day since the Unix epoch. Returns `None` if the host does not know the time.
pub fn wall_clock() -> Option<Duration> {
    clock(REALTIME)
}

fn clock(clock: u32) -> Option<Duration> {
    let mut nanos = 0;
    // SAFETY: the host writes one number to `nanos`.
    let status = unsafe { clock_time_get(clock, 1, &raw mut nanos) };
    (status == OK).then(|| Duration::from_nanos(nanos))
}

/// A random number, or the time if the host has no random bytes.
pub fn seed() -> u64 {
    let mut bytes = [0; 8];
    // SAFETY: the host writes eight bytes to `bytes`.
    match unsafe { random_get(bytes.as_mut_ptr(), bytes.len()) } {
        OK => u64::from_le_bytes(bytes),
        _ => now().subsec_nanos().into(),
    }
}

/// Sends the messages of the `log` macros to the host, at the level of the host.
pub fn start_logging() {
    static LOGGER: HostLog = HostLog;
    let mut level = 2;
    // SAFETY: the host writes one number to `level`.
    let _ = unsafe { proxy_get_log_level(&raw mut level) };
    let _ = log::set_logger(&LOGGER);
    // The ABI counts from 0 for `trace` to 4 for `error` and 5 for `critical`, the macros from 5 for `trace` to 1 for
    // `error`.
    let level = 5_u32.saturating_sub(level).max(1);
    log::set_max_level(
        log::LevelFilter::iter()
            .nth(level as usize)
            .unwrap_or(log::LevelFilter::Error),
    );
}

struct HostLog;

impl log::Log for HostLog {
    fn enabled(&self, _: &log::Metadata<'_>) -> bool {
        true
    }

    fn log(&self, record: &log::Record<'_>) {
        let level = log::Level::Trace as u32 - record.level() as u32;
        let message = record.args().to_string();
        // SAFETY: the message is only read, and only during the call.
        let _ = unsafe { proxy_log(level, message.as_ptr(), message.len()) };
    }

    fn flush(&self) {}
}
