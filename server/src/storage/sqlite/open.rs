//! Opening a database: whose file it is, which version, and how durable.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};
use rusqlite_migration::{M, Migrations};

use crate::storage::error::StorageFailure;

/// Written into the head of our files, so that others are recognised: "LSTR".
const APPLICATION_ID: i32 = 0x4c53_5452;

/// SQLite's WAL had a corruption bug with several connections before.
const OLDEST_SQLITE: i32 = 3_051_003;

/// A commit writes whole pages, so small ones make commits cheap; but a page should hold several spans of 2 to 3 KB.
const PAGE_BYTES: u32 = 8_192;

/// How to make the newest schema out of each older one. Append only.
const MIGRATIONS: &[M<'static>] = &[
    M::up(include_str!("migrations/0001_initial.sql")),
    M::up(include_str!("migrations/0002_answers.sql")),
    M::up(include_str!("migrations/0003_newest_first.sql")),
    M::up(include_str!("migrations/0004_dashboard.sql")),
    M::up(include_str!("migrations/0005_resource_versions.sql")),
];

/// Why a database could not be opened. The texts say what to do.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The file or its folder cannot be used.
    #[error(
        "cannot use the database file {path}: {source}; make its folder writable or choose another file \
         with --store sqlite:PATH"
    )]
    File {
        /// The file.
        path: String,
        /// What the system says.
        source: io::Error,
    },
    /// Another server has it open.
    #[error(
        "the database {path} is in use by another server; stop that one, or choose another file with \
         --store sqlite:PATH"
    )]
    InUse {
        /// The file.
        path: String,
    },
    /// It is not one of ours.
    #[error(
        "{path} is not a lightning-store database ({reason}); choose another file with --store sqlite:PATH"
    )]
    Foreign {
        /// The file.
        path: String,
        /// What was found.
        reason: String,
    },
    /// It was written by a newer version.
    #[error(
        "{path} was written by a newer lightning-store (schema {found}, this version knows up to {known}); \
         start that version or a later one"
    )]
    Newer {
        /// The file.
        path: String,
        /// Its schema version.
        found: usize,
        /// Ours.
        known: usize,
    },
    /// The SQLite library is too old to be trusted.
    #[error("SQLite {found} is older than 3.51.3, which can corrupt a database; rebuild with a newer one")]
    OldSqlite {
        /// Its version.
        found: String,
    },
    /// Anything else that SQLite refuses.
    #[error("cannot open the database {path}: {source}")]
    Sqlite {
        /// The file.
        path: String,
        /// What SQLite says.
        source: StorageFailure,
    },
}

/// Where a store is kept, held for this process alone until it is dropped.
#[derive(Debug)]
pub(super) struct Place {
    /// The database file.
    pub file: PathBuf,
    /// Whether writes have to survive a power cut.
    pub durable: bool,
    lock: File,
    /// A private folder, removed with the store.
    scratch: Option<tempfile::TempDir>,
}

impl Place {
    /// A file, created if it is missing, readable only by its owner.
    ///
    /// # Errors
    /// [`OpenError`] if it cannot be had.
    pub(super) fn file(path: &Path) -> Result<Self, OpenError> {
        let failed = |source| OpenError::File { path: path.display().to_string(), source };
        if path.is_dir() {
            return Err(failed(io::Error::new(io::ErrorKind::IsADirectory, "it is a folder")));
        }
        if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            create_folder(folder).map_err(failed)?;
        }
        let lock = private_file(&with_suffix(path, ".lock")).map_err(failed)?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(fs::TryLockError::WouldBlock) => {
                return Err(OpenError::InUse { path: path.display().to_string() });
            }
            Err(fs::TryLockError::Error(source)) => return Err(failed(source)),
        }
        private_file(path).map_err(failed)?;
        Ok(Self { file: path.to_owned(), durable: true, lock, scratch: None })
    }

    /// A private folder in memory (or, where there is none, among the temporary files), gone with the process.
    /// SQLite's own in-memory databases know no WAL and lock readers out.
    ///
    /// # Errors
    /// [`OpenError`] if it cannot be had.
    pub(super) fn memory() -> Result<Self, OpenError> {
        let shared = Path::new("/dev/shm");
        let folder = if shared.is_dir() { shared.to_owned() } else { std::env::temp_dir() };
        let failed = |source| OpenError::File { path: folder.display().to_string(), source };
        sweep(&folder);
        let scratch = tempfile::Builder::new().prefix(SCRATCH_PREFIX).tempdir_in(&folder).map_err(failed)?;
        let place = Self::file(&scratch.path().join(SCRATCH_FILE))?;
        Ok(Self { durable: false, scratch: Some(scratch), ..place })
    }

    /// The name to show people.
    pub(super) fn display(&self) -> String {
        self.file.display().to_string()
    }

    /// Bytes in the write-ahead log.
    pub(super) fn log_bytes(&self) -> u64 {
        fs::metadata(with_suffix(&self.file, "-wal")).map_or(0, |metadata| metadata.len())
    }

    /// Gives the place up, so that another process may have it.
    pub(super) fn release(&self) {
        // An error would mean that it is not locked.
        let _ = self.lock.unlock();
        if let Some(scratch) = &self.scratch {
            let _ = fs::remove_dir_all(scratch.path());
        }
    }
}

const SCRATCH_PREFIX: &str = "lightning-store-memory-";
const SCRATCH_FILE: &str = "store.db";

/// Removes what crashed processes left behind.
fn sweep(folder: &Path) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        if !entry.file_name().to_string_lossy().starts_with(SCRATCH_PREFIX) {
            continue;
        }
        // The database is made after the lock was taken: one without is just being made.
        if !entry.path().join(SCRATCH_FILE).exists() {
            continue;
        }
        let lock =
            OpenOptions::new().write(true).open(with_suffix(&entry.path().join(SCRATCH_FILE), ".lock"));
        // One in use is locked.
        if lock.is_ok_and(|lock| lock.try_lock().is_ok()) {
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

fn private_file(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

fn create_folder(folder: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

/// Opens the one connection that writes, and brings the schema up to date.
///
/// # Errors
/// [`OpenError`], also if the file is none of ours or too new.
pub(super) fn open_writer(place: &Place) -> Result<Connection, OpenError> {
    let path = place.display();
    let failed = |source: rusqlite::Error| match source.sqlite_error_code() {
        Some(rusqlite::ErrorCode::NotADatabase) => {
            OpenError::Foreign { path: path.clone(), reason: "it is no SQLite file".to_owned() }
        }
        _ => OpenError::Sqlite { path: path.clone(), source: source.into() },
    };
    if rusqlite::version_number() < OLDEST_SQLITE {
        return Err(OpenError::OldSqlite { found: rusqlite::version().to_owned() });
    }
    let mut connection = Connection::open(&place.file).map_err(failed)?;
    let application: i32 =
        connection.pragma_query_value(None, "application_id", |row| row.get(0)).map_err(failed)?;
    let objects: i64 =
        connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0)).map_err(failed)?;
    if application != APPLICATION_ID {
        if objects > 0 {
            let reason = "it is an SQLite file of another program".to_owned();
            return Err(OpenError::Foreign { path, reason });
        }
        if place.durable {
            // A mistyped path would otherwise look like a store that has lost everything.
            tracing::info!(path, "there is no store yet; a new one is made");
        }
        connection.pragma_update(None, "page_size", PAGE_BYTES).map_err(failed)?;
        connection.pragma_update(None, "application_id", APPLICATION_ID).map_err(failed)?;
    }
    let version: u32 =
        connection.pragma_query_value(None, "user_version", |row| row.get(0)).map_err(failed)?;
    let found = version as usize;
    let known = MIGRATIONS.len();
    if found > known {
        return Err(OpenError::Newer { path, found, known });
    }
    let mode: String =
        connection.query_row("PRAGMA journal_mode = WAL", [], |row| row.get(0)).map_err(failed)?;
    if mode != "wal" {
        let message = format!("its file system cannot hold a write-ahead log (journal mode {mode})");
        return Err(OpenError::Sqlite { path, source: StorageFailure::Unreadable(message) });
    }
    let synchronous = if place.durable { "FULL" } else { "OFF" };
    connection.pragma_update(None, "synchronous", synchronous).map_err(failed)?;
    // Checkpoints happen beside the requests: see `checkpoint.rs`.
    connection.pragma_update(None, "wal_autocheckpoint", 0).map_err(failed)?;
    tune(&connection, 64).map_err(failed)?;
    Migrations::from_slice(MIGRATIONS).to_latest(&mut connection).map_err(|error| OpenError::Sqlite {
        path: path.clone(),
        source: StorageFailure::Unreadable(error.to_string()),
    })?;
    Ok(connection)
}

/// Opens a connection that only reads.
///
/// # Errors
/// What SQLite says.
pub(super) fn open_reader(place: &Place) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(&place.file, flags)?;
    tune(&connection, 16)?;
    Ok(connection)
}

/// Opens a connection that moves the log into the database.
///
/// # Errors
/// What SQLite says.
pub(super) fn open_checkpointer(place: &Place) -> rusqlite::Result<Connection> {
    let connection = Connection::open(&place.file)?;
    connection.pragma_update(None, "synchronous", if place.durable { "FULL" } else { "OFF" })?;
    Ok(connection)
}

fn tune(connection: &Connection, cache_mebibytes: i32) -> rusqlite::Result<()> {
    connection.pragma_update(None, "cache_size", -1024 * cache_mebibytes)?;
    connection.pragma_update(None, "temp_store", "MEMORY")?;
    connection.pragma_update(None, "mmap_size", 0)?;
    // Plans depend on texts alone. Otherwise SQLite prepares a statement such as `LIMIT ?` anew for each value.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    connection.busy_timeout(std::time::Duration::from_secs(5))?;
    connection.set_prepared_statement_cache_capacity(128);
    Ok(())
}
