//! Mail from the outside: the files it lies in, its MIME form, who really sent it, and which mail it is.

pub mod authenticity;
pub mod fingerprint;
pub mod forwarded;
mod html;
pub mod mbox;
pub mod message;
