//! Jobs watched live: the real sockets and streams, the real Redis, workers of this process.

mod faults;
mod moves;
mod plans;
mod rights;
mod scene;
mod sequence;
mod streams;
