//! Which mailbox is to be connected, and which ones are to be fetched.

use async_graphql::{ID, InputObject, OneofObject};
use diesel_async::AsyncPgConnection;
use uuid::Uuid;

use crate::error::{Code, Error, Result};
use crate::graphql::connected_accounts::object::MailProvider;
use crate::graphql::global_id::NodeType;
use crate::mailbox::connected_account;
use crate::mailbox::import_folder::ImportFolder;
use crate::mailbox::{NewConnectedAccount, Provider};
use crate::viewer::{Viewer, Visibility};

/// The mailbox to connect.
#[derive(InputObject)]
pub struct CreateConnectedAccountInput {
    /// Where its mail comes from.
    provider: MailProvider,
    /// MBOX only: the name of the mailbox; `import` unless given.
    address: Option<String>,
    /// MBOX only: an mbox, a single mail, a Maildir, or a folder of .eml files, as a path below the user's import folder on the
    /// server.
    file: Option<String>,
    /// A second call with the same key and input within a day makes nothing, and answers as the first one did.
    pub idempotency_key: Option<String>,
}

/// Which mailboxes are to be fetched: one of them, or all of one provider.
#[derive(OneofObject)]
pub enum FetchEmailsSource {
    /// This mailbox.
    ConnectedAccountId(ID),
    /// All of the viewer's mailboxes of this provider.
    Provider(MailProvider),
}

/// Which mails are to be fetched.
#[derive(InputObject)]
pub struct FetchEmailsInput {
    /// From which mailboxes.
    pub source: FetchEmailsSource,
    /// At most this many new mails; everything that is new unless given.
    pub limit: Option<i32>,
    /// A second call with the same key and input within a day makes nothing, and answers with the job of the first one.
    pub idempotency_key: Option<String>,
}

/// The mailboxes that a fetch reads, and whose they are.
pub struct FetchEmailsScope {
    /// The owner.
    pub user_id: Uuid,
    /// The mailboxes.
    pub connected_account_ids: Vec<Uuid>,
    /// The same for every fetch of the same mailboxes.
    pub unique_key: String,
}

impl CreateConnectedAccountInput {
    /// The mailbox as the rules take it, with the owner's import folder.
    pub fn new_account(self, import_folder: ImportFolder) -> NewConnectedAccount {
        NewConnectedAccount {
            provider: self.provider.into(),
            address: self.address,
            file: self.file,
            import_folder,
        }
    }
}

impl FetchEmailsSource {
    /// The mailboxes, as far as `viewer` may see them; `NotFound` when there are none.
    pub async fn scope(&self, conn: &mut AsyncPgConnection, viewer: &Viewer) -> Result<FetchEmailsScope> {
        match self {
            Self::ConnectedAccountId(id) => one(conn, viewer.visibility(), id).await,
            Self::Provider(provider) => all(conn, viewer.user_id, (*provider).into()).await,
        }
    }
}

async fn one(conn: &mut AsyncPgConnection, visibility: Visibility, id: &ID) -> Result<FetchEmailsScope> {
    let unknown = || unknown("connectedAccountId");
    let id = NodeType::ConnectedAccount.parse(id).ok_or_else(unknown)?;
    let account = connected_account::find(conn, visibility, id).await?.ok_or_else(unknown)?;
    let (user_id, unique_key) = (account.user_id, format!("fetch:{id}"));
    Ok(FetchEmailsScope { user_id, connected_account_ids: vec![id], unique_key })
}

async fn all(conn: &mut AsyncPgConnection, user_id: Uuid, provider: Provider) -> Result<FetchEmailsScope> {
    let connected_account_ids = connected_account::ids_of_provider(conn, user_id, provider).await?;
    if connected_account_ids.is_empty() {
        return Err(unknown("provider"));
    }
    let unique_key = format!("fetch:{}", provider.as_str());
    Ok(FetchEmailsScope { user_id, connected_account_ids, unique_key })
}

fn unknown(field: &str) -> Error {
    Error::Rejected {
        field: vec!["source".to_owned(), field.to_owned()],
        code: Code::NotFound,
        message: "There is no such mailbox.".to_owned(),
    }
}
