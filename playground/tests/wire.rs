//! The messages of the `raw` face when they are wrong: cut, foreign, too long, nested without end, in any order. Each is answered.

use beambox_playground::protocol::{MOST_NESTED, read_request};
use beambox_playground::{Arg, Cause, Program, Progress, Request, Response, Session, Settings, Stream, World};

struct Nowhere;

impl World for Nowhere {
    fn write(&mut self, _: Stream, _: &[u8]) {}
}

fn call(args: Vec<Arg>) -> Request {
    Request::Run(Program::Call { module: "lists".into(), function: "reverse".into(), args })
}

/// One of each kind.
fn all() -> Vec<Request> {
    let args = vec![Arg::Int(-7), Arg::Atom("a".into()), Arg::String("é".into()), Arg::Binary(vec![0, 255])];
    vec![
        Request::Open(Settings { deterministic: true, ..Settings::default() }),
        Request::AddBundle(vec![1, 2, 3]),
        Request::AddModule { name: "m".into(), beam: b"FOR1".to_vec() },
        Request::LackModule { name: "m".into() },
        Request::Check { source: "let".into(), file: "x".into() },
        Request::Run(Program::Mochi { source: "print(1)".into(), file: "x".into() }),
        call(vec![Arg::List(args)]),
        Request::Advance { reductions: 1000 },
        Request::PushInput(vec![10]),
        Request::CloseInput,
        Request::Stop,
        Request::Select { number: u32::MAX, serial: u32::MAX },
        Request::Frame,
        Request::Describe { address: u32::MAX },
        Request::Reductions,
    ]
}

fn bytes(request: &Request) -> Vec<u8> {
    postcard::to_allocvec(request).unwrap_or_else(|e| panic!("{e}"))
}

#[test]
fn what_is_cut_or_goes_on_is_no_request() {
    for request in all() {
        let whole = bytes(&request);
        assert_eq!(read_request(&whole), Ok(request.clone()));
        for cut in 0..whole.len() {
            assert!(read_request(&whole[..cut]).is_err(), "{request:?} cut at {cut}");
        }
        let longer = [&whole[..], &[0]].concat();
        assert!(read_request(&longer).is_err_and(|why| why.contains("1 bytes follow")), "{request:?}");
    }
}

#[test]
fn foreign_bytes_are_no_request_and_take_no_memory() {
    assert!(read_request(&[]).is_err());
    // No such request, a length that nothing could have, text that is no UTF-8.
    for foreign in [
        &[99][..],
        &[255; 40],
        &[1, 255, 255, 255, 255, 255, 255, 255, 255, 255, 1],
        &[3, 2, 0xFF, 0xFE],
        b"GET / HTTP/1.1",
    ] {
        assert!(read_request(foreign).is_err(), "{foreign:?}");
    }
    // Damaged ones are read as something or not at all.
    for request in all() {
        let whole = bytes(&request);
        for at in 0..whole.len() {
            for bit in 0..8 {
                let mut bad = whole.clone();
                bad[at] ^= 1 << bit;
                drop(read_request(&bad));
            }
        }
    }
}

#[test]
fn arguments_are_not_nested_without_end() {
    let nested = |depth: usize| {
        let empty = bytes(&call(vec![Arg::List(Vec::new())]));
        // The last two bytes are an empty list: its kind and its length.
        let (front, list) = empty.split_at(empty.len() - 2);
        [front, &[list[0], 1].repeat(depth), list].concat()
    };
    assert!(read_request(&nested(MOST_NESTED - 1)).is_ok());
    assert!(read_request(&nested(MOST_NESTED)).is_err());
    assert!(read_request(&nested(2_000_000)).is_err());
    // The next message is read as if nothing had been.
    assert!(read_request(&nested(MOST_NESTED - 1)).is_ok());
}

#[test]
fn any_order_is_answered() {
    for first in all() {
        for second in all() {
            let mut session = Session::new(Settings { deterministic: true, ..Settings::default() }, Box::new(Nowhere));
            for request in [first.clone(), second.clone(), Request::Advance { reductions: 100 }] {
                let opens = matches!(request, Request::Open(_));
                let bundle = matches!(request, Request::AddBundle(_));
                let failed = matches!(session.answer(request), Response::Failed(_));
                assert_eq!(failed, opens || bundle, "{first:?}, then {second:?}");
            }
            assert!(matches!(session.answer(Request::Frame), Response::Frame(_)));
        }
    }
}

#[test]
fn settings_at_their_ends() {
    for (max_memory, max_atoms, max_processes) in [(0, 0, 0), (u64::MAX, u64::MAX, u64::MAX), (1 << 20, 1, 1)] {
        let settings = Settings { max_memory, max_atoms, max_processes, seed: u64::MAX, deterministic: true };
        let mut session = Session::new(settings, Box::new(Nowhere));
        let started = session.run(Program::Call { module: "erlang".into(), function: "self".into(), args: Vec::new() });
        match started {
            // With a table that the VM's own atoms fill, not even this function has a name.
            Ok(_) => match session.advance(1000) {
                Progress::Ended(exit) => assert!(exit.cause != Cause::Internal && (exit.status == 0 || max_atoms < 2)),
                other => panic!("{other:?}"),
            },
            Err(why) => assert!(!why.is_empty() && !why.contains("panicked"), "{why}"),
        }
    }
}
