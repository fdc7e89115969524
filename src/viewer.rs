//! Who is asking, and whose rows that lets them see.

use std::net::IpAddr;

use uuid::Uuid;

/// What a user may do; the names stand in the table `roles`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Sees and changes the rows of one's own.
    User,
    /// Sees everyone's rows, too.
    Admin,
}

impl Role {
    /// The name in the database and in tokens.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Admin => "admin",
        }
    }

    /// What it may do, for people.
    pub fn description(self) -> &'static str {
        match self {
            Self::User => "Sees and changes the rows of their own.",
            Self::Admin => "Sees everyone's rows, and runs the server.",
        }
    }

    /// The role of that name; `None` for a name that this version does not know.
    pub fn parse(name: &str) -> Option<Self> {
        match name {
            "user" => Some(Self::User),
            "admin" => Some(Self::Admin),
            _ => None,
        }
    }
}

/// What a request shows to be a user's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Credential {
    /// The access token of a session.
    Session(Uuid),
    /// A personal API token.
    Token(Uuid),
}

/// The signed-in user behind one request.
#[derive(Clone, Debug)]
pub struct Viewer {
    /// The user's id.
    pub user_id: Uuid,
    /// The user's role, as it was a few seconds ago at most.
    pub role: Role,
    /// What shows that it is them.
    pub credential: Credential,
    /// The address that the request came from, where one is known.
    pub address: Option<IpAddr>,
    /// The id that the answer and the log carry.
    pub request_id: Uuid,
}

/// Whose rows a query may return. Every read starts from one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Visibility {
    /// The rows of one user.
    Of(Uuid),
    /// The rows of everyone; admins alone get it.
    Everyone,
}

impl Viewer {
    /// The rows that this viewer may see.
    pub fn visibility(&self) -> Visibility {
        match self.role {
            Role::User => Visibility::Of(self.user_id),
            Role::Admin => Visibility::Everyone,
        }
    }

    /// The rows of `user_id` as far as this viewer may see them; `None` when they may not.
    pub fn visibility_of(&self, user_id: Uuid) -> Option<Visibility> {
        (user_id == self.user_id || self.role == Role::Admin).then_some(Visibility::Of(user_id))
    }

    /// The session that the request belongs to; `None` where a personal API token came with it.
    pub fn session_id(&self) -> Option<Uuid> {
        match self.credential {
            Credential::Session(id) => Some(id),
            Credential::Token(_) => None,
        }
    }

    /// True for an admin.
    pub fn is_admin(&self) -> bool {
        self.role == Role::Admin
    }
}

impl Visibility {
    /// The one user whose rows are visible; `None` when everyone's are.
    pub fn user(self) -> Option<Uuid> {
        match self {
            Self::Of(user) => Some(user),
            Self::Everyone => None,
        }
    }
}
