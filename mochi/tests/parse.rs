//! The tree that each construct of the grammar gives, as short texts.

#![allow(clippy::expect_used, clippy::unwrap_used)]

use beambox_mochi::ast::*;
use beambox_mochi::parse;

fn ident(i: &Ident) -> String {
    i.name.to_string()
}

fn list<T>(items: &[T], f: impl Fn(&T) -> String) -> String {
    items.iter().map(f).collect::<Vec<_>>().join(" ")
}

fn ty(t: &TypeExpr) -> String {
    match &t.kind {
        TypeKind::Name(n) => n.to_string(),
        TypeKind::Generic(n, args) => format!("{}<{}>", n.name, list(args, ty)),
        TypeKind::Fun(params, ret) => {
            format!("fun({}){}", list(params, ty), ret.as_ref().map_or(String::new(), |r| format!(":{}", ty(r))))
        }
        TypeKind::Record(fields) => format!("{{{}}}", list(fields, |f| format!("{}:{}", f.name.name, ty(&f.ty)))),
        TypeKind::Option(t) => format!("{}?", ty(t)),
        TypeKind::Error => "ERROR".to_owned(),
    }
}

fn opt<T>(o: &Option<T>, f: impl Fn(&T) -> String) -> String {
    o.as_ref().map_or("_".to_owned(), f)
}

fn sig(s: &FunSig) -> String {
    let params = list(&s.params, |p| {
        format!("{}{}", p.name.name, p.ty.as_ref().map_or(String::new(), |t| format!(":{}", ty(t))))
    });
    let generics = if s.generics.is_empty() { String::new() } else { format!("<{}>", list(&s.generics, ident)) };
    let ret = s.ret.as_ref().map_or(String::new(), |t| format!(" ->{}", ty(t)));
    let effects = s.effects.as_ref().map_or(String::new(), |e| format!(" !{}", list(e, ident)));
    format!("{generics}[{params}]{ret}{effects}")
}

fn block(b: &Block) -> String {
    format!("{{{}}}", list(&b.stmts, stmt))
}

fn inits(fields: &[FieldInit]) -> String {
    list(fields, |f| format!("{}={}", f.name.name, expr(&f.value)))
}

fn pattern(p: &Pattern) -> String {
    match &p.kind {
        PatternKind::Wild => "_".to_owned(),
        PatternKind::Int(n) => n.to_string(),
        PatternKind::Float(x) => format!("{x:?}"),
        PatternKind::Str(s) => format!("{s:?}"),
        PatternKind::Bool(b) => b.to_string(),
        PatternKind::None => "none".to_owned(),
        PatternKind::Name(n) => n.to_string(),
        PatternKind::Variant { name, args } => format!("{}({})", name.name, list(args, pattern)),
        PatternKind::Error => "ERROR".to_owned(),
    }
}

fn pred(p: &Pred) -> String {
    let args = list(&p.args, |a| match a {
        LogicTerm::Var(v) => ident(v),
        LogicTerm::Str(s) => format!("{:?}", s.value),
        LogicTerm::Int(n, _) => n.to_string(),
    });
    format!("{}({args})", p.name.name)
}

fn entries(es: &[MapEntry]) -> String {
    list(es, |e| {
        let key = match &e.key {
            MapKey::Name(n) => ident(n),
            MapKey::Expr(k) => expr(k),
        };
        format!("{key}:{}", expr(&e.value))
    })
}

fn expr(e: &Expr) -> String {
    let boxed = |o: &Option<Box<Expr>>| o.as_ref().map_or("_".to_owned(), |e| expr(e));
    match &e.kind {
        ExprKind::Int(n) => n.to_string(),
        ExprKind::Float(x) => format!("{x:?}"),
        ExprKind::Str(s) => format!("{s:?}"),
        ExprKind::Bool(b) => b.to_string(),
        ExprKind::None => "none".to_owned(),
        ExprKind::Ident(n) => n.to_string(),
        ExprKind::Field { base, name } => format!("(. {} {})", expr(base), name.name),
        ExprKind::OptField { base, name } => format!("(?. {} {})", expr(base), name.name),
        ExprKind::Index { base, index } => format!("(at {} {})", expr(base), expr(index)),
        ExprKind::OptIndex { base, index } => format!("(?at {} {})", expr(base), expr(index)),
        ExprKind::Slice { base, from, to, step } => {
            format!("(slice {} {} {} {})", expr(base), boxed(from), boxed(to), boxed(step))
        }
        ExprKind::Call { callee, args } => {
            format!("(call {}{})", expr(callee), args.iter().map(|a| format!(" {}", expr(a))).collect::<String>())
        }
        ExprKind::Cast { expr: e, ty: t } => format!("(as {} {})", expr(e), ty(t)),
        ExprKind::Unary { op, expr: e } => format!("({} {})", if *op == UnOp::Neg { "-" } else { "!" }, expr(e)),
        ExprKind::Binary { op, left, right, .. } => format!("({} {} {})", op.text(), expr(left), expr(right)),
        ExprKind::List(items) => format!("[{}]", list(items, expr)),
        ExprKind::Map(es) => format!("{{{}}}", entries(es)),
        ExprKind::Struct { name, fields } => format!("(new {} {})", name.name, inits(fields)),
        ExprKind::Fun(f) => match &f.body {
            FunBody::Block(b) => format!("(fun {} {})", sig(&f.sig), block(b)),
            FunBody::Expr(e) => format!("(fun {} {})", sig(&f.sig), expr(e)),
        },
        ExprKind::If { branches, otherwise } => {
            format!("(if {} else {})", list(branches, |(c, b)| format!("{}?{}", expr(c), expr(b))), boxed(otherwise))
        }
        ExprKind::Match { value, arms } => format!(
            "(match {} {})",
            expr(value),
            list(arms, |a| match &a.body {
                ArmBody::Expr(e) => format!("{}=>{}", pattern(&a.pattern), expr(e)),
                ArmBody::Block(b) => format!("{}=>{}", pattern(&a.pattern), block(b)),
            })
        ),
        ExprKind::Query(q) => {
            let mut out = list(&q.from, |f| format!("(from {} {})", f.var.name, expr(&f.source)));
            for j in &q.joins {
                out += &format!(" ({:?}-join {} {} {})", j.side, j.var.name, expr(&j.source), expr(&j.on));
            }
            out += &q.cond.as_ref().map_or(String::new(), |e| format!(" (where {})", expr(e)));
            out += &q.group.as_ref().map_or(String::new(), |g| {
                format!(" (group {} {} {})", list(&g.keys, expr), g.into.name, opt(&g.having, expr))
            });
            for (name, e) in [("sort", &q.sort), ("skip", &q.skip), ("take", &q.take)] {
                out += &e.as_ref().map_or(String::new(), |e| format!(" ({name} {})", expr(e)));
            }
            format!("(query {out} {}{})", if q.distinct { "distinct " } else { "" }, expr(&q.select))
        }
        ExprKind::LogicQuery(p) => format!("(ask {})", pred(p)),
        ExprKind::Generate { target, fields } => format!("(generate {} {})", target.name, inits(fields)),
        ExprKind::Fetch { url, with } => format!("(fetch {} {})", expr(url), boxed(with)),
        ExprKind::Load { path, ty: t, with } => {
            format!("(load {} {} {})", opt(path, |p| p.value.to_string()), ty(t), boxed(with))
        }
        ExprKind::Save { value, path, with } => {
            format!("(save {} {} {})", expr(value), opt(path, |p| p.value.to_string()), boxed(with))
        }
        ExprKind::Error => "ERROR".to_owned(),
    }
}

fn fun(f: &FunDecl) -> String {
    format!("({}fun {} {} {})", if f.export { "export " } else { "" }, f.name.name, sig(&f.sig), block(&f.body))
}

fn let_stmt(l: &LetStmt) -> String {
    format!("({} {} {} {})", if l.mutable { "var" } else { "let" }, l.name.name, opt(&l.ty, ty), opt(&l.value, expr))
}

fn assign(a: &AssignStmt) -> String {
    let path: String = a
        .path
        .iter()
        .map(|p| match p {
            Access::Index(i) => format!("[{}]", expr(i)),
            Access::Field(f) => format!(".{}", f.name),
        })
        .collect();
    format!("(= {}{path} {})", a.target.name, expr(&a.value))
}

fn handler(h: &OnHandler) -> String {
    format!("(on {} {} {})", h.stream.name, h.var.name, block(&h.body))
}

fn decls(fields: &[FieldDecl]) -> String {
    list(fields, |f| format!("{}:{}", f.name.name, ty(&f.ty)))
}

fn stmt(s: &Stmt) -> String {
    match &s.kind {
        StmtKind::Let(l) => let_stmt(l),
        StmtKind::Assign(a) => assign(a),
        StmtKind::Fun(f) => fun(f),
        StmtKind::Return(e) => format!("(return {})", opt(e, expr)),
        StmtKind::If(i) => format!(
            "(if {} else {})",
            list(&i.branches, |(c, b)| format!("{}?{}", expr(c), block(b))),
            opt(&i.otherwise, block)
        ),
        StmtKind::While { cond, body } => format!("(while {} {})", expr(cond), block(body)),
        StmtKind::For(f) => match &f.source {
            ForSource::Range(a, b) => format!("(for {} {}..{} {})", f.var.name, expr(a), expr(b), block(&f.body)),
            ForSource::Each(e) => format!("(for {} {} {})", f.var.name, expr(e), block(&f.body)),
        },
        StmtKind::Break => "break".to_owned(),
        StmtKind::Continue => "continue".to_owned(),
        StmtKind::Expect(e) => format!("(expect {})", expr(e)),
        StmtKind::Test { name, body } => format!("(test {:?} {})", name.value, block(body)),
        StmtKind::Bench { name, body } => format!("(bench {:?} {})", name.value, block(body)),
        StmtKind::Type(t) => match &t.kind {
            TypeDeclKind::Struct { fields, methods } => format!(
                "(struct {} {}{})",
                t.name.name,
                decls(fields),
                methods.iter().map(|m| format!(" {}", fun(m))).collect::<String>()
            ),
            TypeDeclKind::Union(vs) => {
                format!("(union {} {})", t.name.name, list(vs, |v| format!("{}({})", v.name.name, decls(&v.fields))))
            }
            TypeDeclKind::Alias(a) => format!("(alias {} {})", t.name.name, ty(a)),
        },
        StmtKind::Import(i) => format!(
            "(import {} {:?} {}{})",
            opt(&i.lang, ident),
            i.path.value,
            opt(&i.alias, ident),
            if i.auto { " auto" } else { "" }
        ),
        StmtKind::Extern(e) => match e {
            Extern::Type(n) => format!("(extern type {})", n.name),
            Extern::Object(n) => format!("(extern object {})", n.name),
            Extern::Var { mutable, path, ty: t } => {
                format!("(extern {} {} {})", if *mutable { "var" } else { "let" }, list(path, ident), ty(t))
            }
            Extern::Fun { path, params, ret } => {
                format!("(extern fun {} [{}] {})", list(path, ident), list(params, |p| ident(&p.name)), opt(ret, ty))
            }
        },
        StmtKind::Stream(d) => format!("(stream {} {})", d.name.name, decls(&d.fields)),
        StmtKind::On(h) => handler(h),
        StmtKind::Emit { stream, fields } => format!("(emit {} {})", stream.name, inits(fields)),
        StmtKind::Agent(a) => format!(
            "(agent {} {})",
            a.name.name,
            list(&a.members, |m| match m {
                AgentMember::Let(l) => let_stmt(l),
                AgentMember::Assign(a) => assign(a),
                AgentMember::On(_, h) => handler(h),
                AgentMember::Intent(f) => fun(f).replacen("(fun", "(intent", 1),
            })
        ),
        StmtKind::Model { name, fields } => format!("(model {} {})", name.name, inits(fields)),
        StmtKind::Fact(p) => format!("(fact {})", pred(p)),
        StmtKind::Rule { head, body } => format!(
            "(rule {} {})",
            pred(head),
            list(body, |c| match c {
                LogicCond::Pred(p) => pred(p),
                LogicCond::NotEqual(a, b) => format!("{}!={}", a.name, b.name),
            })
        ),
        StmtKind::FetchInto { url, target, with } => {
            format!("(fetch {} into {} {})", expr(url), target.name, opt(with, expr))
        }
        StmtKind::Update { target, set, cond, .. } => {
            format!("(update {} {{{}}} {})", target.name, entries(set), opt(cond, expr))
        }
        StmtKind::Expr(e) => expr(e),
        StmtKind::Error => "ERROR".to_owned(),
    }
}

/// Each source parses without errors to its text.
fn trees(cases: &[(&str, &str)]) {
    for (source, wanted) in cases {
        let (program, found) = parse(source, "t.mochi");
        let errors: Vec<_> = found.iter().filter(|d| d.is_error()).collect();
        assert!(errors.is_empty(), "{source}\n{errors:?}");
        assert_eq!(list(&program.stmts, stmt), *wanted, "{source}");
    }
}

fn exprs(cases: &[(&str, &str)]) {
    for (source, wanted) in cases {
        trees(&[(&format!("let v = {source}"), &format!("(let v _ {wanted})"))]);
    }
}

#[test]
fn precedence_and_association() {
    exprs(&[
        ("1 + 2 * 3 - 4", "(- (+ 1 (* 2 3)) 4)"),
        ("a - b - c", "(- (- a b) c)"),
        ("a / b * c % d", "(% (* (/ a b) c) d)"),
        ("1 < 2 == true", "(== (< 1 2) true)"),
        ("a == b && c != d || e", "(|| (&& (== a b) (!= c d)) e)"),
        ("a || b union c", "(union (|| a b) c)"),
        ("a union all b except c intersect d", "(intersect (except (union all a b) c) d)"),
        ("a ?? b || c", "(?? a (|| b c))"),
        ("a ?? b ?? c", "(?? (?? a b) c)"),
        ("x in xs && !y", "(&& (in x xs) (! y))"),
        ("1 + 2 in xs", "(in (+ 1 2) xs)"),
        ("-x as int", "(- (as x int))"),
        ("!-x", "(! (- x))"),
        ("- - 1", "(- (- 1))"),
        ("-x.f(1)[2]", "(- (at (call (. x f) 1) 2))"),
        ("(1 + 2) * 3", "(* (+ 1 2) 3)"),
        ("a >= b", "(>= a b)"),
        ("a <= b", "(<= a b)"),
    ]);
}

#[test]
fn postfix_forms() {
    exprs(&[
        ("a.b.c", "(. (. a b) c)"),
        ("a?.b?[0]", "(?at (?. a b) 0)"),
        ("xs[1]", "(at xs 1)"),
        ("xs[1:2]", "(slice xs 1 2 _)"),
        ("xs[:2]", "(slice xs _ 2 _)"),
        ("xs[1:]", "(slice xs 1 _ _)"),
        ("xs[1: -1]", "(slice xs 1 (- 1) _)"),
        ("xs[1:2:3]", "(slice xs 1 2 3)"),
        ("xs[::2]", "(slice xs _ _ 2)"),
        ("f(1)(2)", "(call (call f 1) 2)"),
        ("f(1, 2,)", "(call f 1 2)"),
        ("add(1)", "(call add 1)"),
        ("m.keys()", "(call (. m keys))"),
        ("x as list<int>", "(as x list<int>)"),
        ("x as map<string, list<int>> as any", "(as (as x map<string list<int>>) any)"),
        ("x as int?", "(as x int?)"),
        ("{\"a\": 1}[\"a\"]", "(at {\"a\":1} \"a\")"),
        ("a.type.match", "(. (. a type) match)"),
    ]);
}

#[test]
fn primaries() {
    exprs(&[
        ("[1, 2, 3,]", "[1 2 3]"),
        ("[]", "[]"),
        ("{}", "{}"),
        ("{a: 1, \"b\": 2, c + d: 3,}", "{a:1 \"b\":2 (+ c d):3}"),
        ("{type: 1, true: 2}", "{type:1 true:2}"),
        ("Point { x: 1, y: 2 }", "(new Point x=1 y=2)"),
        ("Point {}", "(new Point )"),
        ("none", "none"),
        ("nil", "none"),
        ("null", "none"),
        ("0xff", "255"),
        ("0b101", "5"),
        ("0o17", "15"),
        ("1e3", "1000.0"),
        ("1.5e-3", "0.0015"),
        ("\"a\\tb\\u00e9\\x41\\101\"", "\"a\\tbéAA\""),
        ("\"\\xc3\\xa9\"", "\"é\""),
        ("if a then b else c", "(if a?b else c)"),
        ("if a { b } else { c }", "(if a?b else c)"),
        ("if a { b }", "(if a?b else _)"),
        ("if a { 1 } else if b { 2 } else { 3 }", "(if a?1 b?2 else 3)"),
        ("if a then 1 else {b: 2}", "(if a?1 else {b:2})"),
        ("fun(x: int): int => x * 2", "(fun [x:int] ->int (* x 2))"),
        ("fun() { return 1 }", "(fun [] {(return 1)})"),
        ("fun<T>(x: T): T ! io, net { return x }", "(fun <T>[x:T] ->T !io net {(return x)})"),
        ("fun(x) => fun(y) => x + y", "(fun [x] (fun [y] (+ x y)))"),
        ("match x { 1 => \"a\" \"b\" => 2 _ => none }", "(match x 1=>\"a\" \"b\"=>2 _=>none)"),
        ("match x { -1 => 1, 1.5 => 2, true => 3, none => 4 }", "(match x -1=>1 1.5=>2 true=>3 none=>4)"),
        (
            "match s { Circle(r) => r  Pair(A(x), _) => x  Empty => 0 }",
            "(match s Circle(r)=>r Pair(A(x) _)=>x Empty=>0)",
        ),
        (
            "match s { A => { print(1) let y = 2 }  B => {} C => {a: 1} }",
            "(match s A=>{(call print 1) (let y _ 2)} B=>{} C=>{a:1})",
        ),
        ("query grand(x, \"c\", 3)", "(ask grand(x \"c\" 3))"),
        ("generate text { prompt: \"hi\", temperature: 1 }", "(generate text prompt=\"hi\" temperature=1)"),
        ("fetch \"u\" with { method: \"GET\" }", "(fetch \"u\" {method:\"GET\"})"),
        ("load \"f.csv\" as P with { format: \"csv\" }", "(load f.csv P {format:\"csv\"})"),
        ("load as P", "(load _ P _)"),
        ("save xs to \"f\" with {}", "(save xs f {})"),
        ("save xs", "(save xs _ _)"),
        ("π + 🍣 + t1Row", "(+ (+ π 🍣) t1Row)"),
    ]);
}

#[test]
fn queries() {
    exprs(&[
        ("from x in xs select x", "(query (from x xs) x)"),
        (
            "from x in xs from y in ys where x == y select {a: x}",
            "(query (from x xs) (from y ys) (where (== x y)) {a:x})",
        ),
        (
            "from x in xs join y in ys on x.i == y.i left join z in zs on true right join from v in vs on a outer join w in ws on b select distinct x",
            "(query (from x xs) (Inner-join y ys (== (. x i) (. y i))) (Left-join z zs true) (Right-join v vs a) (Outer-join w ws b) distinct x)",
        ),
        (
            "from x in xs group by x.a, x.b into g having count(g) > 1 sort by [-g.key.a, 1] skip 1 take 2 select g",
            "(query (from x xs) (group (. x a) (. x b) g (> (call count g) 1)) (sort [(- (. (. g key) a)) 1]) (skip 1) (take 2) g)",
        ),
        ("from x in xs order by x select x", "(query (from x xs) (sort x) x)"),
        ("from x in xs select sum(x)", "(query (from x xs) (call sum x))"),
        ("from x in xs select from y in x select y", "(query (from x xs) (query (from y x) y))"),
        (
            "from x in xs where x in (from y in ys select y) select x",
            "(query (from x xs) (where (in x (query (from y ys) y))) x)",
        ),
    ]);
}

#[test]
fn statements() {
    trees(&[
        ("let a = 3; let b = 4", "(let a _ 3) (let b _ 4)"),
        ("let a = 3 let b = 4", "(let a _ 3) (let b _ 4)"),
        ("var x: list<int> = []", "(var x list<int> [])"),
        ("let x: list<int>= []", "(let x list<int> [])"),
        ("let x: int", "(let x int _)"),
        ("x = 1 x[0] = 2 x[0][1].f.g = 3 a.b[0] = 4", "(= x 1) (= x[0] 2) (= x[0][1].f.g 3) (= a.b[0] 4)"),
        ("fun f() {}", "(fun f [] {})"),
        ("export fun f<A, B>(x: A, y): B ! io { return y }", "(export fun f <A B>[x:A y] ->B !io {(return y)})"),
        (
            "fun f(g: fun(int, string): bool, h: fun()) { return }",
            "(fun f [g:fun(int string):bool h:fun()] {(return _)})",
        ),
        ("if a { b() }", "(if a?{(call b)} else _)"),
        ("if a { } else if b { } else { c() }", "(if a?{} b?{} else {(call c)})"),
        ("while a < b { break continue }", "(while (< a b) {break continue})"),
        ("for i in 0..n - 1 { }", "(for i 0..(- n 1) {})"),
        ("for x in xs { f(x) }", "(for x xs {(call f x)})"),
        ("for x in from y in ys select y { }", "(for x (query (from y ys) y) {})"),
        ("test \"t\" { expect 1 == 1 }", "(test \"t\" {(expect (== 1 1))})"),
        ("bench \"b\" { f() }", "(bench \"b\" {(call f)})"),
        (
            "type P { x: int, y: list<P> fun m(): int { return x } }",
            "(struct P x:int y:list<P> (fun m [] ->int {(return x)}))",
        ),
        ("type P = { x: int }", "(struct P x:int)"),
        ("type S = A | B(x: int, y: int,) | C { z: int w: S }", "(union S A() B(x:int y:int) C(z:int w:S))"),
        ("type S = A(x: int)", "(union S A(x:int))"),
        ("type F = fun(int): int", "(alias F fun(int):int)"),
        ("type M = map<string, int>", "(alias M map<string int>)"),
        ("type N = int", "(alias N int)"),
        (
            "import \"./lib\" import go \"strings\" as s auto import python \"math\"",
            "(import _ \"./lib\" _) (import go \"strings\" s auto) (import python \"math\" _)",
        ),
        (
            "extern type T extern var a.b: int extern let c: string extern fun m.f(x: int): int extern object o",
            "(extern type T) (extern var a b int) (extern let c string) (extern fun m f [x] int) (extern object o)",
        ),
        ("stream S { a: int b: string, c: list<int> }", "(stream S a:int b:string c:list<int>)"),
        ("on S as e { f(e.a) }", "(on S e {(call f (. e a))})"),
        ("emit S { a: 1, b: \"x\" }", "(emit S a=1 b=\"x\")"),
        (
            "agent A { var n: int = 0 let k = 1 n = 2 on S as e { n = n + 1 } intent f(x: int): int { return n } }",
            "(agent A (var n int 0) (let k _ 1) (= n 2) (on S e {(= n (+ n 1))}) (intent f [x:int] ->int {(return n)}))",
        ),
        ("model m { provider: \"p\" name: \"n\" }", "(model m provider=\"p\" name=\"n\")"),
        ("fact p(\"a\", 1) fact q()", "(fact p(\"a\" 1)) (fact q())"),
        ("rule g(x, z) :- p(x, y), p(y, z), x != z", "(rule g(x z) p(x y) p(y z) x!=z)"),
        ("fetch \"u\" into x with {}", "(fetch \"u\" into x {})"),
        ("update xs set { a: 1, b: a + 1 } where a > 2", "(update xs {a:1 b:(+ a 1)} (> a 2))"),
        ("save xs to \"f\"", "(save xs f _)"),
        ("if a then b() else c()", "(if a?(call b) else (call c))"),
    ]);
}

#[test]
fn package_and_documentation() {
    let (program, found) = parse(
        "// header\npackage demo\n\n/// Adds.\n// Two lines.\nfun add() {}\nlet x = 1 // not a doc\nlet y = 2\n",
        "t.mochi",
    );
    assert!(found.is_empty(), "{found:?}");
    assert_eq!(program.package.map(|p| p.name.to_string()), Some("demo".to_owned()));
    let docs: Vec<_> = program.stmts.iter().map(|s| s.doc.clone()).collect();
    assert_eq!(docs, [Some("Adds.\nTwo lines.".to_owned()), None, None]);
}

#[test]
fn contextual_words_are_names() {
    trees(&[
        ("let from = 1 let select = from + 1", "(let from _ 1) (let select _ (+ from 1))"),
        ("let update = 1 update = 2", "(let update _ 1) (= update 2)"),
        ("let model = 1 let bench = model", "(let model _ 1) (let bench _ model)"),
        ("let query = 1\nprint(query)", "(let query _ 1) (call print query)"),
        ("let union = 1\nunion = 2", "(let union _ 1) (= union 2)"),
        ("x.from.where.select = 1", "(= x.from.where.select 1)"),
        ("let r = {from: 1, join: 2, with: 3}", "(let r _ {from:1 join:2 with:3})"),
        ("var nil = 0 nil = nil + 1", "(var nil _ 0) (= nil (+ nil 1))"),
        ("let order = 1 let left = order", "(let order _ 1) (let left _ order)"),
    ]);
}

#[test]
fn conditions_do_not_swallow_blocks() {
    trees(&[
        ("if a == b { c() }", "(if (== a b)?{(call c)} else _)"),
        ("for x in xs { }", "(for x xs {})"),
        ("while done { }", "(while done {})"),
        ("if p == Point { x: 1 } { c() }", "(if (== p (new Point x=1))?{(call c)} else _)"),
        ("if (Point {} == p) { }", "(if (== (new Point ) p)?{} else _)"),
        ("let v = match x { A => 1 }", "(let v _ (match x A=>1))"),
        ("if f(Point { x: 1 }) { }", "(if (call f (new Point x=1))?{} else _)"),
        ("return\nif x { a() }", "(return _) (if x?{(call a)} else _)"),
    ]);
}

#[test]
fn spans_cover_their_nodes() {
    let source = "let sum = (a + b) * c\nprint(sum)\n";
    let (program, _) = parse(source, "t.mochi");
    let text = |s: Span| &source[s.start as usize..s.end as usize];
    let Some(Stmt { span, kind: StmtKind::Let(l), .. }) = program.stmts.first() else { panic!("a let") };
    assert_eq!(text(*span), "let sum = (a + b) * c");
    assert_eq!(text(l.name.span), "sum");
    let Some(Expr { span, kind: ExprKind::Binary { left, op_span, .. }, .. }) = &l.value else { panic!("a product") };
    assert_eq!(text(*span), "(a + b) * c");
    assert_eq!(text(left.span), "(a + b)");
    assert_eq!(text(*op_span), "*");
}

#[test]
fn node_ids_are_unique_and_dense() {
    let source = include_str!("syntax/tour.mochi");
    let (program, _) = parse(source, "t.mochi");
    let text = format!("{program:?}");
    let mut ids: Vec<u32> = text.split("NodeId(").skip(1).filter_map(|p| p.split(')').next()?.parse().ok()).collect();
    let all = ids.len();
    ids.sort_unstable();
    ids.dedup();
    // An assignment's target keeps the id of the expression that it was read as; each node stands once.
    assert_eq!(all, ids.len());
    assert!(ids.last().is_some_and(|m| *m < program.node_count));
}
