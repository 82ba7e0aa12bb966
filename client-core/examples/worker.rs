//! A worker: takes rollouts from the queue, works on them and reports how it went.
//!
//! With a server on this machine (`lightning-store`), give it something to do and watch it:
//!
//! ```text
//! cargo run --example worker --features native -- --enqueue 3
//! ```
//!
//! The "agent" adds up a list of numbers, slowly. Ctrl-C ends the worker: it tells the store about the attempt that
//! it is at, so that nobody waits for it.

use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use lightning_store_client::wire::{
    AttemptStatus, AttemptedRollout, NewRollout, Patch, RawJson, RolloutConfig, RolloutStatus, UpdateAttempt,
    UpdateRollout, UpdateWorker, WorkerId,
};
use lightning_store_client::{Client, ClientError, Dequeue, Native};
use tokio::sync::watch;

/// How long to wait for work at a time. Short, because the call is never dropped: a dropped one may have taken a rollout
/// that nobody would know of.
const WAIT: Duration = Duration::from_secs(5);

const HEARTBEAT: Duration = Duration::from_secs(10);

/// After trouble that outlasted the client's own repetitions.
const PAUSE: Duration = Duration::from_secs(10);

#[derive(Parser)]
struct Options {
    /// The server
    #[arg(long, env = "LIGHTNING_STORE_URL", default_value = "http://127.0.0.1:4747")]
    url: String,
    /// What the worker calls itself
    #[arg(long, default_value = "example-worker")]
    worker_id: String,
    /// Queue so many tasks first
    #[arg(long, default_value_t = 0)]
    enqueue: u32,
}

/// Becomes true when the worker is to end.
type Stop = watch::Receiver<bool>;

#[tokio::main]
async fn main() -> ExitCode {
    match run(Options::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        // Its text says what to do.
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(options: Options) -> Result<(), ClientError> {
    let client = Client::new(&options.url)?;
    enqueue(&client, options.enqueue).await?;

    let (tell, stop) = watch::channel(false);
    tokio::spawn(async move {
        if tokio::signal::ctrl_c().await.is_ok() {
            println!("ending …");
            tell.send_replace(true);
        }
    });

    let worker_id = WorkerId::from(options.worker_id);
    let heartbeats = tokio::spawn(heartbeats(client.clone(), worker_id.clone()));
    let result = work(&client, worker_id, stop).await;
    heartbeats.abort();
    result
}

/// Queues tasks that are tried twice, and given up after a minute.
async fn enqueue(client: &Client<Native>, count: u32) -> Result<(), ClientError> {
    let config = RolloutConfig {
        timeout_seconds: Some(60.0),
        max_attempts: 2,
        retry_condition: vec![AttemptStatus::Failed, AttemptStatus::Timeout],
        ..RolloutConfig::default()
    };
    let task = |n: u32| {
        let input = RawJson::parse(format!("[{n}, 2, 3.5]")).expect("a list of numbers is JSON");
        NewRollout { config: Some(config.clone()), ..NewRollout::new(input) }
    };
    let tasks: Vec<NewRollout> = (0..count).map(task).collect();
    if !tasks.is_empty() {
        println!("queued {}", client.enqueue(&tasks).await?.len());
    }
    Ok(())
}

/// Tells the store now and then that the worker is there.
async fn heartbeats(client: Client<Native>, worker_id: WorkerId) {
    let mut beats = 0_u64;
    loop {
        beats += 1;
        let stats = RawJson::parse(format!(r#"{{"beats": {beats}}}"#)).expect("an object is JSON");
        // A lost heartbeat is made good by the next.
        if let Err(error) =
            client.update_worker(&worker_id, &UpdateWorker { heartbeat_stats: Patch::Set(stats) }).await
        {
            eprintln!("{error}");
        }
        tokio::time::sleep(HEARTBEAT).await;
    }
}

/// Works until it is told to stop.
async fn work(client: &Client<Native>, worker_id: WorkerId, stop: Stop) -> Result<(), ClientError> {
    let wanted = Dequeue { limit: 1, worker_id: Some(worker_id), wait: WAIT };
    while !*stop.borrow() {
        let outcome = async {
            for attempted in client.dequeue(&wanted).await? {
                if *stop.borrow() {
                    hand_back(client, &attempted).await?;
                } else {
                    attempt(client, &attempted, stop.clone()).await?;
                }
            }
            Ok(())
        };
        match outcome.await {
            Err(error @ ClientError::Refused { .. }) if error.status() == Some(404) => {
                // The rollout or its attempt is gone, e.g. with a store that lives in memory. There is other work.
                eprintln!("{error}");
            }
            Err(error) if ClientError::is_retryable(&error) => {
                eprintln!("{error}");
                tokio::time::sleep(PAUSE).await;
            }
            outcome => outcome?,
        }
    }
    Ok(())
}

/// Puts a rollout back into the queue that was taken too late to begin with it.
async fn hand_back(client: &Client<Native>, attempted: &AttemptedRollout) -> Result<(), ClientError> {
    let requeue = UpdateRollout::status(RolloutStatus::Requeuing);
    client.update_rollout(&attempted.rollout.rollout_id, &requeue).await?;
    Ok(())
}

/// One attempt: the work, its spans, its reward and its end.
async fn attempt(
    client: &Client<Native>,
    attempted: &AttemptedRollout,
    mut stop: Stop,
) -> Result<(), ClientError> {
    let AttemptedRollout { rollout, attempt } = attempted;
    println!("{} attempt {}: {}", rollout.rollout_id, attempt.sequence_id, rollout.input.as_str());

    let span = client.span(attempt, "agent.add").attribute("input", rollout.input.as_str());
    let result = tokio::select! {
        result = add(&rollout.input) => result,
        _ = stop.wait_for(|stop| *stop) => Err("the worker was ended".to_owned()),
    };
    let (spans, status) = match result {
        Ok(sum) => {
            let span = span.attribute("output", sum).ended(client.now());
            (vec![span, client.reward(attempt, 1.0)], AttemptStatus::Succeeded)
        }
        // Whether it is tried again is in the rollout's config.
        Err(reason) => (vec![span.failed(client.now(), reason)], AttemptStatus::Failed),
    };

    client.add_spans(&spans).await?;
    client.update_attempt(&rollout.rollout_id, &attempt.attempt_id, &UpdateAttempt::status(status)).await?;
    println!("{} {status}", rollout.rollout_id);
    Ok(())
}

/// What an agent would do.
async fn add(input: &RawJson) -> Result<f64, String> {
    let numbers: Vec<f64> =
        input.read().map_err(|error| format!("the task is no list of numbers: {error}"))?;
    let mut sum = 0.0;
    for number in numbers {
        tokio::time::sleep(Duration::from_millis(300)).await;
        sum += number;
    }
    Ok(sum)
}
