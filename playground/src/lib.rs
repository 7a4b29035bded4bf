//! A host-neutral session: sources, compiler, VM, events and snapshots.
