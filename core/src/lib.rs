//! The BEAM: terms, heaps, loader, interpreter, scheduler. No I/O, no clock.
