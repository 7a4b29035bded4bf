//! The .beam file format, read and written; knows nothing of any VM.
