//! The object `AuditEntry`.

use async_graphql::{Context, Enum, ID, Object, SimpleObject};
use uuid::Uuid;

use crate::audit;
use crate::audit::Shown;
use crate::error::{Error, Result};
use crate::graphql::at_once::Ready;
use crate::graphql::context::RequestContext;
use crate::graphql::global_id::NodeType;
use crate::graphql::loaders::Related;
use crate::graphql::scalars::DateTime;
use crate::graphql::users::object::User;

/// The object over a row.
pub struct AuditEntry(pub audit::AuditEntry);

impl Ready for AuditEntry {
    const WAITING: &'static [&'static str] = &["actor"];
}

/// What was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(name = "AuditAction", remote = "audit::Action")]
pub enum AuditAction {
    /// Somebody registered, or the command line made an admin.
    UserRegistered,
    /// Somebody signed in with their password.
    SignedIn,
    /// Wrong passwords locked a name, an address or a device for a while.
    SignInLocked,
    /// Somebody signed out.
    SignedOut,
    /// Somebody signed out of every device.
    SignedOutEverywhere,
    /// Somebody ended a session of theirs.
    SessionRevoked,
    /// Somebody showed an old refresh token, which ended its session.
    RefreshTokenReused,
    /// Somebody changed their password by the old one.
    PasswordChanged,
    /// Somebody set a password by a code from a mail.
    PasswordReset,
    /// The command line set a password.
    PasswordSet,
    /// Somebody changed their profile.
    UserUpdated,
    /// Somebody asked to be deleted.
    UserDeletionRequested,
    /// An admin gave a user another role.
    UserRoleChanged,
    /// An admin let a user sign in again.
    UserActivated,
    /// An admin signed a user out everywhere, and keeps them from signing in until an admin lets them again.
    UserDeactivated,
    /// Somebody made an API token.
    ApiTokenCreated,
    /// Somebody revoked an API token.
    ApiTokenRevoked,
    /// Somebody connected a mailbox.
    ConnectedAccountCreated,
    /// Somebody changed a mailbox.
    ConnectedAccountUpdated,
    /// Somebody took a mailbox away.
    ConnectedAccountDeleted,
    /// Somebody made a category.
    CategoryCreated,
    /// Somebody changed a category.
    CategoryUpdated,
    /// Somebody deleted a category.
    CategoryDeleted,
    /// Somebody made a money account.
    AccountCreated,
    /// Somebody changed a money account.
    AccountUpdated,
    /// Somebody deleted a money account.
    AccountDeleted,
    /// Somebody made a transaction.
    TransactionCreated,
    /// Somebody changed a transaction.
    TransactionUpdated,
    /// Somebody deleted a transaction.
    TransactionDeleted,
    /// Somebody booked what was seen in a mail.
    SightingAccepted,
    /// Somebody said that what was seen in a mail is no transaction.
    SightingRejected,
    /// Somebody had a mail ignored.
    EmailIgnored,
    /// Somebody had a mail ignored no more.
    EmailRestored,
    /// Somebody erased a mail.
    EmailDeleted,
    /// An admin had a job started for another user.
    JobTriggered,
    /// Somebody cancelled a job.
    JobCancelled,
    /// Somebody had a job tried again.
    JobRetried,
    /// An admin looked into another user's mail.
    EmailTextRead,
}

/// What kind of thing it was done to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(name = "AuditSubjectKind", remote = "audit::SubjectKind")]
pub enum SubjectKind {
    /// A user.
    User,
    /// A session.
    Session,
    /// An API token.
    ApiToken,
    /// A mailbox.
    ConnectedAccount,
    /// A job.
    Job,
    /// A mail.
    Email,
    /// A category.
    Category,
    /// A money account.
    Account,
    /// A transaction.
    Transaction,
    /// One event seen in one mail.
    Sighting,
}

/// What somebody shows to be who they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(name = "AuditCredentialKind")]
pub enum CredentialKind {
    /// The access token of a session.
    Session,
    /// A personal API token.
    ApiToken,
    /// The command line of the server.
    CommandLine,
}

/// One field that changed.
#[derive(SimpleObject)]
pub struct AuditChange {
    /// The field, by its name in this schema.
    field: String,
    /// Its value before; null where there was none.
    before: Option<String>,
    /// Its value after; null where there is none.
    after: Option<String>,
}

/// One thing that somebody did. Entries are never changed, and outlive the people in them: of a user who was deleted stay the
/// time, the action and a pseudonym.
#[Object]
#[expect(clippy::unused_async, reason = "the derive wants each resolver async")]
impl AuditEntry {
    /// The opaque id.
    pub async fn id(&self) -> ID {
        NodeType::AuditEntry.id(self.0.id)
    }

    /// When it happened.
    async fn at(&self) -> DateTime {
        DateTime(self.0.at)
    }

    /// What was done.
    async fn action(&self) -> Result<AuditAction> {
        let name = self.0.action.as_str();
        let action = audit::Action::parse(name).map(AuditAction::from);
        action.ok_or_else(|| Error::internal("an entry has an unknown action", name))
    }

    /// The id of the user whom it was done to, a pseudonym once they are deleted; null where that is nobody.
    async fn owner_id(&self) -> Option<ID> {
        self.0.owner.map(|id| NodeType::User.id(id))
    }

    /// The id of the user who did it, a pseudonym once they are deleted; null for somebody who had not signed in, and for the
    /// command line.
    async fn actor_id(&self) -> Option<ID> {
        self.0.actor.map(|id| NodeType::User.id(id))
    }

    /// The user who did it; null where the viewer may not see them, or nobody is known.
    async fn actor(&self, ctx: &Context<'_>) -> Related<User> {
        ctx.loaders().users.related(self.0.actor, User).await
    }

    /// What the actor showed; null where they showed nothing.
    async fn credential_kind(&self) -> Option<CredentialKind> {
        self.0.shown().map(|shown| match shown {
            Shown::Session(_) => CredentialKind::Session,
            Shown::ApiToken(_) => CredentialKind::ApiToken,
            Shown::CommandLine => CredentialKind::CommandLine,
        })
    }

    /// The session or the API token; null where it was neither.
    async fn credential_id(&self) -> Option<ID> {
        match self.0.shown()? {
            Shown::Session(id) => Some(NodeType::Session.id(id)),
            Shown::ApiToken(id) => Some(NodeType::ApiToken.id(id)),
            Shown::CommandLine => None,
        }
    }

    /// The address that the request came from; null where none is known.
    async fn address(&self) -> Option<String> {
        self.0.address.map(|network| network.addr().to_string())
    }

    /// What kind of thing it was done to; null where it was none.
    async fn subject_kind(&self) -> Option<SubjectKind> {
        self.kind().map(SubjectKind::from)
    }

    /// The id of what it was done to, which may be gone; null where it was none.
    async fn subject_id(&self) -> Option<ID> {
        self.kind().zip(self.0.subject).map(|(kind, id)| node_type(kind).id(id))
    }

    /// The fields that changed. There is never a secret among them, nor the text of a mail.
    async fn changes(&self) -> Vec<AuditChange> {
        let named =
            |field: &str, value: Option<String>| value.map(|value| as_answered(self.kind(), field, value));
        let change = |change: audit::changes::Change| AuditChange {
            before: named(&change.field, change.before),
            after: named(&change.field, change.after),
            field: change.field,
        };
        self.0.changes().into_iter().map(change).collect()
    }

    /// The id that the answer and the log carry; null for the command line.
    async fn request_id(&self) -> Option<String> {
        self.0.request_id.map(|id| id.to_string())
    }
}

impl AuditEntry {
    fn kind(&self) -> Option<audit::SubjectKind> {
        audit::SubjectKind::parse(self.0.subject_kind.as_deref()?)
    }
}

/// The value of a field as this schema writes it: the entry keeps ids, roles and moments as the row has them.
fn as_answered(kind: Option<audit::SubjectKind>, field: &str, value: String) -> String {
    let node_type = match (field, kind) {
        ("accountId", _) | ("transactionsTo", Some(audit::SubjectKind::Account)) => NodeType::Account,
        ("categoryId" | "parentId" | "transactionsTo" | "childrenTo", _) => NodeType::Category,
        ("transactionId", _) => NodeType::Transaction,
        ("role", Some(audit::SubjectKind::User)) => return value.to_uppercase(),
        ("expiresAt" | "lockedUntil", _) => {
            let at = chrono::DateTime::parse_from_rfc3339(&value);
            return at.map_or(value, |at| DateTime(at.to_utc()).printed());
        }
        _ => return value,
    };
    Uuid::parse_str(&value).map_or(value, |id| node_type.id(id).0)
}

fn node_type(kind: audit::SubjectKind) -> NodeType {
    match kind {
        audit::SubjectKind::User => NodeType::User,
        audit::SubjectKind::Session => NodeType::Session,
        audit::SubjectKind::ApiToken => NodeType::ApiToken,
        audit::SubjectKind::ConnectedAccount => NodeType::ConnectedAccount,
        audit::SubjectKind::Job => NodeType::Job,
        audit::SubjectKind::Email => NodeType::Email,
        audit::SubjectKind::Category => NodeType::Category,
        audit::SubjectKind::Account => NodeType::Account,
        audit::SubjectKind::Transaction => NodeType::Transaction,
        audit::SubjectKind::Sighting => NodeType::Sighting,
    }
}
