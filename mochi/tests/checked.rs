//! What the checker hands on: resolutions, types, captures, flags of variables; and places and highlighting.

#![allow(clippy::expect_used, clippy::unwrap_used)]

use beambox_mochi::ast::*;
use beambox_mochi::checked::*;
use beambox_mochi::highlight::TokenKind;
use beambox_mochi::source::LineIndex;
use beambox_mochi::types::Type;
use beambox_mochi::{Options, check, tokens};

fn checked(source: &str) -> Checked {
    let (checked, found) = check(source, "t.mochi", &Options::default());
    checked.unwrap_or_else(|| panic!("{source}\n{found:?}"))
}

fn var<'c>(c: &'c Checked, name: &str) -> &'c Variable {
    c.variables.iter().find(|v| &*v.name == name).expect("the variable")
}

fn fun<'c>(c: &'c Checked, name: &str) -> &'c Function {
    c.functions.iter().find(|f| f.name.as_deref() == Some(name)).expect("the function")
}

#[test]
fn closures_capture_variables() {
    let c = checked(
        "fun counter(): fun(): int {\n var n = 0\n let k = 1\n return fun(): int { n = n + k return n }\n}\nvar g = 0\nfun bump() { g = g + 1 }\nlet h = counter()\nprint(h())\n",
    );
    let n = var(&c, "n");
    assert!(n.captured && n.assigned && n.assigned_in_closure && n.mutable && !n.is_global);
    let k = var(&c, "k");
    assert!(k.captured && !k.assigned && !k.assigned_in_closure);
    let g = var(&c, "g");
    assert!(g.is_global && g.captured && g.assigned_in_closure);
    let lambda = c.functions.iter().find(|f| f.kind == FunKind::Lambda).expect("the lambda");
    let captured: Vec<_> = lambda.captures.iter().map(|v| c.variable(*v).name.to_string()).collect();
    assert_eq!(captured, ["n", "k"]);
    assert!(fun(&c, "bump").captures.is_empty(), "globals are not captured");
    assert_eq!(var(&c, "h").ty.to_string(), "fun(): int");
}

#[test]
fn captures_pass_through_functions_between() {
    let c = checked("fun a() {\n var x = 1\n fun b() { fun d() { x = x + 1 } d() }\n b()\n}\na()\n");
    for name in ["b", "d"] {
        let captured: Vec<_> = fun(&c, name).captures.iter().map(|v| c.variable(*v).name.to_string()).collect();
        assert_eq!(captured, ["x"], "{name}");
    }
    assert!(fun(&c, "a").captures.is_empty());
}

#[test]
fn nested_functions_may_call_later_ones() {
    let c = checked(
        "fun outer(): bool {\n fun even(n: int): bool { if n == 0 { return true } return odd(n - 1) }\n fun odd(n: int): bool { if n == 0 { return false } return even(n - 1) }\n return even(10)\n}\nprint(outer())\n",
    );
    assert!(var(&c, "odd").hoisted && !var(&c, "even").hoisted);
    assert!(var(&c, "odd").captured && var(&c, "even").captured);
    assert!(var(&c, "odd").function.is_some());
}

#[test]
fn inner_variables_shadow() {
    let c = checked("let x = 1\nif true { let x = \"s\" print(x) }\nprint(x)\nfun f(x: float) { print(x) }\nf(1.0)\n");
    let xs: Vec<_> = c.variables.iter().filter(|v| &*v.name == "x").map(|v| (v.is_global, v.ty.to_string())).collect();
    assert_eq!(xs, [(true, "int".to_owned()), (false, "string".to_owned()), (false, "float".to_owned())]);
}

#[test]
fn a_user_function_wins_over_a_builtin() {
    let c = checked(
        "fun max(a: int, b: int): int { return a }\nprint(max(1, 2), min([1]))\nlet len = 3\nprint(len(\"abc\"), len)\n",
    );
    let mut seen = Vec::new();
    for r in c.resolutions.iter().flatten() {
        match r {
            Resolution::Function(f) => seen.push(format!("fun {}", c.function(*f).name.as_deref().unwrap_or(""))),
            Resolution::Builtin(b) => seen.push(b.name().to_owned()),
            _ => {}
        }
    }
    seen.sort();
    assert_eq!(seen, ["fun max", "fun max", "len", "min", "print", "print"]);
}

#[test]
fn members_are_resolved() {
    let c = checked(
        "type P { x: int fun dbl(): int { return twice(x) } fun twice(n: int): int { return n * 2 } }\nlet p = P { x: 1 }\nprint(p.dbl())\nstream S { v: int }\nagent A { var n: int = 0 on S as s { n = n + s.v } intent get(): int { return n } intent two(): int { return get() * 2 } }\nlet a = A {}\nprint(a.get(), \"abc\".contains(\"a\"))\nimport python \"math\" as m\nprint(m.sqrt(2.0))\ntype U = V(r: int) | W\nprint(match V { r: 1 } { V(q) => q W => 0 })\nprint(strings.ToUpper(\"x\"))\n",
    );
    let has = |f: &dyn Fn(&Resolution) -> bool| c.resolutions.iter().flatten().any(f);
    assert!(has(&|r| matches!(r, Resolution::Method(..))));
    assert!(has(&|r| matches!(r, Resolution::SiblingMethod(_))));
    assert!(has(&|r| matches!(r, Resolution::Intent(..))));
    assert!(has(&|r| matches!(r, Resolution::SiblingIntent(_))));
    assert!(has(&|r| matches!(r, Resolution::PseudoMethod(_))));
    assert!(has(&|r| matches!(r, Resolution::ForeignMember { .. })));
    assert!(has(&|r| matches!(r, Resolution::ImplicitForeign { .. })));
    assert!(has(&|r| matches!(r, Resolution::Agent(_))));
    assert!(has(&|r| matches!(r, Resolution::Stream(_))));
    assert!(has(&|r| matches!(r, Resolution::Variant(_, 0))));
    assert_eq!(c.agents[0].handlers.len(), 1);
    assert_eq!(c.agents[0].intents.len(), 2);
    assert_eq!(var(&c, "n").kind, VarKind::AgentState(AgentId(0)));
    assert!(c.variables.iter().any(|v| v.kind == VarKind::ReceiverField(StructId(0), 0)));
}

#[test]
fn query_names_are_resolved() {
    let c = checked(
        "let xs = [{a: 1, b: 2}]\nlet r = from x in xs group by x.a into g sort by a select {k: g.key, n: count(g), i: g.items}\nlet s = from x in xs select sum(x.b)\nprint(r, s)\n",
    );
    let has = |f: &dyn Fn(&Resolution) -> bool| c.resolutions.iter().flatten().any(f);
    assert!(has(&|r| matches!(r, Resolution::GroupKey(_))));
    assert!(has(&|r| matches!(r, Resolution::GroupItems(_))));
    assert!(has(&|r| matches!(r, Resolution::GroupKeyField(_, name) if &**name == "a")));
    assert_eq!(var(&c, "s").ty, Type::Int, "one aggregate over all rows");
}

#[test]
fn types_are_inferred() {
    let c = checked(
        "let a = 1 + 2\nlet b = 1 + 2.0\nlet c = \"x\" + str(1)\nlet d = [1, 2]\nlet e = {\"a\": 1}\nlet f = e[\"a\"]\nlet g = e[\"a\"] ?? 0\nlet h = 1 < 2\nfun id<T>(x: T): T { return x }\nlet i = id([1])\nfun add(x: int, y: int): int { return x + y }\nlet j = add(1)\nlet k = fun(x: int) => x * 1.5\nlet l = from x in d where x > 1 select {v: x, w: \"s\"}\nlet m = if h then 1 else none\nlet n = d[0:1]\nlet o = \"abc\"[0]\nlet p: bigint = 5\n",
    );
    let wanted = [
        ("a", "int"),
        ("b", "float"),
        ("c", "string"),
        ("d", "[int]"),
        ("e", "{string: int}"),
        ("f", "option[int]"),
        ("g", "int"),
        ("h", "bool"),
        ("i", "[int]"),
        ("j", "fun(int): int"),
        ("k", "fun(int): float"),
        ("l", "[{v: int, w: string}]"),
        ("m", "option[int]"),
        ("n", "[int]"),
        ("o", "string"),
        ("p", "bigint"),
    ];
    for (name, ty) in wanted {
        let v = c.variables.iter().find(|v| &*v.name == name && v.is_global).expect("a global");
        assert_eq!(v.ty.to_string(), ty, "{name}");
    }
}

#[test]
fn every_name_in_an_expression_is_resolved() {
    fn walk(b: &[Stmt], out: &mut Vec<NodeId>) {
        for s in b {
            if let StmtKind::Expr(Expr { kind: ExprKind::Call { callee, args }, .. }) = &s.kind {
                out.extend(
                    args.iter().chain([&**callee]).filter(|e| matches!(e.kind, ExprKind::Ident(_))).map(|e| e.id),
                );
            }
            if let StmtKind::For(f) = &s.kind {
                walk(&f.body.stmts, out);
            }
        }
    }
    for source in [
        include_str!("syntax/tour.mochi"),
        include_str!("syntax/algorithms.mochi"),
        include_str!("syntax/queries.mochi"),
        include_str!("syntax/agents.mochi"),
    ] {
        let c = checked(source);
        let mut ids = Vec::new();
        walk(&c.program.stmts, &mut ids);
        assert!(ids.len() > 5);
        for id in ids {
            assert!(c.resolution(id).is_some(), "{id:?}");
        }
    }
}

#[test]
fn strict_makes_errors_of_warnings() {
    let source = "let m = {\"a\": 1}\nprint(m[\"a\"] + 1)\n1 + 2\nprint(nil)\n";
    let (ok, found) = check(source, "t.mochi", &Options::default());
    assert!(ok.is_some() && found.len() == 3 && !found.iter().any(|d| d.is_error()), "{found:?}");
    let (none, found) = check(source, "t.mochi", &Options { strict: true });
    assert!(none.is_none() && found.len() == 3 && found.iter().all(|d| d.is_error()), "{found:?}");
}

#[test]
fn places_count_in_every_unit() {
    let source = "\u{feff}let π = 1\r\nprint(\"🍣é\", missing)\n";
    let (_, found) = check(source, "t.mochi", &Options::default());
    let [d] = found.as_slice() else { panic!("{found:?}") };
    let lines = LineIndex::new(source);
    let place = d.place(&lines);
    assert_eq!((place.start.line, place.start.column), (2, 13));
    assert_eq!(source.get(place.start.byte as usize..place.end.byte as usize), Some("missing"));
    let units: Vec<u16> = source.encode_utf16().collect();
    let text = String::from_utf16(units.get(place.start.utf16 as usize..place.end.utf16 as usize).expect("inside"))
        .expect("text");
    assert_eq!(text, "missing");
    assert_eq!(place.start.utf16_column, 13, "the sushi is two units");
    assert_eq!(lines.line_text(1), "\u{feff}let π = 1");
    assert_eq!(lines.line_text(9), "");
    assert_eq!(lines.position(10_000).line, 3);
}

#[test]
fn highlighting_knows_context() {
    let kinds = |source: &str| -> Vec<(String, TokenKind)> {
        tokens(source)
            .iter()
            .map(|(a, b, k)| (source.get(*a as usize..*b as usize).unwrap_or_default().to_owned(), *k))
            .collect()
    };
    let found = kinds(
        "let xs: list<int> = from x in ys where x > 1 select len(x) // c\nlet from = \"s\"\nPoint { x: 1.5 }\nf(nil)\n",
    );
    let kind = |text: &str, n: usize| found.iter().filter(|f| f.0 == text).nth(n).map(|f| f.1);
    assert_eq!(kind("let", 0), Some(TokenKind::Keyword));
    assert_eq!(kind("list", 0), Some(TokenKind::Type));
    assert_eq!(kind("from", 0), Some(TokenKind::Contextual));
    assert_eq!(kind("from", 1), Some(TokenKind::Ident));
    assert_eq!(kind("where", 0), Some(TokenKind::Contextual));
    assert_eq!(kind("len", 0), Some(TokenKind::Builtin));
    assert_eq!(kind("// c", 0), Some(TokenKind::Comment));
    assert_eq!(kind("\"s\"", 0), Some(TokenKind::String));
    assert_eq!(kind("Point", 0), Some(TokenKind::Type));
    assert_eq!(kind("1.5", 0), Some(TokenKind::Number));
    assert_eq!(kind("f", 0), Some(TokenKind::Function));
    assert_eq!(kind("nil", 0), Some(TokenKind::Constant));
}
