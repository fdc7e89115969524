//! The people who sign in: registration, passwords, access tokens.

pub mod access_token;
pub mod operator;
pub mod password;
pub mod registration;
pub mod sign_in;
pub mod user;

pub use user::User;
