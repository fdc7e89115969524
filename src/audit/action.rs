//! The closed sets of an entry: what can be done, and to what kind of row.

/// What was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Action {
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

/// What kind of row it was done to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
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

impl Action {
    const ALL: [Self; 38] = [
        Self::UserRegistered,
        Self::SignedIn,
        Self::SignInLocked,
        Self::SignedOut,
        Self::SignedOutEverywhere,
        Self::SessionRevoked,
        Self::RefreshTokenReused,
        Self::PasswordChanged,
        Self::PasswordReset,
        Self::PasswordSet,
        Self::UserUpdated,
        Self::UserDeletionRequested,
        Self::UserRoleChanged,
        Self::UserActivated,
        Self::UserDeactivated,
        Self::ApiTokenCreated,
        Self::ApiTokenRevoked,
        Self::ConnectedAccountCreated,
        Self::ConnectedAccountUpdated,
        Self::ConnectedAccountDeleted,
        Self::CategoryCreated,
        Self::CategoryUpdated,
        Self::CategoryDeleted,
        Self::AccountCreated,
        Self::AccountUpdated,
        Self::AccountDeleted,
        Self::TransactionCreated,
        Self::TransactionUpdated,
        Self::TransactionDeleted,
        Self::SightingAccepted,
        Self::SightingRejected,
        Self::EmailIgnored,
        Self::EmailRestored,
        Self::EmailDeleted,
        Self::JobTriggered,
        Self::JobCancelled,
        Self::JobRetried,
        Self::EmailTextRead,
    ];

    /// The name in the database and in the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::UserRegistered => "USER_REGISTERED",
            Self::SignedIn => "SIGNED_IN",
            Self::SignInLocked => "SIGN_IN_LOCKED",
            Self::SignedOut => "SIGNED_OUT",
            Self::SignedOutEverywhere => "SIGNED_OUT_EVERYWHERE",
            Self::SessionRevoked => "SESSION_REVOKED",
            Self::RefreshTokenReused => "REFRESH_TOKEN_REUSED",
            Self::PasswordChanged => "PASSWORD_CHANGED",
            Self::PasswordReset => "PASSWORD_RESET",
            Self::PasswordSet => "PASSWORD_SET",
            Self::UserUpdated => "USER_UPDATED",
            Self::UserDeletionRequested => "USER_DELETION_REQUESTED",
            Self::UserRoleChanged => "USER_ROLE_CHANGED",
            Self::UserActivated => "USER_ACTIVATED",
            Self::UserDeactivated => "USER_DEACTIVATED",
            Self::ApiTokenCreated => "API_TOKEN_CREATED",
            Self::ApiTokenRevoked => "API_TOKEN_REVOKED",
            Self::ConnectedAccountCreated => "CONNECTED_ACCOUNT_CREATED",
            Self::ConnectedAccountUpdated => "CONNECTED_ACCOUNT_UPDATED",
            Self::ConnectedAccountDeleted => "CONNECTED_ACCOUNT_DELETED",
            Self::CategoryCreated => "CATEGORY_CREATED",
            Self::CategoryUpdated => "CATEGORY_UPDATED",
            Self::CategoryDeleted => "CATEGORY_DELETED",
            Self::AccountCreated => "ACCOUNT_CREATED",
            Self::AccountUpdated => "ACCOUNT_UPDATED",
            Self::AccountDeleted => "ACCOUNT_DELETED",
            Self::TransactionCreated => "TRANSACTION_CREATED",
            Self::TransactionUpdated => "TRANSACTION_UPDATED",
            Self::TransactionDeleted => "TRANSACTION_DELETED",
            Self::SightingAccepted => "SIGHTING_ACCEPTED",
            Self::SightingRejected => "SIGHTING_REJECTED",
            Self::EmailIgnored => "EMAIL_IGNORED",
            Self::EmailRestored => "EMAIL_RESTORED",
            Self::EmailDeleted => "EMAIL_DELETED",
            Self::JobTriggered => "JOB_TRIGGERED",
            Self::JobCancelled => "JOB_CANCELLED",
            Self::JobRetried => "JOB_RETRIED",
            Self::EmailTextRead => "EMAIL_TEXT_READ",
        }
    }

    /// The action of that name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|action| action.as_str() == name)
    }
}

impl SubjectKind {
    const ALL: [Self; 10] = [
        Self::User,
        Self::Session,
        Self::ApiToken,
        Self::ConnectedAccount,
        Self::Job,
        Self::Email,
        Self::Category,
        Self::Account,
        Self::Transaction,
        Self::Sighting,
    ];

    /// The name in the database and in the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::User => "USER",
            Self::Session => "SESSION",
            Self::ApiToken => "API_TOKEN",
            Self::ConnectedAccount => "CONNECTED_ACCOUNT",
            Self::Job => "JOB",
            Self::Email => "EMAIL",
            Self::Category => "CATEGORY",
            Self::Account => "ACCOUNT",
            Self::Transaction => "TRANSACTION",
            Self::Sighting => "SIGHTING",
        }
    }

    /// The kind of that name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }
}
