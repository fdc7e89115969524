//! The binary: reads the command line and calls.

fn main() {}
