//! Modules that the builder makes: what is in them, and that real OTP runs them.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod common;

use beambox_beamfile::builder::{BuildError, Builder};
use beambox_beamfile::etf::Value;
use beambox_beamfile::{Arg, BeamFile, Op, TypeInfo};
use common::{Otp, scratch};

/// `fact/1`, a closure, a string, literals, a line in a source that is not Erlang.
fn sample() -> BeamFile {
    let mut b = Builder::new("built");
    let place = |line| Some(("built.mochi", line));
    let fact = b.declare("fact", 1);
    let (minus, times) = (b.import("erlang", "-", 2), b.import("erlang", "*", 2));
    b.begin(fact, true, place(1));
    let recur = b.label();
    b.emit(Op::IsEqExact, vec![Arg::Label(recur), Arg::X(0), Arg::I(0)]);
    b.emit(Op::Move, vec![Arg::I(1), Arg::X(0)]);
    b.emit(Op::Return, vec![]);
    b.place(recur);
    b.emit(Op::Allocate, vec![Arg::U(1), Arg::U(1)]);
    b.emit(Op::Move, vec![Arg::X(0), Arg::Y(0)]);
    b.line(place(2));
    let minus_args = [Arg::Label(0), Arg::U(1), Arg::U(minus.into()), Arg::X(0), Arg::I(1), Arg::X(0)];
    b.emit(Op::GcBif2, minus_args.to_vec());
    b.emit(Op::Call, vec![Arg::U(1), Arg::Label(fact.entry)]);
    let integer = b.type_index(TypeInfo::of(TypeInfo::INTEGER));
    let times_args = [Arg::Label(0), Arg::U(1), Arg::U(times.into()), Arg::TypedY(0, integer), Arg::X(0), Arg::X(0)];
    b.emit(Op::GcBif2, times_args.to_vec());
    b.emit(Op::Deallocate, vec![Arg::U(1)]);
    b.emit(Op::Return, vec![]);

    let adder = b.declare("-adder/1-fun-0-", 2);
    let make = b.declare("adder", 1);
    let plus = b.import("erlang", "+", 2);
    b.begin(make, true, place(4));
    let lambda = b.lambda("-adder/1-fun-0-", 2, adder.entry, 1);
    b.emit(Op::TestHeap, vec![Arg::Alloc(vec![(beambox_beamfile::AllocKind::Funs, 1)]), Arg::U(1)]);
    b.emit(Op::MakeFun3, vec![Arg::U(lambda.into()), Arg::X(0), Arg::List(vec![Arg::X(0)])]);
    b.emit(Op::Return, vec![]);
    b.begin(adder, false, place(5));
    b.emit(Op::GcBif2, vec![Arg::Label(0), Arg::U(2), Arg::U(plus.into()), Arg::X(0), Arg::X(1), Arg::X(0)]);
    b.emit(Op::Return, vec![]);

    let data = b.declare("data", 0);
    b.begin(data, true, None);
    let text = Value::Tuple(vec![Value::Binary("grüße".into()), Value::string("abc"), Value::Float(0.5)]);
    let literal = b.constant(&text);
    assert_eq!(b.constant(&text.clone()), literal);
    b.emit(Op::Move, vec![literal, Arg::X(0)]);
    b.emit(Op::Return, vec![]);
    b.module_info();
    b.finish().unwrap()
}

#[test]
fn tables_and_counts_are_right() {
    let file = sample();
    assert_eq!(file.code.function_count, 6);
    assert_eq!(file.code.label_count, 14);
    assert_eq!(file.code.opcode_max, u32::from(Op::CallFun2.number()));
    assert_eq!(file.literals.len(), 1);
    assert_eq!(file.atoms[0], "built");
    assert_eq!(file.exports.iter().map(|e| file.atom(e.function).unwrap()).next(), Some("module_info"));
    let lines = file.lines.as_ref().unwrap();
    assert_eq!(lines.location(1, "built"), Some(("built.mochi".to_owned(), 1)));
    let bytes = file.write();
    let again = BeamFile::parse(&bytes).unwrap();
    assert_eq!(again.listing(), file.listing());
    assert_eq!(again.write(), bytes);
    assert_eq!(again.md5, file.md5);
}

#[test]
fn real_otp_runs_what_was_built() {
    let otp = Otp::find();
    let folder = scratch("built");
    std::fs::write(folder.join("built.beam"), sample().write()).unwrap();
    let code = r#"
        120 = built:fact(5),
        F = built:adder(40), 42 = F(2),
        {<<"gr", 252/utf8, 223/utf8, "e">>, "abc", 0.5} = built:data(),
        {'EXIT', {badarith, [_, {built, fact, 1, [{file, "built.mochi"}, {line, 2}]} | _]}} = (catch built:fact(x)),
        true = lists:member({fact, 1}, built:module_info(exports)),
        {ok, {built, Md5}} = beam_lib:md5("built.beam"), Md5 = built:module_info(md5),
        <<N:128>> = Md5, [N] = proplists:get_value(vsn, built:module_info(attributes)),
        {beam_file, built, _, _, _, _} = beam_disasm:file("built.beam"),
        io:put_chars("fine")"#;
    let output = otp
        .command("erl")
        .current_dir(&folder)
        .env("ERL_CRASH_DUMP_BYTES", "0")
        .args(["-noshell", "-pa", ".", "-eval", code, "-s", "erlang", "halt"])
        .output()
        .unwrap();
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success() && out == "fine", "{out}{err}");
}

#[test]
fn mistakes_are_reported() {
    let mut b = Builder::new("m");
    b.emit(Op::Return, vec![Arg::Nil]);
    assert_eq!(b.finish(), Err(BuildError::Operands { op: Op::Return, given: 1 }));

    let mut b = Builder::new("m");
    b.emit(Op::Jump, vec![Arg::Label(7)]);
    assert_eq!(b.finish(), Err(BuildError::LabelMissing(7)));

    let mut b = Builder::new("m");
    let label = b.label();
    b.place(label);
    b.place(label);
    assert_eq!(b.finish(), Err(BuildError::LabelTwice(label)));

    let mut b = Builder::new("m");
    b.declare("f", 3);
    let error = b.finish().unwrap_err();
    assert_eq!(error.to_string(), "function f/3 has no body");

    let mut b = Builder::new("m");
    let f = b.declare("f", 0);
    b.begin(f, true, None);
    b.begin(f, true, None);
    assert_eq!(b.finish(), Err(BuildError::FunctionTwice { name: "f".to_owned(), arity: 0 }));
}
