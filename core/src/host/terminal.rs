//! The terminal behind the standard streams, as OTP's `prim_tty` drives it. The default has none.

use super::Stream;

/// One of the standard streams.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Standard {
    Input,
    Output(Stream),
}

/// How the terminal treats input.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct LineModes {
    /// Whole lines, edited by the terminal.
    pub canonical: bool,
    pub echo: bool,
    /// Keys such as interrupt make signals; `None`: as it is.
    pub signals: Option<bool>,
}

/// What is known of the terminal, and its settings.
pub trait Terminal {
    fn is_terminal(&mut self, _stream: Standard) -> bool {
        false
    }
    /// Columns and rows.
    fn size(&mut self) -> Option<(u32, u32)> {
        None
    }
    /// Does the locale say UTF-8?
    fn utf8(&mut self) -> bool {
        true
    }
    /// Sets the modes of input; `false`: there is no terminal, or it refuses.
    fn set_modes(&mut self, _modes: LineModes) -> bool {
        false
    }
    /// The name of the kind of terminal (`TERM`).
    fn kind(&mut self) -> Option<String> {
        None
    }
}
