//! A disk that is full: writes are refused and say why, reads go on, and nothing needs to be done when there is space
//! again. The disks are small file systems in memory.

use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use lightning_store_e2e::clock;
use lightning_store_e2e::crash::integrity;
use lightning_store_e2e::http::{Answer, Client};
use lightning_store_e2e::namespace::{is_private, mount_small, resize};
use lightning_store_e2e::server::{Launch, Server};
use lightning_store_e2e::span::span;
use serde_json::{Value, json};

const ENQUEUE: &str = "/v1/agl/queues/rollouts/enqueue";

/// It must be well again so soon after there is space.
const HEALED_WITHIN: Duration = Duration::from_secs(5);

/// A file that takes what is left of a disk.
#[derive(Debug)]
struct Ballast(PathBuf);

impl Ballast {
    fn fill(folder: &Path) -> Self {
        let path = folder.join("ballast");
        let mut file = File::create(&path).expect("a file");
        for size in [65_536, 4096, 1] {
            let block = vec![1; size];
            while file.write_all(&block).is_ok() {}
        }
        Self(path)
    }

    fn remove(self) {
        fs::remove_file(self.0).expect("the ballast");
    }
}

/// A server on a disk of its own, with a rollout that runs.
struct Stage {
    folder: tempfile::TempDir,
    server: Server,
    client: Client,
    rollout: String,
    attempt: String,
    /// Rollouts that were acknowledged
    acknowledged: Vec<String>,
    /// Spans that were acknowledged
    spans: Vec<String>,
}

impl Stage {
    async fn new(kibibytes: u32) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        mount_small(folder.path(), kibibytes);
        let server = Launch::sqlite(&folder.path().join("store.db")).start();
        let mut client = server.client();
        let started = client.post("/v1/agl/rollouts", &json!({"input": "first"})).await.expect(201);
        let rollout = started["rollout_id"].as_str().expect("a text").to_owned();
        let attempt = started["attempt"]["attempt_id"].as_str().expect("a text").to_owned();
        let acknowledged = vec![rollout.clone()];
        Self { folder, server, client, rollout, attempt, acknowledged, spans: Vec::new() }
    }

    async fn enqueue(&mut self) -> Answer {
        let body = json!({"rollouts": [{"input": "x".repeat(3000)}, {"input": "y".repeat(3000)}]});
        let answer = self.client.post(ENQUEUE, &body).await;
        if answer.status == 201 {
            let rollouts = answer.value();
            let ids = rollouts.as_array().expect("a list").iter();
            self.acknowledged
                .extend(ids.map(|rollout| rollout["rollout_id"].as_str().expect("a text").to_owned()));
        }
        answer
    }

    async fn add_span(&mut self) -> Answer {
        let id = format!("{:016x}", self.spans.len() + 1);
        let body = span(&self.rollout, &self.attempt, 1 + self.spans.len() as u64, &id);
        let answer = self.client.post("/v1/agl/spans", &body).await;
        if answer.status == 201 {
            self.spans.push(id);
        }
        answer
    }

    /// Reads answer what was acknowledged, and nothing else.
    async fn assert_nothing_is_lost(&mut self) {
        let page = self.client.get("/v1/agl/rollouts").await.expect(200);
        assert_eq!(strings(&page["items"], "rollout_id"), self.acknowledged);
        let page = self.client.get(&format!("/v1/agl/spans?rollout_id={}", self.rollout)).await.expect(200);
        assert_eq!(strings(&page["items"], "span_id"), self.spans);
    }

    /// Writes until the disk is full, whatever kind of write.
    async fn fill(&mut self) {
        while self.enqueue().await.status == 201 && self.add_span().await.status == 201 {}
    }

    async fn assert_full(&mut self) {
        for _ in 0..3 {
            assert_refused(&self.enqueue().await);
            assert_refused(&self.add_span().await);
        }
        self.client.get("/v1/agl/health").await.expect(200);
        self.assert_nothing_is_lost().await;
    }

    async fn assert_heals(&mut self) {
        let since = clock::now();
        loop {
            let answer = self.enqueue().await;
            if answer.status == 201 {
                break;
            }
            assert_refused(&answer);
            assert!(since.elapsed() < HEALED_WITHIN, "still refused after {HEALED_WITHIN:?}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        println!("healed {:.1?} after there was space", since.elapsed());
        assert_eq!(self.add_span().await.status, 201);
        self.assert_nothing_is_lost().await;
    }

    /// After a kill everything is there, and the file is whole.
    async fn assert_survives_a_kill(mut self) {
        self.server.kill();
        let database = self.folder.path().join("store.db");
        assert_eq!(integrity::check(&database), Vec::<String>::new());
        self.server = Launch::sqlite(&database).start();
        self.client = self.server.client();
        self.assert_nothing_is_lost().await;
    }
}

fn strings(items: &Value, key: &str) -> Vec<String> {
    items
        .as_array()
        .expect("a list")
        .iter()
        .map(|item| item[key].as_str().expect("a text").to_owned())
        .collect()
}

#[track_caller]
fn assert_refused(answer: &Answer) {
    assert_eq!(answer.status, 503, "{}", answer.text());
    assert!(answer.value()["detail"].as_str().is_some_and(|text| text.contains("full")), "{}", answer.text());
    assert!(answer.header("retry-after").is_some());
}

#[tokio::test]
async fn a_full_disk_refuses_writes_and_heals_when_something_is_removed() {
    if !is_private("a_full_disk_refuses_writes_and_heals_when_something_is_removed") {
        return;
    }
    let mut stage = Stage::new(4096).await;
    for _ in 0..10 {
        stage.enqueue().await.expect(201);
        stage.add_span().await.expect(201);
    }
    let ballast = Ballast::fill(stage.folder.path());
    stage.fill().await;
    stage.assert_full().await;

    ballast.remove();

    stage.assert_heals().await;
    stage.assert_survives_a_kill().await;
}

#[tokio::test]
async fn a_disk_filled_by_the_store_itself_heals_when_the_disk_grows() {
    if !is_private("a_disk_filled_by_the_store_itself_heals_when_the_disk_grows") {
        return;
    }
    let mut stage = Stage::new(3072).await;
    stage.fill().await;
    stage.assert_full().await;

    resize(stage.folder.path(), 8192);

    stage.assert_heals().await;
    stage.assert_survives_a_kill().await;
}

#[tokio::test]
async fn a_kill_while_the_disk_is_full_loses_nothing() {
    if !is_private("a_kill_while_the_disk_is_full_loses_nothing") {
        return;
    }
    let mut stage = Stage::new(3072).await;
    stage.fill().await;
    stage.server.kill();

    resize(stage.folder.path(), 8192);

    let database = stage.folder.path().join("store.db");
    stage.server = Launch::sqlite(&database).start();
    stage.client = stage.server.client();
    stage.assert_heals().await;
    stage.assert_survives_a_kill().await;
}

#[test]
fn a_start_on_a_full_disk_is_refused_in_one_line() {
    if !is_private("a_start_on_a_full_disk_is_refused_in_one_line") {
        return;
    }
    let folder = tempfile::tempdir().expect("a temporary folder");
    mount_small(folder.path(), 256);
    let ballast = Ballast::fill(folder.path());
    let database = folder.path().join("store.db");

    let ended = Launch::sqlite(&database).run();

    let errors: Vec<&str> = ended.stderr.lines().filter(|line| line.starts_with("error: ")).collect();
    let [error] = errors[..] else { panic!("{}", ended.stderr) };
    assert!(error.contains(&database.display().to_string()) && error.contains("full"), "{error}");
    assert!(!ended.stderr.contains("panicked"), "{}", ended.stderr);
    ballast.remove();
    Launch::sqlite(&database).start().stop();
}

#[tokio::test]
async fn a_deadline_that_passes_while_the_disk_is_full_is_kept_when_there_is_space() {
    if !is_private("a_deadline_that_passes_while_the_disk_is_full_is_kept_when_there_is_space") {
        return;
    }
    let mut stage = Stage::new(4096).await;
    let body = json!({"input": "late", "config": {"timeout_seconds": 1.0}});
    let late = stage.client.post("/v1/agl/rollouts", &body).await.expect(201);
    let ballast = Ballast::fill(stage.folder.path());
    stage.fill().await;
    tokio::time::sleep(Duration::from_millis(1500)).await;
    ballast.remove();
    let since = clock::now();

    // Nobody touches the rollout; only the server itself remembers its deadline.
    let path = format!("/v1/agl/rollouts/{}", late["rollout_id"].as_str().expect("a text"));
    loop {
        let rollout = stage.client.get(&path).await.expect(200);
        if rollout["status"] == "failed" {
            assert_eq!(rollout["attempt"]["status"], "timeout");
            break;
        }
        assert!(since.elapsed() < HEALED_WITHIN, "the deadline is forgotten: {rollout}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}
