//! The CPU time of another process and its children, from `/proc`.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::time::Duration;

/// What a process and the processes it has started have used so far.
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
        let mut used = Self { threads: BTreeMap::new(), ticks: 0 };
        let own = stat(Path::new("/proc").join(pid.to_string()).as_path());
        used.add(&pid.to_string(), &own.expect("the state of the server"));
        // A child is found by its parent: there are few levels, so each looks through all processes.
        let others: Vec<_> = processes();
        let mut parents = vec![u64::from(pid)];
        while let Some(parent) = parents.pop() {
            for (child, stat) in others.iter().filter(|(_, stat)| stat.get(1) == Some(&parent)) {
                used.add(child, stat);
                parents.extend(child.parse::<u64>());
            }
        }
        used
    }

    fn add(&mut self, pid: &str, stat: &[u64]) {
        // User and system time, its own and that of the children it has seen end.
        self.ticks += stat.iter().skip(11).take(4).sum::<u64>();
        let Ok(threads) = fs::read_dir(format!("/proc/{pid}/task")) else { return };
        for thread in threads.flatten() {
            let schedstat = fs::read_to_string(thread.path().join("schedstat")).ok();
            let nanoseconds = schedstat.and_then(|text| text.split(' ').next()?.parse().ok());
            if let Some(nanoseconds) = nanoseconds {
                self.threads.insert(thread.file_name().to_string_lossy().into_owned(), nanoseconds);
            }
        }
    }

    /// What was used since an earlier reading: to the nanosecond, unless a thread has ended in between.
    pub(crate) fn since(&self, earlier: &Self) -> Duration {
        if earlier.threads.is_empty()
            || earlier.threads.keys().any(|thread| !self.threads.contains_key(thread))
        {
            return Duration::from_millis(10 * (self.ticks.saturating_sub(earlier.ticks)));
        }
        let used = |reading: &Self| reading.threads.values().sum::<u64>();
        Duration::from_nanos(used(self) - used(earlier))
    }
}

fn processes() -> Vec<(String, Vec<u64>)> {
    let entries = fs::read_dir("/proc").expect("the list of processes").flatten();
    let processes = entries.filter_map(|entry| {
        let pid = entry.file_name().into_string().ok()?;
        pid.parse::<u32>().ok()?;
        Some((pid, stat(&entry.path())?))
    });
    processes.collect()
}

/// The fields of a process after its name, which may contain blanks: state, parent, ... What is no number is 0.
fn stat(process: &Path) -> Option<Vec<u64>> {
    let stat = fs::read_to_string(process.join("stat")).ok()?;
    let fields = stat.rsplit(')').next()?.split_whitespace();
    Some(fields.map(|field| field.parse().unwrap_or_default()).collect())
}
