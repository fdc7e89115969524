//! Mail from the outside: the files it lies in, its MIME form, who really sent it, and which mail it is.

pub mod authenticity;
pub mod fingerprint;
pub mod forwarded;
mod html;
pub mod mbox;
pub mod message;
pub mod to_read;

/// The version of the code that makes text of MIME; a new one is stored beside the texts of older ones.
pub const TEXT_VERSION: i32 = 1;
