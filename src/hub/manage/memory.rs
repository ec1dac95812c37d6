//! Memory figures under the names the reference's status page has for its virtual machine's: what there is of the same
//! kind in this process.

use serde_json::{Map, Value, json};

/// Bytes in use, as the operating system counts them; 0 where it does not tell.
#[derive(Clone, Copy, Debug)]
pub(super) struct Figures {
    resident: u64,
    reserved: u64,
    machine: u64,
}

/// The figures now.
pub(super) fn figures() -> Figures {
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let pages: Vec<u64> = statm.split_whitespace().filter_map(|field| field.parse().ok()).collect();
    let page = rustix::param::page_size() as u64;
    let of = |place: usize| pages.get(place).copied().unwrap_or(0) * page;
    let information = rustix::system::sysinfo();
    Figures { resident: of(1), reserved: of(0), machine: information.totalram as u64 * u64::from(information.mem_unit) }
}

impl Figures {
    pub(super) fn general(self) -> Map<String, Value> {
        object(json!({
            "JvmTotalMemory": human(self.reserved),
            "JvmFreeMemory": human(self.reserved.saturating_sub(self.resident)),
            "JvmUsedMemory": human(self.resident),
            "JvmMaxMemory": human(self.machine),
        }))
    }

    pub(super) fn buffers(self) -> Map<String, Value> {
        object(json!({
            "DirectMemBufferPool": format!("Used: {}", human(0)),
            "NonHeapMemory": format!("Used: {}", human(self.resident)),
            "NettyDirectMemory": format!("Direct: {}", human(0)),
        }))
    }

    pub(super) fn allocator(self) -> Map<String, Value> {
        object(json!({ "DirectArena1": human(0), "NettyTotal": human(self.resident) }))
    }
}

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(map) => map,
        _ => Map::new(),
    }
}

fn human(bytes: u64) -> String {
    const UNITS: [&str; 4] = ["B", "KB", "MB", "GB"];
    let mut value = bytes as f64;
    let mut unit = 0;
    while value >= 1024.0 && unit + 1 < UNITS.len() {
        value /= 1024.0;
        unit += 1;
    }
    format!("{value:.1} {}", UNITS[unit])
}
