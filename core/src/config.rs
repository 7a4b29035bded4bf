//! Limits and settings of one VM. Hard: what exceeds them stops the VM with a typed cause (see [`crate::error::StopCause`]).

/// Settings of a VM. `Default` is meant for a sandboxed snippet.
#[derive(Clone, Debug)]
pub struct Config {
    /// Most bytes that everything a guest can allocate may take together (heaps, messages, literals, binaries, tables).
    pub max_memory: u64,
    /// Most atoms; OTP's default is 1,048,576.
    pub max_atoms: usize,
    /// Most processes at a time; rounded up to a power of two. OTP's default is 1,048,576.
    pub max_processes: usize,
    /// Most ETS tables.
    pub max_ets_tables: usize,
    /// Seed of everything that OTP would take from entropy, when the host gives none.
    pub seed: u64,
    /// Default of `spawn_opt`'s `min_heap_size`, in words.
    pub min_heap_size: usize,
    /// Default of `spawn_opt`'s `min_bin_vheap_size`, in words.
    pub min_bin_vheap_size: usize,
    /// Default of `fullsweep_after`.
    pub fullsweep_after: u32,
    /// Load a missing module from the host when it is first called, as OTP's interactive mode does.
    pub autoload: bool,
    /// OTP is going to be booted: functions that stand in for those of its `init` are left out.
    pub otp: bool,
}

impl Default for Config {
    fn default() -> Config {
        Config {
            max_memory: 512 << 20,
            max_atoms: 1 << 20,
            max_processes: 1 << 18,
            max_ets_tables: 8192,
            seed: 0x5EED,
            min_heap_size: 233,
            min_bin_vheap_size: 46422,
            fullsweep_after: 65535,
            autoload: true,
            otp: false,
        }
    }
}
