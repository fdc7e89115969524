//! The people who sign in: registration, passwords, sessions and their tokens, and how they leave.

pub mod access_token;
pub mod common_passwords;
pub mod deletion;
pub mod leftovers;
pub mod login_attempt;
pub mod operator;
pub mod password;
pub mod password_change;
pub mod password_reset;
pub mod profile;
pub mod refresh_token;
pub mod registration;
pub mod rotation;
pub mod session;
pub mod sign_in;
pub mod standing;
pub mod user;

pub use session::Session;
pub use user::User;
