//! Who owns a table, and what happens when the owner ends.

use crate::arena::OutOfMemory;
use crate::process::Process;
use crate::system::System;

/// Gives the tables of a process that ends to their heirs, or deletes them.
pub fn owner_exit(_sys: &mut System, _proc: &mut Process) -> Result<(), OutOfMemory> {
    Ok(())
}
