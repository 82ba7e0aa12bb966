//! Numbers for spans.

use serde::{Deserialize, Serialize};

use super::{AttemptId, RolloutId};
use crate::lax::{Node, ReadJson, Reader};

/// Body of `POST /v1/agl/spans/next`. Neither the rollout nor the attempt has to exist.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct NextSequenceId {
    /// The rollout whose counter is advanced; its attempts share it.
    pub rollout_id: RolloutId,
    /// The attempt that asks. Not looked at.
    pub attempt_id: AttemptId,
}

impl ReadJson for NextSequenceId {
    fn read(node: Node<'_>, reader: &mut Reader) -> Option<Self> {
        let object = reader.object(node)?;
        let rollout_id = object.required("rollout_id", reader, RolloutId::read);
        let attempt_id = object.required("attempt_id", reader, AttemptId::read);
        Some(Self { rollout_id: rollout_id?, attempt_id: attempt_id? })
    }
}

/// Answer of `POST /v1/agl/spans/next`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SequenceId {
    /// Larger than every number that the rollout has seen; the first one is 1.
    pub sequence_id: i64,
}
