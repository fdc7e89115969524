//! Who acts, what they showed, and from where: the half of an entry that is known before anything happens.

use std::net::IpAddr;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::clock::Clock;
use crate::viewer::{Credential, Viewer};

/// Whoever is about to change something.
#[derive(Clone, Debug)]
pub struct Author {
    pub(super) clock: Clock,
    pub(super) actor: Option<Uuid>,
    pub(super) shown: Option<Shown>,
    pub(super) address: Option<IpAddr>,
    pub(super) request_id: Option<Uuid>,
}

/// What somebody showed to be who they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shown {
    /// The access token of a session.
    Session(Uuid),
    /// A personal API token.
    ApiToken(Uuid),
    /// The command line of the server.
    CommandLine,
}

impl Shown {
    /// The name in the database.
    pub(super) fn kind(self) -> &'static str {
        match self {
            Self::Session(_) => "SESSION",
            Self::ApiToken(_) => "API_TOKEN",
            Self::CommandLine => "COMMAND_LINE",
        }
    }

    /// The row that it is.
    pub(super) fn id(self) -> Option<Uuid> {
        match self {
            Self::Session(id) | Self::ApiToken(id) => Some(id),
            Self::CommandLine => None,
        }
    }

    /// What a row says; `None` where it says nothing.
    pub(super) fn parse(kind: Option<&str>, id: Option<Uuid>) -> Option<Self> {
        match (kind?, id) {
            ("SESSION", Some(id)) => Some(Self::Session(id)),
            ("API_TOKEN", Some(id)) => Some(Self::ApiToken(id)),
            ("COMMAND_LINE", _) => Some(Self::CommandLine),
            _ => None,
        }
    }
}

impl Author {
    /// A user who has signed in.
    pub fn of(clock: &Clock, viewer: &Viewer) -> Self {
        let shown = match viewer.credential {
            Credential::Session(id) => Shown::Session(id),
            Credential::Token(id) => Shown::ApiToken(id),
        };
        Self {
            actor: Some(viewer.user_id),
            shown: Some(shown),
            ..Self::stranger(clock, viewer.address, viewer.request_id)
        }
    }

    /// Somebody of whom no more is known than where the request came from.
    pub fn stranger(clock: &Clock, address: Option<IpAddr>, request_id: Uuid) -> Self {
        Self { clock: clock.clone(), actor: None, shown: None, address, request_id: Some(request_id) }
    }

    /// Whoever sits at the server.
    pub fn command_line(clock: &Clock) -> Self {
        Self {
            clock: clock.clone(),
            actor: None,
            shown: Some(Shown::CommandLine),
            address: None,
            request_id: None,
        }
    }

    /// The same, for what somebody does who is nobody yet: they do it themselves.
    #[must_use]
    pub fn or_by(&self, user_id: Uuid) -> Self {
        if self.actor.is_some() || self.shown.is_some() {
            return self.clone();
        }
        self.known_as(user_id, None)
    }

    /// The present moment.
    pub fn now(&self) -> DateTime<Utc> {
        self.clock.now()
    }

    /// The session that the request came with.
    pub fn session_id(&self) -> Option<Uuid> {
        match self.shown {
            Some(Shown::Session(id)) => Some(id),
            _ => None,
        }
    }

    /// The same request, after it has shown whose it is.
    #[must_use]
    pub fn known_as(&self, user_id: Uuid, session_id: Option<Uuid>) -> Self {
        Self { actor: Some(user_id), shown: session_id.map(Shown::Session), ..self.clone() }
    }
}
