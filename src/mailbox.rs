//! Mail from the outside: the mailboxes and files it lies in, its MIME form, who really sent it, which mail it is, and the
//! rows that it becomes.

pub mod authenticity;
pub mod connected_account;
pub mod email;
pub mod fingerprint;
pub mod forwarded;
mod html;
pub mod import;
pub mod import_folder;
pub mod mbox;
pub mod message;
pub mod prepared;
pub mod source;
pub mod store;

pub use connected_account::{ConnectedAccount, NewConnectedAccount, Provider};
pub use email::{Email, EmailFilter, ExtractionStatus};
