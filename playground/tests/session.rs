//! Sessions without OTP: what runs needs no runtime module.

use beambox_playground::{Program, Progress, Request, Response, Session, Settings, Stream, Supply, World};
use std::cell::RefCell;
use std::rc::Rc;

/// Keeps what was written.
struct Paper(Rc<RefCell<String>>);

impl World for Paper {
    fn write(&mut self, _: Stream, bytes: &[u8]) {
        self.0.borrow_mut().push_str(&String::from_utf8_lossy(bytes));
    }
}

fn session() -> (Session, Rc<RefCell<String>>) {
    let paper = Rc::new(RefCell::new(String::new()));
    let settings = Settings { deterministic: true, ..Settings::default() };
    (Session::new(settings, Box::new(Paper(paper.clone()))), paper)
}

/// A session in which the top level of a Mochi program has been started, past the runtime.
fn started(source: &str) -> (Session, Rc<RefCell<String>>) {
    let (mut session, paper) = session();
    let result = beambox_mochi::compile(source, "bare.mochi", &beambox_mochi::Options::default());
    let Some((module, _)) = result.modules.first().cloned() else { panic!("{:?}", result.diagnostics) };
    for (name, beam) in result.modules {
        session.add_module(&name, beam);
    }
    let started = session.run(Program::Call { module, function: "main".into(), args: Vec::new() });
    assert_eq!(started, Ok(Vec::new()));
    (session, paper)
}

const ENDLESS: &str = "var n = 0\nwhile true { n = n + 1 }\n";

#[test]
fn findings_come_with_their_places_and_nothing_runs() {
    let (mut session, _) = session();
    let source = "let é = 1\nprint(nowhere)\n";
    let found = session.run(Program::Mochi { source: source.into(), file: "a.mochi".into() }).unwrap_or_default();
    let [finding] = found.as_slice() else { panic!("{found:?}") };
    assert!(finding.is_error());
    assert_eq!((finding.line, finding.column), (2, 7));
    assert_eq!(source.get(finding.from as usize..finding.to as usize), Some("nowhere"));
    assert_eq!(finding.from_utf16 + 1, finding.from, "é is one unit and two bytes");
    assert!(finding.rendered.contains("a.mochi:2:7"), "{}", finding.rendered);
    assert_eq!(session.advance(1000), Progress::Idle);
    assert_eq!(session.frame(), Vec::<u8>::new());
    assert_eq!(session.check("let x = 1\n", "a.mochi"), []);
}

#[test]
fn a_program_without_the_runtime_ends_and_says_why() {
    let (mut session, paper) = session();
    let found = session.run(Program::Mochi { source: "print(1)\n".into(), file: "a.mochi".into() });
    assert_eq!(found, Ok(Vec::new()));
    let Progress::Ended(exit) = session.advance(100_000) else { panic!("still runs") };
    assert_eq!(exit.status, 1);
    assert!(exit.reason.contains("undef"), "{}", exit.reason);
    assert!(paper.borrow().contains("mochi_core"), "{}", paper.borrow());
}

#[test]
fn an_endless_loop_is_watched_and_stopped_and_the_session_is_kept() {
    let (mut session, _) = started(ENDLESS);
    let mut last = 0;
    for _ in 0..3 {
        assert_eq!(session.advance(10_000), Progress::Busy);
        assert!(session.reductions() > last);
        last = session.reductions();
        assert_eq!(session.frame().get(..4), Some(&b"BXF1"[..]));
    }
    session.stop();
    let Progress::Ended(exit) = session.advance(1) else { panic!("still runs") };
    assert_eq!((exit.status, exit.reason.as_str()), (1, "stopped"));
    assert!(session.frame().len() > 300, "its memory is still there");
    assert_eq!(session.reductions(), last);
    assert!(session.run(Program::Mochi { source: "let x = 1".into(), file: "b.mochi".into() }).is_ok());
}

#[test]
fn small_budgets_are_kept() {
    let (mut session, _) = started(ENDLESS);
    for _ in 0..10 {
        let before = session.reductions();
        assert_eq!(session.advance(20), Progress::Busy);
        let used = session.reductions() - before;
        assert!((1..=40).contains(&used), "{used} reductions");
    }
}

#[test]
fn the_same_run_gives_the_same_frames() {
    let frames = || {
        let (mut session, _) = started("var xs: list<int> = []\nwhile true { xs = [1, 2, 3] }\n");
        (0..5).map(|_| (session.advance(5_000), session.frame()).1).collect::<Vec<_>>()
    };
    assert_eq!(frames(), frames());
}

#[test]
fn wrong_addresses_pids_and_files_are_no_harm() {
    let (mut session, _) = started(ENDLESS);
    session.advance(5_000);
    for address in [0, 1, 7, u32::MAX, u32::MAX - 7, 1 << 31] {
        assert_eq!(session.describe(address), None, "{address:#x}");
    }
    session.select(u32::MAX, u32::MAX);
    assert_eq!(session.describe(4096), None);
    assert!(session.frame().len() > 100);
    assert!(session.add_bundle(b"not a bundle").is_err());
    session.add_module("garbage", vec![0x46, 0x4F, 0x52, 0x31, 0, 0]);
    let call = Program::Call { module: "garbage".into(), function: "main".into(), args: Vec::new() };
    assert_eq!(session.run(call), Ok(Vec::new()));
    assert!(matches!(session.advance(100_000), Progress::Ended(exit) if exit.status == 1));
}

#[test]
fn requests_are_answered() {
    let (mut session, _) = session();
    assert_eq!(session.answer(Request::CloseInput), Response::Done);
    assert_eq!(session.answer(Request::Advance { reductions: 5 }), Response::Progress(Progress::Idle));
    assert_eq!(session.answer(Request::Reductions), Response::Reductions(0));
    assert!(matches!(session.answer(Request::AddBundle(vec![1])), Response::Failed(_)));
    let check = Request::Check { source: "let".into(), file: "x".into() };
    assert!(matches!(session.answer(check), Response::Diagnostics(found) if !found.is_empty()));
}

/// Has modules, but not at once.
struct Slow;

impl World for Slow {
    fn write(&mut self, _: Stream, _: &[u8]) {}
    fn load_module(&mut self, _: &str) -> Supply {
        Supply::Later
    }
}

/// Runs a program whose modules come when they are asked for: how it ended, what it was asked for, its reductions.
fn fetched(modules: &[(String, Vec<u8>)], budget: u64) -> (i32, Vec<String>, u64) {
    let mut session = Session::new(Settings { deterministic: true, ..Settings::default() }, Box::new(Slow));
    let module = modules.first().map(|(name, _)| name.clone()).unwrap_or_default();
    assert_eq!(session.run(Program::Call { module, function: "main".into(), args: Vec::new() }), Ok(Vec::new()));
    let mut asked = Vec::new();
    loop {
        match session.advance(budget) {
            Progress::Module(name) => {
                match modules.iter().find(|(known, _)| *known == name) {
                    Some((_, beam)) => session.add_module(&name, beam.clone()),
                    None => session.lack_module(&name),
                }
                asked.push(name);
            }
            Progress::Busy => {}
            Progress::Ended(exit) => return (exit.status, asked, session.reductions()),
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn a_module_that_comes_late_changes_nothing() {
    let source = "fun f(n: int): int { if n == 0 { return 0 } return f(n - 1) }\nvar n = f(9000)\n";
    let compiled = beambox_mochi::compile(source, "late.mochi", &beambox_mochi::Options::default());
    let (mut direct, _) = started(source);
    for (name, beam) in &compiled.modules {
        direct.add_module(name, beam.clone());
    }
    let start = Program::Call { module: compiled.modules[0].0.clone(), function: "main".into(), args: Vec::new() };
    assert_eq!(direct.run(start), Ok(Vec::new()));
    let exit = loop {
        match direct.advance(1 << 40) {
            Progress::Ended(exit) => break exit,
            Progress::Busy => {}
            other => panic!("{other:?}"),
        }
    };
    for budget in [1 << 40, 700] {
        let (status, asked, reductions) = fetched(&compiled.modules, budget);
        assert_eq!(status, exit.status);
        assert_eq!(asked.first(), Some(&compiled.modules[0].0));
        if budget > 700 {
            assert_eq!(reductions, direct.reductions());
        }
    }
}

#[test]
fn a_module_that_never_comes_is_undef() {
    let (status, asked, ..) = fetched(&[], 1000);
    assert_eq!((status, asked.len()), (1, 1));
}

/// A host whose standard output panics, as a bug of the VM would.
struct Broken;

impl World for Broken {
    fn write(&mut self, stream: Stream, _: &[u8]) {
        assert!(stream == Stream::Stderr, "no paper in the printer");
    }
}

#[test]
fn a_panic_ends_the_run_with_its_place_and_the_next_run_is_fresh() {
    let mut session = Session::new(Settings { deterministic: true, ..Settings::default() }, Box::new(Broken));
    let display = |what: &str| Program::Call {
        module: "erlang".into(),
        function: "display".into(),
        args: vec![beambox_playground::Arg::Atom(what.into())],
    };
    for _ in 0..2 {
        assert_eq!(session.run(display("x")), Ok(Vec::new()));
        let Progress::Ended(exit) = session.advance(100_000) else { panic!("still runs") };
        assert_eq!((exit.status, exit.cause), (1, beambox_playground::Cause::Internal));
        assert!(exit.reason.contains("no paper in the printer, at "), "{}", exit.reason);
        assert!(exit.reason.contains("session.rs:"), "{}", exit.reason);
        // It is over, says so again, and can be looked at.
        assert!(matches!(session.advance(100_000), Progress::Ended(again) if again == exit));
        session.push_input(b"late");
        session.stop();
        assert!(session.frame().len() > 90);
        assert_eq!(session.describe(1 << 20), None);
    }
    let call = Program::Call { module: "erlang".into(), function: "self".into(), args: Vec::new() };
    assert_eq!(session.run(call), Ok(Vec::new()));
    assert!(matches!(session.advance(100_000), Progress::Ended(exit) if exit.status == 0));
}

#[test]
fn a_poisoned_vm_says_so() {
    use beambox_core::config::Config;
    use beambox_core::error::StopCause;
    use beambox_core::host::{Host, Stream};
    use beambox_core::sched::{Budget, Paused};
    use beambox_core::vm::Vm;
    struct Silent;
    impl Host for Silent {
        fn write(&mut self, _: Stream, _: &[u8]) {
            panic!("nothing to say");
        }
    }
    let mut vm = Vm::new(Config::default(), Box::new(Silent)).unwrap_or_else(|_| panic!("no memory"));
    let one = [beambox_beamfile::etf::Value::Int(1)];
    assert!(vm.spawn("erlang", "display", &one).is_ok());
    assert!(vm.spawn("erlang", "display", &one).is_ok());
    assert_eq!((vm.run(Budget::default()), vm.run(Budget::default())), (Paused::Stopped, Paused::Stopped));
    let Some(StopCause::Internal(why)) = vm.stop_cause().cloned() else { panic!("{:?}", vm.stop_cause()) };
    assert!(why.contains("the VM panicked: nothing to say, at "), "{why}");
    assert!(vm.poisoned().is_some_and(|said| why.ends_with(said)));
    assert!(vm.spawn("erlang", "display", &one).is_err_and(|e| e.to_string() == why));
    assert!(vm.load_module(b"FOR1").is_err_and(|e| e.to_string().contains("nothing to say")));
    assert_eq!(vm.look(|sys| sys.procs.iter().count()), Ok(1));
    assert!(vm.look(|_| -> u32 { panic!("again") }).is_err_and(|e| e == why), "the first panic counts");
}
