//! Loaded code: modules and their instances, exports, funs, and where an instruction belongs.
//!
//! Owns the code table: per module a current and an old instance, one slot per export with one indirection, and the entries
//! of funs. Knows nothing of how instructions run.

pub mod mirror;
pub mod op;
pub mod operand;
pub mod ptr;
pub mod table;

pub use ptr::{CodePtr, Mfa};
pub use table::{CodeTable, Export, FunEntry, Instance, ModuleEntry, Target};
