//! Bodies of answers that are no success.

use serde::{Deserialize, Serialize};

use crate::lax::Issue;

/// An error of the store: 404 for something that does not exist, 5xx for trouble of its own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ErrorBody {
    /// What is wrong, for people. Compat: programs match on the texts of "… not found".
    pub detail: String,
    /// What kind of error it is. Compat: `ValueError` where the Python server raises one.
    pub error_type: String,
    /// The id under which the server's log has it; also in the header `x-request-id`.
    pub request_id: String,
}

/// A request that makes no sense (400), or that no route takes (404, 405).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Detail {
    /// What is wrong, for people.
    pub detail: String,
}

/// A request with faulty fields (422): all of them.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ValidationErrors {
    /// The mistakes.
    #[cfg_attr(feature = "openapi", schema(value_type = Vec<super::schema::ValidationIssue>))]
    pub detail: Vec<Issue>,
}
