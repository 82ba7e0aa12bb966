//! A PostgreSQL server of the tests' own, in a temporary folder, on a free port: gone with the process that has started it.
//!
//! `LIGHTNING_STORE_TEST_POSTGRES` names another server instead, as `postgres://user:password@host:port`, whose user may create
//! databases; tests that stop and start their server, or fill its disk, always start one of their own.

use std::io::{BufRead, BufReader, Write as _};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use tempfile::TempDir;
use tokio_postgres::NoTls;

use crate::clock;

/// How long a start may take on a busy machine.
const START: Duration = Duration::from_mins(1);

/// The user that owns everything in a server of our own.
const OWNER: &str = "postgres";

/// A server.
#[derive(Debug)]
pub struct Cluster {
    /// `postgres://user@host:port`
    base: String,
    own: Option<Own>,
    databases: AtomicU32,
}

/// A server that we have started.
#[derive(Debug)]
struct Own {
    folder: PathBuf,
    port: u16,
    settings: Vec<String>,
    running: parking_lot::Mutex<Option<Running>>,
    // Removed by whoever stops the server last.
    _folder: Option<TempDir>,
}

/// Its process, which ends when we close its input.
#[derive(Debug)]
struct Running {
    keeper: Child,
    input: Option<ChildStdin>,
}

static SHARED: LazyLock<Cluster> = LazyLock::new(|| match std::env::var("LIGHTNING_STORE_TEST_POSTGRES") {
    Ok(base) => {
        Cluster { base: base.trim_end_matches('/').to_owned(), own: None, databases: AtomicU32::new(0) }
    }
    Err(_) => Cluster::start(),
});

impl Cluster {
    /// The one that the tests of a process share. It does not wait for the disk.
    pub fn shared() -> &'static Self {
        &SHARED
    }

    /// One that does not wait for the disk.
    ///
    /// # Panics
    /// If PostgreSQL is missing or does not start.
    #[track_caller]
    pub fn start() -> Self {
        Self::with(&["fsync=off", "full_page_writes=off"])
    }

    /// One with these settings.
    ///
    /// # Panics
    /// If PostgreSQL is missing or does not start.
    #[track_caller]
    pub fn with(settings: &[&str]) -> Self {
        let folder =
            tempfile::Builder::new().prefix("lightning-store-postgres-").tempdir().expect("a folder");
        let path = folder.path().to_owned();
        Self::within((path, None), Some(folder), settings)
    }

    /// One whose data is in a folder that exists and is empty, on a disk of its own for instance.
    ///
    /// # Panics
    /// If PostgreSQL is missing or does not start.
    #[track_caller]
    pub fn at(folder: &Path, settings: &[&str]) -> Self {
        Self::within((folder.to_owned(), None), None, settings)
    }

    /// The same, with its write-ahead log in another folder, without which it does not even start.
    ///
    /// # Panics
    /// If PostgreSQL is missing or does not start.
    #[track_caller]
    pub fn at_with_log(folder: &Path, log: &Path, settings: &[&str]) -> Self {
        Self::within((folder.to_owned(), Some(log)), None, settings)
    }

    #[track_caller]
    fn within(
        (folder, log): (PathBuf, Option<&Path>),
        temporary: Option<TempDir>,
        settings: &[&str],
    ) -> Self {
        give(&folder);
        let mut initdb = as_owner(&program("initdb"));
        initdb.arg("-D").arg(folder.join("data"));
        initdb.args(["-U", OWNER, "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"]);
        if let Some(log) = log {
            give(log);
            initdb.arg("--waldir").arg(log.join("wal"));
        }
        let made = initdb.output().unwrap_or_else(|error| panic!("initdb: {error}; run `make setup`"));
        assert!(made.status.success(), "initdb: {}", String::from_utf8_lossy(&made.stderr));
        let port = free_port();
        let own = Own {
            folder,
            port,
            settings: settings.iter().map(|setting| (*setting).to_owned()).collect(),
            running: parking_lot::Mutex::new(None),
            _folder: temporary,
        };
        let base = format!("postgres://{OWNER}@127.0.0.1:{port}");
        let cluster = Self { base, own: Some(own), databases: AtomicU32::new(0) };
        cluster.go_on();
        cluster
    }

    fn own(&self) -> &Own {
        self.own.as_ref().expect("a server of our own")
    }

    /// Starts the server again after [`Cluster::stop`].
    ///
    /// # Panics
    /// If it does not start.
    #[track_caller]
    pub fn go_on(&self) {
        // Whoever holds the other end of its input is alive; when that is closed it ends, and nothing is left of it.
        const KEEP: &str = r#"folder=$1; shift; "$@" >"$folder/log" 2>&1 & server=$!
            while kill -0 $server 2>/dev/null && ! grep -q 'database system is ready' "$folder/log"; do sleep 0.02; done
            echo started
            read -r how; [ -n "$how" ] && kill -"$how" $server || { kill -QUIT $server; gone=yes; }
            wait $server; [ -z "$gone" ] || rm -rf "$folder/data" "$folder/log" "$folder"/.s* "#;
        let own = self.own();
        let mut command = as_owner(Path::new("sh"));
        command.args(["-c", KEEP, "keeper"]).arg(&own.folder).arg(program("postgres"));
        command.arg("-D").arg(own.folder.join("data"));
        let sockets = format!("unix_socket_directories={}", own.folder.display());
        let (port, address) = (format!("port={}", own.port), "listen_addresses=127.0.0.1".to_owned());
        let connections = "max_connections=300".to_owned();
        for setting in [sockets, port, address, connections].iter().chain(&own.settings) {
            command.args(["-c", setting]);
        }
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::inherit());
        let mut keeper = command.spawn().expect("sh runs");
        let input = keeper.stdin.take();
        let mut line = String::new();
        BufReader::new(keeper.stdout.take().expect("stdout is piped")).read_line(&mut line).expect("a line");
        *own.running.lock() = Some(Running { keeper, input });
        let begun = clock::now();
        while !self.answers() {
            let log = || std::fs::read_to_string(own.folder.join("log")).unwrap_or_default();
            assert!(begun.elapsed() < START, "PostgreSQL does not start: {}", log());
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    fn answers(&self) -> bool {
        run(tokio_postgres::connect(&self.url(OWNER), NoTls)).is_ok()
    }

    /// Stops the server at once, as in a crash: it recovers when it goes on.
    ///
    /// # Panics
    /// If it is not running.
    pub fn stop(&self) {
        self.end("QUIT");
    }

    /// Stops the server as its keepers do: it ends connections and stops in order.
    ///
    /// # Panics
    /// If it is not running.
    pub fn stop_in_order(&self) {
        self.end("INT");
    }

    fn end(&self, signal: &str) {
        let mut running = self.own().running.lock().take().expect("it is running");
        let input = running.input.as_mut().expect("its input is open");
        writeln!(input, "{signal}").expect("it reads");
        running.keeper.wait().expect("it ends");
    }

    /// Where a database is.
    pub fn url(&self, database: &str) -> String {
        format!("{}/{database}", self.base)
    }

    /// The port of a server of our own.
    pub fn port(&self) -> u16 {
        self.own().port
    }

    /// The process of a server of our own, from which all others of it descend.
    ///
    /// # Panics
    /// If it is not running.
    pub fn pid(&self) -> u32 {
        let file = self.own().folder.join("data/postmaster.pid");
        let text = std::fs::read_to_string(file).expect("it is running");
        text.lines().next().and_then(|line| line.parse().ok()).expect("a number")
    }

    /// A new database, and where it is.
    ///
    /// # Panics
    /// If it cannot be made.
    #[track_caller]
    pub fn database(&self) -> String {
        let number = self.databases.fetch_add(1, Ordering::Relaxed);
        let name = format!("test_{}_{number}", std::process::id());
        self.execute(OWNER, &format!("CREATE DATABASE {name}"));
        self.url(&name)
    }

    /// Runs statements in a database.
    ///
    /// # Panics
    /// If they fail.
    #[track_caller]
    pub fn execute(&self, database: &str, sql: &str) {
        self.try_execute(database, sql).unwrap_or_else(|error| panic!("{sql}: {error:?}"));
    }

    /// Runs statements in a database.
    ///
    /// # Errors
    /// What the server says.
    pub fn try_execute(&self, database: &str, sql: &str) -> Result<(), tokio_postgres::Error> {
        let (url, sql) = (self.url(database), sql.to_owned());
        run(async move {
            let (client, connection) = tokio_postgres::connect(&url, NoTls).await?;
            let driven = tokio::spawn(connection);
            let outcome = client.batch_execute(&sql).await;
            driven.abort();
            outcome
        })
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        drop(self.input.take());
        // It may have ended already.
        let _ = self.keeper.wait();
    }
}

/// The name of the database of a [`Cluster::database`].
pub fn name_of(url: &str) -> &str {
    url.rsplit('/').next().unwrap_or_default()
}

/// Runs a future to its end on a thread of its own, so that it may be done from everywhere.
fn run<T: Send + 'static>(future: impl Future<Output = T> + Send) -> T {
    std::thread::scope(|scope| {
        let thread = scope.spawn(|| {
            let runtime =
                tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
            runtime.block_on(future)
        });
        thread.join().expect("no panic")
    })
}

/// Gives a folder and what is in it to the user that PostgreSQL runs as.
///
/// # Panics
/// If there is no such user.
#[track_caller]
pub fn give(folder: &Path) {
    if is_root() {
        let owned = Command::new("chown").args(["-R", OWNER]).arg(folder).status().expect("chown runs");
        assert!(owned.success(), "there is no user {OWNER}: run `make setup`");
    }
}

fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.local_addr().expect("an address").port()
}

fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// A command as the user that PostgreSQL agrees to run as.
fn as_owner(program: &Path) -> Command {
    if !is_root() {
        return Command::new(program);
    }
    let mut command = Command::new("setpriv");
    command.args(["--reuid", OWNER, "--regid", OWNER, "--clear-groups", "--"]).arg(program).current_dir("/");
    command
}

/// One of PostgreSQL's programs: Debian keeps them out of the path.
fn program(name: &str) -> PathBuf {
    let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let newest = versions.filter_map(|entry| {
        let number: u32 = entry.file_name().to_str()?.parse().ok()?;
        Some((number, entry.path().join("bin").join(name)))
    });
    let newest = newest.filter(|(_, path)| path.exists()).max();
    newest.map_or_else(|| PathBuf::from(name), |(_, path)| path)
}
