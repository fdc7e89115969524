//! Jobs watched live: the real sockets, the real Redis, workers of this process.

mod faults;
mod moves;
mod plans;
mod rights;
mod scene;
mod sequence;
