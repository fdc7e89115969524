//! The job engine: its moves, its reads, and what a fault costs it.

mod fairness;
mod faults;
mod measure;
mod moves;
mod people;
mod postgres_faults;
mod redis_faults;
pub mod script;
mod slots;
pub mod world;
