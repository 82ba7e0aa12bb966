//! The queue: putting rollouts in and taking them out.

use std::time::Duration;

use serde::de::DeserializeOwned;

use super::Client;
use super::call::Prepared;
use super::rounds::Rounds;
use crate::api::v1_agl;
use crate::error::ClientError;
use crate::transport::Transport;
use crate::wire::{AttemptedRollout, DequeueRollouts, NewRollout, Rollout, WorkerId};

/// What [`Client::dequeue`] asks for. The default: one rollout, for nobody in particular, without waiting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dequeue {
    /// At most so many rollouts; 0: none, and nothing is touched.
    pub limit: u32,
    /// Who asks. The store then knows the worker, and which attempt it is busy with.
    pub worker_id: Option<WorkerId>,
    /// How long to wait while the queue is empty; may be hours. The call ends as soon as there is something, with
    /// what there is.
    pub wait: Duration,
}

impl Default for Dequeue {
    fn default() -> Self {
        Self { limit: 1, worker_id: None, wait: Duration::ZERO }
    }
}

impl<T: Transport> Client<T> {
    /// Creates rollouts and queues them in this order. All of them or none.
    ///
    /// # Errors
    /// See [`Client`].
    pub async fn enqueue(&self, rollouts: &[NewRollout]) -> Result<Vec<Rollout>, ClientError> {
        #[derive(serde::Serialize)]
        struct Body<'a> {
            rollouts: &'a [NewRollout],
        }
        self.ask(Prepared::new(v1_agl::ENQUEUE).json(&Body { rollouts })?).await
    }

    /// Takes rollouts from the queue and starts an attempt of each; an empty list if there was none in time.
    ///
    /// The server waits in rounds of at most [`MAX_ROUND`](super::MAX_ROUND), each with a key of its own; with
    /// [`Client::with_key`] all have that one. A server that cannot wait is asked once a second.
    ///
    /// # Errors
    /// See [`Client`]. What a call took whose answer was lost comes with the same call, made with the error's
    /// [`idempotency_key`](ClientError::idempotency_key); otherwise it is as lost as if a worker had died over it.
    ///
    /// # Cancel safety
    /// A dropped call may have taken rollouts that nobody works on, until their time is up. Better let it end: with a
    /// short `wait`, or with a key of your own, to make it again.
    pub async fn dequeue(&self, request: &Dequeue) -> Result<Vec<AttemptedRollout>, ClientError> {
        self.dequeue_as(request).await
    }

    /// The same, whatever the rollouts are read as.
    pub(super) async fn dequeue_as<R: DeserializeOwned>(
        &self,
        request: &Dequeue,
    ) -> Result<Vec<R>, ClientError> {
        let transport = &self.shared.transport;
        let rounds = Rounds::new(transport.now(), Some(request.wait));
        let body = DequeueRollouts {
            limit: i64::from(request.limit),
            worker_id: request.worker_id.clone(),
            wait_seconds: (!request.wait.is_zero()).then_some(rounds.length.as_secs_f64()),
        };
        let prepared = Prepared::new(v1_agl::DEQUEUE).json(&body)?.patience(rounds.length);
        loop {
            let began = transport.now();
            let taken: Vec<R> = self.ask(prepared.clone()).await?;
            let is_over = !taken.is_empty() || request.limit == 0 || request.wait.is_zero();
            if is_over || !self.another_round(&rounds, began).await {
                return Ok(taken);
            }
        }
    }
}
