//! The test harness: conformance programs, golden files, browser tests, benchmarks.
