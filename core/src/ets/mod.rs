//! ETS: tables of tuples outside of any process's heap.

pub mod owner;
