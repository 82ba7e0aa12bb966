//! The CPU time of another process, from `/proc`.

use std::collections::BTreeMap;
use std::fs;
use std::time::Duration;

/// What a process has used so far.
#[derive(Debug)]
pub(crate) struct Used {
    /// By thread, in nanoseconds
    threads: BTreeMap<String, u64>,
    /// All threads, also those that ended, in hundredths of a second
    ticks: u64,
}

impl Used {
    /// Reads it.
    ///
    /// # Panics
    /// If there is no such process, or no `/proc`.
    pub(crate) fn by(pid: u32) -> Self {
        let threads = fs::read_dir(format!("/proc/{pid}/task")).expect("the threads of the server");
        let threads = threads.flatten().filter_map(|thread| {
            let schedstat = fs::read_to_string(thread.path().join("schedstat")).ok()?;
            let nanoseconds = schedstat.split(' ').next()?.parse().ok()?;
            Some((thread.file_name().to_string_lossy().into_owned(), nanoseconds))
        });
        let threads = threads.collect();
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).expect("the state of the server");
        // The name in parentheses may contain blanks; user and system time are fields 14 and 15.
        let fields = stat.rsplit(')').next().unwrap_or_default().split_whitespace();
        let ticks = fields.skip(11).take(2).filter_map(|ticks| ticks.parse::<u64>().ok()).sum();
        Self { threads, ticks }
    }

    /// What was used since an earlier reading: to the nanosecond, unless a thread has ended in between.
    pub(crate) fn since(&self, earlier: &Self) -> Duration {
        if earlier.threads.is_empty()
            || earlier.threads.keys().any(|thread| !self.threads.contains_key(thread))
        {
            return Duration::from_millis(10 * (self.ticks - earlier.ticks));
        }
        let used = |reading: &Self| reading.threads.values().sum::<u64>();
        Duration::from_nanos(used(self) - used(earlier))
    }
}
