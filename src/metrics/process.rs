//! What the system knows of this process: its memory, its time and its files, under the names that Prometheus gives them.

use std::fs;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeVal;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

/// What can be found out; what cannot is left out.
pub(super) fn registry() -> Registry {
    let mut registry = Registry::default();
    if let Some(bytes) = resident_bytes() {
        gauge(&mut registry, "process_resident_memory_bytes", "Resident memory", bytes);
    }
    if let Ok(files) = fs::read_dir("/proc/self/fd") {
        let count = i64::try_from(files.count()).unwrap_or(i64::MAX);
        gauge(&mut registry, "process_open_fds", "Open file descriptors", count);
    }
    if let Ok(usage) = getrusage(UsageWho::RUSAGE_SELF) {
        let spent = duration(usage.user_time()).saturating_add(duration(usage.system_time()));
        let counter = Counter::<f64, AtomicU64>::default();
        counter.inc_by(spent.as_secs_f64());
        registry.register("process_cpu_seconds", "User and system time", counter);
    }
    registry
}

fn gauge(registry: &mut Registry, name: &str, help: &str, value: i64) {
    let gauge: Gauge = Gauge::default();
    gauge.set(value);
    registry.register(name, help, gauge);
}

fn resident_bytes() -> Option<i64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kilobytes: i64 = line.split_whitespace().next()?.parse().ok()?;
    kilobytes.checked_mul(1024)
}

fn duration(time: TimeVal) -> Duration {
    let seconds = u64::try_from(time.tv_sec()).unwrap_or_default();
    let microseconds = u64::try_from(time.tv_usec()).unwrap_or_default();
    Duration::from_secs(seconds).saturating_add(Duration::from_micros(microseconds))
}
