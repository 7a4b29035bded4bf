//! The deepest and longest programs that the parser lets through, compiled on a stack of one megabyte (what a browser gives).

#![allow(clippy::expect_used)]

use beambox_mochi::{Options, compile};
use std::fmt::Write;

fn on_a_small_stack(source: String) -> (usize, String) {
    std::thread::Builder::new()
        .stack_size(1 << 20)
        .spawn(move || {
            let r = compile(&source, "deep.mochi", &Options::default());
            (r.modules.len(), r.diagnostics.iter().map(|d| d.code).collect::<Vec<_>>().join(" "))
        })
        .expect("thread")
        .join()
        .expect("no overflow")
}

/// Doubles until the parser refuses.
fn deepest(make: impl Fn(usize) -> String) {
    let mut n = 8;
    while n <= 4096 {
        let (modules, codes) = on_a_small_stack(make(n));
        if modules == 0 {
            assert!(!codes.is_empty(), "no module and no reason at {n}");
            assert!(n > 30, "refused at {n}: {codes}");
        }
        n *= 2;
    }
}

#[test]
fn nested_parentheses_and_operators() {
    deepest(|n| format!("let x = 1\nprint({}x{})", "(1 + ".repeat(n), ")".repeat(n)));
    deepest(|n| format!("let x = true\nprint({}x{})", "!(x && ".repeat(n), ")".repeat(n)));
    deepest(|n| format!("let x = 1\nprint(x{})", " + x".repeat(n)));
}

#[test]
fn nested_lists_functions_and_ifs() {
    deepest(|n| format!("print({}1{})", "[".repeat(n), "]".repeat(n)));
    deepest(|n| format!("let f = {}1", "fun(x: int) => ".repeat(n)));
    deepest(|n| format!("let a = 1\n{}print(a){}", "if a == 1 { ".repeat(n), " }".repeat(n)));
    deepest(|n| format!("let a = 1\n{}print(a){}", "while a == 1 { ".repeat(n), " }".repeat(n)));
    deepest(|n| format!("let a = 1\nprint({}2{})", "if a == 1 then 1 else (".repeat(n), ")".repeat(n)));
}

#[test]
fn many_statements() {
    let mut s = String::from("var a = 0\nvar b = 7\n");
    for i in 0..3000 {
        let _ = writeln!(s, "if a == {i} {{ a = a + 1 }}");
    }
    s.push_str("print(a, b)\n");
    assert_eq!(on_a_small_stack(s).0, 1);
    let mut s = String::from("var a = 0\n");
    for i in 0..2000 {
        let _ = writeln!(s, "var v{i} = a + {i}");
    }
    s.push_str("for i in 0..3 { a = a + i }\n");
    for i in 0..2000 {
        let _ = writeln!(s, "print(v{i})");
    }
    assert_eq!(on_a_small_stack(s).0, 1);
}
