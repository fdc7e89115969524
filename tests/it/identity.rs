//! Who somebody is: how they come in, stay in, are kept out, forget their password, change and leave.

mod effects;
mod leaving;
mod logins;
mod passwords;
mod registration;
mod resets;
mod secrets;
mod sessions;
mod tokens;
mod world;
