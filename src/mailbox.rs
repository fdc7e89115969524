//! Mail from the outside: the mailboxes and files it lies in, its MIME form, who really sent it, which mail it is, and the
//! rows that it becomes.

pub mod authenticity;
mod beneath;
pub mod connected_account;
pub mod email;
pub mod email_text;
pub mod fingerprint;
pub mod folder;
pub mod folder_position;
pub mod forwarded;
#[cfg(test)]
mod hostile_tests;
mod html;
pub mod import;
pub mod import_folder;
pub mod intake;
pub mod manage;
pub mod mbox;
pub mod message;
mod mime;
pub mod prepared;
mod recognised;
pub mod retention;
mod settled;
pub mod source;
pub mod store;
pub mod to_read;
mod transfer;
mod unreadable;

pub use connected_account::{ConnectedAccount, NewConnectedAccount, Provider};
pub use email::{Email, EmailFilter, ExtractionStatus};

/// The version of the code that makes text of MIME; a new one is stored beside the texts of older ones.
pub const TEXT_VERSION: i32 = 1;
