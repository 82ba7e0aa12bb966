//! The workers, and what their signs of life say.

use lightning_store_client::wire::{RawJson, WorkerId};
use serde_json::{Value, json};

use super::math::round;
use super::random::Random;

/// How many there are.
pub(super) const WORKERS: usize = 12;

/// Seconds between two signs of life.
pub(super) const BEAT: f64 = 10.0;

/// One of them.
#[derive(Debug)]
pub(super) struct Worker {
    pub(super) id: WorkerId,
    pub(super) host: String,
    place: u32,
    pub(super) is_busy: bool,
    /// It will not be heard of again.
    pub(super) is_dead: bool,
}

/// All of them: four on each machine.
pub(super) fn workers() -> Vec<Worker> {
    let places = 0..u32::try_from(WORKERS).unwrap_or(12);
    let worker = |place: u32| Worker {
        id: WorkerId::from(format!("worker-{:02}", place + 1).as_str()),
        host: format!("gpu-node-{}", place / 4 + 1),
        place,
        is_busy: false,
        is_dead: false,
    };
    places.map(worker).collect()
}

impl Worker {
    /// What a sign of life says.
    pub(super) fn stats(&self, now: f64, random: &mut Random) -> RawJson {
        let load = if self.is_busy { random.between(55.0, 98.0) } else { random.between(1.0, 9.0) };
        let memory = if self.is_busy { random.between(90.0, 170.0) } else { random.between(30.0, 60.0) };
        let gpus: Vec<Value> = (0..2).map(|place| self.gpu(place, random)).collect();
        let stats = json!({
            "timestamp": now,
            "host": self.host,
            "pid": 4_000 + 17 * self.place,
            "os": "Linux 6.8.0-60-generic",
            "cpu_name": "AMD EPYC 9354",
            "cpu_cores": 32,
            "cpu_threads": 64,
            "cpu_usage_pct": round(load),
            "mem_used_gb": round(memory),
            "mem_total_gb": 256.0,
            "mem_pct": round(memory / 2.56),
            "disk_used_gb": round(812.0 + random.between(0.0, 3.0)),
            "disk_total_gb": 1_920.0,
            "disk_pct": 42.3,
            "bytes_sent_mb": round(random.between(900.0, 1_000.0)),
            "bytes_recv_mb": round(random.between(4_000.0, 5_000.0)),
            "gpus": gpus,
        });
        RawJson::trusted(stats.to_string())
    }

    fn gpu(&self, place: u32, random: &mut Random) -> Value {
        let busy = self.is_busy;
        json!({
            "gpu": format!("NVIDIA H100 80GB #{}", (self.place % 4) * 2 + place),
            "util_pct": round(if busy { random.between(60.0, 100.0) } else { random.between(0.0, 4.0) }),
            "mem_used_mb": round(if busy { random.between(52_000.0, 74_000.0) } else { 2_048.0 }),
            "mem_total_mb": 81_559.0,
            "temp_c": round(if busy { random.between(58.0, 76.0) } else { random.between(31.0, 38.0) }),
        })
    }
}
