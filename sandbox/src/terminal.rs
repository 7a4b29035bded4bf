//! The terminal of this process, restored when the program ends.

use beambox_core::host::Stream;
use beambox_core::host::terminal::{LineModes, Standard, Terminal};
use rustix::termios::{self, InputModes, LocalModes, OptionalActions, OutputModes, Termios};
use std::io::{self, IsTerminal};

/// See the module's documentation.
#[derive(Debug)]
pub(crate) struct ProcessTerminal {
    /// The settings that were found, once they have been changed.
    before: Option<Termios>,
}

impl ProcessTerminal {
    pub fn new() -> ProcessTerminal {
        ProcessTerminal { before: None }
    }
}

impl Terminal for ProcessTerminal {
    fn is_terminal(&mut self, stream: Standard) -> bool {
        match stream {
            Standard::Input => io::stdin().is_terminal(),
            Standard::Output(Stream::Stdout) => io::stdout().is_terminal(),
            Standard::Output(Stream::Stderr) => io::stderr().is_terminal(),
        }
    }

    fn size(&mut self) -> Option<(u32, u32)> {
        let size = termios::tcgetwinsize(io::stdout()).or_else(|_| termios::tcgetwinsize(io::stdin())).ok()?;
        (size.ws_col > 0).then_some((size.ws_col as u32, size.ws_row as u32))
    }

    fn utf8(&mut self) -> bool {
        let set = |name| std::env::var(name).ok().filter(|v| !v.is_empty());
        let locale = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().find_map(set).unwrap_or_default();
        let locale = locale.to_ascii_uppercase();
        locale.contains("UTF-8") || locale.contains("UTF8")
    }

    fn set_modes(&mut self, modes: LineModes) -> bool {
        let Ok(now) = termios::tcgetattr(io::stdin()) else { return false };
        let mut new = self.before.get_or_insert_with(|| now.clone()).clone();
        new.local_modes.set(LocalModes::ICANON, modes.canonical);
        new.local_modes.set(LocalModes::ECHO, modes.echo);
        if let Some(signals) = modes.signals {
            new.local_modes.set(LocalModes::ISIG | LocalModes::IEXTEN, signals);
        }
        if !modes.canonical {
            new.input_modes.remove(InputModes::ICRNL);
            new.output_modes.remove(OutputModes::OPOST);
            new.special_codes[termios::SpecialCodeIndex::VMIN] = 1;
            new.special_codes[termios::SpecialCodeIndex::VTIME] = 0;
        }
        termios::tcsetattr(io::stdin(), OptionalActions::Drain, &new).is_ok()
    }

    fn kind(&mut self) -> Option<String> {
        std::env::var("TERM").ok()
    }
}

impl Drop for ProcessTerminal {
    fn drop(&mut self) {
        if let Some(before) = &self.before {
            // There is nothing to be done if the terminal has gone.
            let _ = termios::tcsetattr(io::stdin(), OptionalActions::Drain, before);
        }
    }
}
