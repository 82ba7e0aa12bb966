//! Heartbeats of workers.

use lightning_store_client::wire::{UpdateWorker as Request, Worker, WorkerId};

use crate::domain;
use crate::storage::error::StoreError;
use crate::storage::tx::{Durability, Needs, Operation, Tx};

/// Records a heartbeat. It may be lost in a crash, up to some seconds.
#[derive(Debug)]
pub struct UpdateWorker {
    /// Who sends it.
    pub worker_id: WorkerId,
    /// What it says.
    pub request: Request,
}

impl Operation for UpdateWorker {
    const NAME: &'static str = "update_worker";
    type Output = Worker;

    fn needs(&self) -> Needs<'_> {
        Needs { workers: vec![&self.worker_id], ..Needs::default() }
    }

    async fn run<T: Tx>(&self, tx: &mut T) -> Result<Worker, StoreError> {
        let now = tx.now();
        let known = tx.get_worker(&self.worker_id).await?;
        let mut worker = known.unwrap_or_else(|| Worker::new(self.worker_id.clone()));
        domain::worker::heartbeat(&mut worker, self.request.clone(), now)?;
        tx.put_worker(&worker, Durability::Soft).await?;
        Ok(worker)
    }
}
