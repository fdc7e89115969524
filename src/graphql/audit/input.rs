//! Which audit entries are wanted.

use async_graphql::InputObject;

use crate::audit;
use crate::graphql::audit::object::AuditAction;
use crate::graphql::scalars::DateTime;

/// Which entries are wanted. All the conditions have to hold; an empty list asks for nothing.
#[derive(InputObject, Default)]
pub struct AuditEntryFilter {
    /// What was done is one of these.
    actions: Option<Vec<AuditAction>>,
    /// At this moment or later.
    from: Option<DateTime>,
    /// At this moment or earlier.
    to: Option<DateTime>,
}

impl From<AuditEntryFilter> for audit::AuditFilter {
    fn from(filter: AuditEntryFilter) -> Self {
        Self {
            actions: filter.actions.unwrap_or_default().into_iter().map(Into::into).collect(),
            from: filter.from.map(|at| at.0),
            to: filter.to.map(|at| at.0),
        }
    }
}
