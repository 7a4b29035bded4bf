//! The specialised instruction set, as one table.
//!
//! [`for_each_op!`] names every instruction with its operands and a line on what it does; the enum, names, listing and
//! reference page come from it. An instruction is 16 bytes: tag, up to three bytes or 16-bit registers, a 32-bit target, a
//! 64-bit constant. Targets (`to`, `fail`) are distances in instructions from this one; 0 as `fail` means "raise".
//! `cp` is the ready-made return address of the instruction after a call. `at`/`n` point into the instance's side table.
//!
//! How to add one: a row here, an arm in `interp/run.rs` (hot) or `interp/cold.rs`, its emission in `load/`.

use super::operand::{Dst, Src};

/// Calls `$m!` with the rows `"doc" Name { field: type, .. }`.
macro_rules! for_each_op {
    ($m:ident) => {
        $m! {
            "Does nothing." Nop {}
            "A traced function starts: the calls are told, then it goes on in the mirror." Breakpoint {}
            "A traced export: the calls are told, then it goes on where the export leads." Trampoline { n: u32 }
            "A traced function returns here." ReturnTrace {}
            "Ends the process normally: the return address below a process's first frame." ProcessEnd {}
            "Calls what the process's trap says; where a new process starts." ApplyTrap {}
                "Behind the last instruction: never reached." Unreachable {}

            "X to X." MoveXX { s: u16, d: u16 }
            "X to Y." MoveXY { s: u16, d: u16 }
            "Y to X." MoveYX { s: u16, d: u16 }
            "Y to Y." MoveYY { s: u16, d: u16 }
            "Constant to X." MoveCX { d: u16, c: u64 }
            "Constant to Y." MoveCY { d: u16, c: u64 }
            "Two X to X moves, in order." MoveXX2 { s1: u16, d1: u16, s2: u16, d2: u16 }
            "Y to X, then Y to X." MoveYX2 { s1: u16, d1: u16, s2: u16, d2: u16 }
            "X to Y, then X to Y." MoveXY2 { s1: u16, d1: u16, s2: u16, d2: u16 }
            "X to Y, then X to X." MoveXYXX { s1: u16, d1: u16, s2: u16, d2: u16 }
            "Y to X, then X to X." MoveYXXX { s1: u16, d1: u16, s2: u16, d2: u16 }
            "X to X, then Y to X." MoveXXYX { s1: u16, d1: u16, s2: u16, d2: u16 }
            "Exchanges two registers." Swap { a: Dst, b: Dst }
            "Sets Y registers to []." InitY { at: u32, n: u16 }

            "Jumps." Jump { to: i32 }
            "Calls a function of this module." Call { to: i32, cp: u64 }
            "Tail call in this module, dropping a frame." CallLast { to: i32, n: u16 }
            "Tail call in this module." CallOnly { to: i32 }
            "Calls an exported function." CallExt { export: u32, cp: u64 }
            "Tail call of an exported function, dropping a frame." CallExtLast { export: u32, n: u16 }
            "Tail call of an exported function." CallExtOnly { export: u32 }
            "Calls a BIF." CallBif { arity: u8, bif: u32, cp: u64 }
            "Calls a BIF and returns its result, dropping a frame." CallBifLast { arity: u8, bif: u32, n: u16 }
            "Calls a BIF and returns its result." CallBifOnly { arity: u8, bif: u32 }
            "Calls the fun in the X register after the arguments." CallFun { arity: u8, cp: u64 }
            "Calls a fun." CallFun2 { arity: u8, f: Src, cp: u64 }
            "Tail call of the fun in the X register after the arguments, dropping a frame." CallFunLast { arity: u8, n: u16 }
            "Tail call of a fun, dropping a frame." CallFun2Last { arity: u8, f: Src, n: u16 }
            "Calls the function named by the two X registers after the arguments." Apply { arity: u8, cp: u64 }
            "As Apply, as a tail call." ApplyLast { arity: u8, n: u16 }
            "Returns." Return {}
            "Drops a frame and returns." DeallocReturn { n: u16 }
            "Constant to x0, drops a frame and returns." ConstReturn { n: u16, c: u64 }

            "Makes a frame of n Y registers." Allocate { n: u16, live: u16 }
            "Makes a frame and reserves heap words." AllocateHeap { n: u16, live: u16, words: u32 }
            "Makes a frame and moves X to Y." AllocateMove { live: u8, n: u16, s: u16, d: u16 }
            "Makes a frame and moves X to Y twice." AllocateMove2 { live: u8, n: u16, s1: u16, d1: u16, s2: u16, d2: u16 }
            "Makes a frame and takes a cons cell apart." AllocateGetList { live: u8, n: u16, s: Src, h: Dst, t: Dst }
            "Drops a frame." Deallocate { n: u16 }
            "Drops n Y registers from the top of the frame." Trim { n: u16 }
            "Reserves heap words." TestHeap { live: u16, words: u32 }

            "Is it a cons cell?" IsConsX { s: u16, fail: i32 }
            "Is it a cons cell?" IsCons { s: Src, fail: i32 }
            "Is it a cons cell? Then its head and tail." IsConsGet { s: u16, h: u16, t: u16, fail: i32 }
            "Is it []?" IsNilX { s: u16, fail: i32 }
            "Is it []?" IsNil { s: Src, fail: i32 }
            "Is it of the kind?" TypeTest { kind: u8, s: Src, fail: i32 }
            "Is it an integer?" IsIntegerX { s: u16, fail: i32 }
            "Is it an atom?" IsAtomX { s: u16, fail: i32 }
            "Is it a cons cell or []?" IsListX { s: u16, fail: i32 }
            "Is it a tuple?" IsTuple { s: Src, fail: i32 }
            "Has the tuple this arity?" TestArity { s: Src, fail: i32, arity: u32 }
            "Is it a tuple of this arity?" IsTupleOfArity { s: Src, fail: i32, arity: u32 }
            "Is it a tuple of this arity with this first element?" IsTagged { arity: u8, s: u16, fail: i32, c: u64 }
            "==" IsEq { a: Src, b: Src, fail: i32 }
            "/=" IsNe { a: Src, b: Src, fail: i32 }
            "=:=" IsEqExact { a: Src, b: Src, fail: i32 }
            "=/=" IsNeExact { a: Src, b: Src, fail: i32 }
            "X =:= X." IsEqXX { a: u16, b: u16, fail: i32 }
            "X =/= X." IsNeXX { a: u16, b: u16, fail: i32 }
            "=:= an immediate." IsEqImm { s: u16, fail: i32, c: u64 }
            "=/= an immediate." IsNeImm { s: u16, fail: i32, c: u64 }
            "<" IsLt { a: Src, b: Src, fail: i32 }
            ">=" IsGe { a: Src, b: Src, fail: i32 }
            "X < small constant." IsLtXC { s: u16, fail: i32, c: u64 }
            "X >= small constant." IsGeXC { s: u16, fail: i32, c: u64 }
            "Small constant < X." IsLtCX { s: u16, fail: i32, c: u64 }
            "Small constant >= X." IsGeCX { s: u16, fail: i32, c: u64 }
            "X < X." IsLtXX { a: u16, b: u16, fail: i32 }
            "X >= X." IsGeXX { a: u16, b: u16, fail: i32 }
            "Is it a fun of this arity?" IsFunction2 { f: Src, arity: Src, fail: i32 }
            "Jumps by value." SelectVal { s: Src, fail: i32, table: u32 }
            "Jumps by the arity of a tuple." SelectArity { s: Src, fail: i32, table: u32 }

            "Makes a cons cell." PutList { h: Src, t: Src, d: Dst }
            "Makes a cons cell of X registers." PutListX { h: u16, t: u16, d: u16 }
            "Reserves heap words and makes a cons cell." ReservePutList { live: u8, h: Src, t: Src, d: Dst, words: u32 }
            "Makes a cons cell in x0, drops a frame and returns." PutListReturn { live: u8, n: u16, h: Src, t: Src }
            "Head and tail of a cons cell." GetList { s: Src, h: Dst, t: Dst }
            "Head of a cons cell." GetHd { s: Src, d: Dst }
            "Tail of a cons cell." GetTl { s: Src, d: Dst }
            "Makes a tuple of side-table operands." PutTuple2 { d: Dst, at: u32, n: u32 }
            "Word i of a tuple to X." GetElementX { s: u16, i: u16, d: u16 }
            "Word i of a tuple." GetElement { s: Src, d: Dst, i: u32 }
            "Words i and i+1 of a tuple to two X." GetElement2X { s: u16, i: u16, d1: u16, d2: u16 }
            "The operand must be of this kind, which the loader could not prove; else badarg." Demand { kind: u8, s: Src, n: u32 }
            "Overwrites word i of a fresh tuple." SetElement { v: Src, t: Src, i: u32 }
            "Copies a record with some elements replaced." UpdateRecord { s: Src, d: Dst, at: u32, n: u32 }
            "Adds or replaces map pairs." PutMapAssoc { live: u8, s: Src, d: Dst, at: u32, n: u32 }
            "Replaces values of a map." PutMapExact { live: u8, s: Src, d: Dst, at: u32, n: u16, fail: i32 }
            "Has the map these keys?" HasMapFields { s: Src, n: u16, at: u32, fail: i32 }
            "Values of map keys." GetMapElements { s: Src, n: u16, at: u32, fail: i32 }
            "Makes a fun." MakeFun { d: Dst, n: u16, fun: u32, at: u32 }

            "+" Add { live: u8, a: Src, b: Src, d: Dst, fail: i32 }
            "-" Sub { live: u8, a: Src, b: Src, d: Dst, fail: i32 }
            "X + small constant, in a body." AddXC { live: u8, s: u16, d: u16, c: u64 }
            "Y + small constant to X, in a body." AddYC { live: u8, s: u16, d: u16, c: u64 }
            "Y + X to X, in a body." AddYX { live: u8, a: u16, b: u16, d: u16 }
            "X + X, in a body." AddXX { live: u8, a: u16, b: u16, d: u16 }
            "X - X, in a body." SubXX { live: u8, a: u16, b: u16, d: u16 }
            "*" Mul { live: u8, a: Src, b: Src, d: Dst, fail: i32 }
            "div" IntDiv { live: u8, a: Src, b: Src, d: Dst, fail: i32 }
            "rem" Rem { live: u8, a: Src, b: Src, d: Dst, fail: i32 }
            "band" Band { live: u8, a: Src, b: Src, d: Dst, fail: i32 }
            "bor" Bor { live: u8, a: Src, b: Src, d: Dst, fail: i32 }
            "bxor" Bxor { live: u8, a: Src, b: Src, d: Dst, fail: i32 }
            "bsl" Bsl { live: u8, a: Src, b: Src, d: Dst, fail: i32 }
            "bsr" Bsr { live: u8, a: Src, b: Src, d: Dst, fail: i32 }
            "A BIF without arguments." Bif0 { d: Dst, bif: u32 }
            "A guard BIF of one argument." Bif1 { live: u8, a: Src, d: Dst, fail: i32, bif: u32 }
            "A guard BIF of two arguments." Bif2 { live: u8, a: Src, b: Src, d: Dst, fail: i32, bif: u32 }
            "A guard BIF of three arguments in the side table." Bif3 { live: u8, d: Dst, at: u32, fail: i32, bif: u32 }
            "abs/1" Abs { live: u8, a: Src, d: Dst, fail: i32, bif: u32 }
            "byte_size/1" ByteSize { live: u8, a: Src, d: Dst, fail: i32, bif: u32 }
            "hd" Hd { s: Src, d: Dst, fail: i32 }
            "tl" Tl { s: Src, d: Dst, fail: i32 }
            "element/2" Element { i: Src, s: Src, d: Dst, fail: i32 }
            "tuple_size/1" TupleSize { s: Src, d: Dst, fail: i32 }

            "Float term to float register." FLoad { s: Src, d: u8 }
            "Float register to a new float." FStore { s: u8, d: Dst }
            "Number to float register." FConv { s: Src, d: u8 }
            "+ on floats." FAdd { a: u8, b: u8, d: u8 }
            "- on floats." FSub { a: u8, b: u8, d: u8 }
            "* on floats." FMul { a: u8, b: u8, d: u8 }
            "/ on floats." FDiv { a: u8, b: u8, d: u8 }
            "Unary - on floats." FNeg { a: u8, d: u8 }

            "Opens a catch or try: the tag goes to Y." Catch { y: u16, tag: u64 }
            "Closes a catch." CatchEnd { y: u16 }
            "Closes a try." TryEnd { y: u16 }
            "Starts the handler of a try: class, value and trace to x0..x2." TryCase { y: u16 }
            "try_clause error." TryCaseEnd { s: Src }
            "badmatch error." Badmatch { s: Src }
            "if_clause error." IfEnd {}
            "case_clause error." CaseEnd { s: Src }
            "badrecord error." Badrecord { s: Src }
            "Raises again from a raw trace and a value (old form)." Raise { t: Src, v: Src }
            "Raises again class x0, value x1, trace x2." RawRaise {}
            "Raw trace in x0 to a list." BuildStacktrace {}
            "function_clause error of this function." FuncInfo { function: u32, arity: u32, module: u32 }

            "Sends x1 to x0." Send {}
            "The message at the save pointer to x0, or go where one waits." LoopRec { d: Dst, fail: i32 }
            "Takes the message out." RemoveMessage {}
            "On to the next message." LoopRecEnd { to: i32 }
            "Waits for a message." Wait { to: i32 }
            "Waits for a message or the time." WaitTimeout { t: Src, to: i32 }
            "The time is over." Timeout {}
            "Reserves a receive marker." RecvMarkerReserve { d: Dst }
            "Binds a receive marker to a reference." RecvMarkerBind { m: Src, r: Src }
            "Drops a receive marker." RecvMarkerClear { r: Src }
            "Starts the next receive at the marker." RecvMarkerUse { r: Src }

            "A match context of a bitstring." BsStartMatch { live: u8, s: Src, d: Dst, fail: i32 }
            "A position of a match context." BsGetPosition { live: u8, s: Src, d: Dst }
            "Sets the position of a match context." BsSetPosition { s: Src, p: Src }
            "What is left of a match context." BsGetTail { live: u8, s: Src, d: Dst }
            "A list of match commands." BsMatch { s: Src, n: u16, at: u32, fail: i32 }
            "A list of match commands that build nothing." BsMatchQuick { s: Src, n: u16, at: u32, fail: i32 }
            "The next byte of whole bytes (`unit` 8) or of any bits (1)." BsGetByte { unit: u8, s: Src, d: Dst, fail: i32 }
            "An integer." BsGetInteger { live: u8, at: u32, fail: i32 }
            "A float." BsGetFloat { live: u8, at: u32, fail: i32 }
            "A bitstring." BsGetBinary { live: u8, at: u32, fail: i32 }
            "Skips bits." BsSkip { s: Src, size: Src, fail: i32, unit: u32 }
            "Are just this many bits left?" BsTestTail { s: Src, fail: i32, bits: u32 }
            "Is the rest a multiple of the unit?" BsTestUnit { s: Src, fail: i32, unit: u32 }
            "Are these the next bits?" BsMatchString { s: Src, n: u16, at: u32, fail: i32 }
            "A code point." BsGetUtf { kind: u8, s: Src, d: Dst, fail: i32, flags: u32 }
            "Skips a code point." BsSkipUtf { kind: u8, s: Src, fail: i32, flags: u32 }
            "Builds a bitstring of side-table segments." BsCreateBin { live: u8, d: Dst, n: u16, at: u32, fail: i32 }
            "As BsCreateBin, when all sizes are known but that of a binary in front." BsCreateQuick { live: u8, d: Dst, n: u16, at: u32, fail: i32 }
            "An empty writable binary in x0." BsInitWritable {}
            ;
            // Chains: the first instruction, with its operands, knows which ones stand behind it and does their work too. They keep their
            // places, so whatever is unusual about one of them is left to itself. The longest of those with the same beginning comes first.
            "Is it a cons cell? Then a frame, its head and tail, and a call." ConsGetCall = IsConsX { s: u16, fail: i32 } + AllocateGetList + Call;
            "Is it a cons cell? Then a frame, its head and tail." ConsGet = IsConsX { s: u16, fail: i32 } + AllocateGetList;
            "Is it a cons cell? Then a frame, its head and tail." ConsMoveGet = IsConsX { s: u16, fail: i32 } + AllocateMove + GetList;
            "Is it a cons cell? Then a frame and a move." ConsMove = IsConsX { s: u16, fail: i32 } + AllocateMove;
            "Is it a cons cell? Then a frame and two moves." ConsMove2 = IsConsX { s: u16, fail: i32 } + AllocateMove2;
            "Head and tail, a move, and the call of a fun." GetListMoveFun = GetList { s: Src, h: Dst, t: Dst } + MoveYX + CallFun2;
            "Head and tail, and the call of a fun." GetListFun = GetList { s: Src, h: Dst, t: Dst } + CallFun2;
            "Y to X, then the call of a fun." MoveYXFun = MoveYX { s: u16, d: u16 } + CallFun2;
            "A frame, a sum, and a call." FrameAddCall = AllocateMove { live: u8, n: u16, s: u16, d: u16 } + AddXC + Call;
            "A frame and a call." FrameMoveCall = AllocateMove { live: u8, n: u16, s: u16, d: u16 } + Call;
            "A frame and a call." FrameGetCall = AllocateGetList { live: u8, n: u16, s: Src, h: Dst, t: Dst } + Call;
            "A sum, moves, and a call." AddYMoveCall = AddYC { live: u8, s: u16, d: u16, c: u64 } + MoveXYXX + Call;
            "A sum, a move, and a tail call." AddYMoveCallLast = AddYC { live: u8, s: u16, d: u16, c: u64 } + MoveYX + CallLast;
            "A sum, a move, and a tail call." AddMoveCallOnly = AddXC { live: u8, s: u16, d: u16, c: u64 } + MoveXX + CallOnly;
            "A sum and a call." AddCall = AddXC { live: u8, s: u16, d: u16, c: u64 } + Call;
            "A sum and a tail call." AddCallOnly = AddXC { live: u8, s: u16, d: u16, c: u64 } + CallOnly;
            "A sum and an element." AddElement = AddXC { live: u8, s: u16, d: u16, c: u64 } + Element;
            "A sum and a word of a tuple." AddGetElement = AddXC { live: u8, s: u16, d: u16, c: u64 } + GetElementX;
            "A sum, which is returned." AddYXReturn = AddYX { live: u8, a: u16, b: u16, d: u16 } + DeallocReturn;
            "A sum, which is returned." AddXXReturn = AddXX { live: u8, a: u16, b: u16, d: u16 } + Return;
            "A sum and some of its bits." AddXXBand = AddXX { live: u8, a: u16, b: u16, d: u16 } + Band;
            "A difference without its sign." SubAbs = SubXX { live: u8, a: u16, b: u16, d: u16 } + Abs;
            "Bits of a number, a move, and a tail call." BandMoveCallOnly = Band { live: u8, a: Src, b: Src, d: Dst, fail: i32 } + MoveXX + CallOnly;
            "A product and its remainder." MulRem = Mul { live: u8, a: Src, b: Src, d: Dst, fail: i32 } + Rem;
            "Moves and a tail call." MoveXXMoveYX2CallLast = MoveXX { s: u16, d: u16 } + MoveYX2 + CallLast;
            "Moves, less of the frame, and a call." MoveYXTrimCall = MoveYX { s: u16, d: u16 } + Trim + Call;
            "A move and a call." MoveXXCall = MoveXX { s: u16, d: u16 } + Call;
            "A move and a tail call." MoveXXCallOnly = MoveXX { s: u16, d: u16 } + CallOnly;
            "A move and a tail call." MoveXXCallLast = MoveXX { s: u16, d: u16 } + CallLast;
            "A move and a return." MoveXXReturn = MoveXX { s: u16, d: u16 } + Return;
            "A move and a call." MoveYXCall = MoveYX { s: u16, d: u16 } + Call;
            "A move and a tail call." MoveYXCallLast = MoveYX { s: u16, d: u16 } + CallLast;
            "A move and a return." MoveYXReturn = MoveYX { s: u16, d: u16 } + DeallocReturn;
            "Moves and a call." MoveXX2Call = MoveXX2 { s1: u16, d1: u16, s2: u16, d2: u16 } + Call;
            "Moves and a tail call." MoveXX2CallOnly = MoveXX2 { s1: u16, d1: u16, s2: u16, d2: u16 } + CallOnly;
            "Moves and a call." MoveYX2Call = MoveYX2 { s1: u16, d1: u16, s2: u16, d2: u16 } + Call;
            "Moves and a tail call." MoveYX2CallLast = MoveYX2 { s1: u16, d1: u16, s2: u16, d2: u16 } + CallLast;
            "Moves and a tail call." MoveYX4CallLast = MoveYX2 { s1: u16, d1: u16, s2: u16, d2: u16 } + MoveYX2 + CallLast;
            "Moves and a call." MoveXYXXCall = MoveXYXX { s1: u16, d1: u16, s2: u16, d2: u16 } + Call;
            "Moves and a call." MoveYXXXCall = MoveYXXX { s1: u16, d1: u16, s2: u16, d2: u16 } + Call;
            "Moves and a tail call." MoveXXYXCallLast = MoveXXYX { s1: u16, d1: u16, s2: u16, d2: u16 } + CallLast;
            "Less of the frame and a call." TrimCall = Trim { n: u16 } + Call;
            "Words, and a record with some elements replaced." ReserveUpdateCallOnly = TestHeap { live: u16, words: u32 } + UpdateRecord + CallOnly;
            "Words and a tuple, which is returned." ReserveTupleReturn = TestHeap { live: u16, words: u32 } + PutTuple2 + Return;
            "Words and a tuple, which is returned." ReserveTupleDealloc = TestHeap { live: u16, words: u32 } + PutTuple2 + DeallocReturn;
            "Words and a tuple." ReserveTuple = TestHeap { live: u16, words: u32 } + PutTuple2;
            "A cons cell, a move, and a tail call." ReserveListMoveCallOnly = ReservePutList { live: u8, h: Src, t: Src, d: Dst, words: u32 } + MoveXX + CallOnly;
            "A cons cell and a tail call." ReserveListCallOnly = ReservePutList { live: u8, h: Src, t: Src, d: Dst, words: u32 } + CallOnly;
            "A cons cell and moves." ReserveListMove4 = ReservePutList { live: u8, h: Src, t: Src, d: Dst, words: u32 } + MoveYX2 + MoveYX2;
            "A cons cell, whose head is compared." ConsGetNe = IsConsGet { s: u16, h: u16, t: u16, fail: i32 } + IsNeXX;
            "A cons cell, whose head is compared." ConsGetGe = IsConsGet { s: u16, h: u16, t: u16, fail: i32 } + IsGeXX;
            "A cons cell, whose head is compared." ConsGetEq = IsConsGet { s: u16, h: u16, t: u16, fail: i32 } + IsEqImm;
            "A cons cell of a list of one." ConsGetNil = IsConsGet { s: u16, h: u16, t: u16, fail: i32 } + IsNilX;
            "Two comparisons." GeXXGeXX = IsGeXX { a: u16, b: u16, fail: i32 } + IsGeXX;
            "A comparison and a cons cell." GeReserveList = IsGeXX { a: u16, b: u16, fail: i32 } + ReservePutList;
            "A range." GeXCGeCX = IsGeXC { s: u16, fail: i32, c: u64 } + IsGeCX;
            "Two comparisons." GeXCGeXC = IsGeXC { s: u16, fail: i32, c: u64 } + IsGeXC;
            "An integer and a comparison." IntegerGeXC = IsIntegerX { s: u16, fail: i32 } + IsGeXC;
            "A cons cell, whose head is an integer." ConsGetInteger = IsConsGet { s: u16, h: u16, t: u16, fail: i32 } + IsIntegerX;
            "A cons cell's head." ConsHead = IsConsX { s: u16, fail: i32 } + GetHd;
            "Jumps by the arity of what is a tuple." TupleSelect = IsTuple { s: Src, fail: i32 } + SelectArity;
            "A frame of []." FrameInit = Allocate { n: u16, live: u16 } + InitY;
            "A move, less of the frame, and a call." YYTrimCall = MoveYY { s: u16, d: u16 } + Trim + Call;
            "Constant to X, and a move." CXMoveXX = MoveCX { d: u16, c: u64 } + MoveXX;
            "Constant to X, and moves." CXMoveYX2 = MoveCX { d: u16, c: u64 } + MoveYX2;
            "Constant to X, and a call." CXCall = MoveCX { d: u16, c: u64 } + Call;
            "Constant to X, and a tail call." CXCallOnly = MoveCX { d: u16, c: u64 } + CallOnly;
            "A frame and three moves." FrameMove3 = AllocateMove2 { live: u8, n: u16, s1: u16, d1: u16, s2: u16, d2: u16 } + MoveXY;
            "A frame and four moves." FrameMove4 = AllocateMove2 { live: u8, n: u16, s1: u16, d1: u16, s2: u16, d2: u16 } + MoveXY2;
            "Four elements." GetElement4 = GetElement2X { s: u16, i: u16, d1: u16, d2: u16 } + GetElement2X;
            "An element to jump by." GetElementSelect = GetElementX { s: u16, i: u16, d: u16 } + SelectVal;
            "An element to compare." GetElementEq = GetElementX { s: u16, i: u16, d: u16 } + IsEqImm;
            "A record and an element." TaggedGet = IsTagged { arity: u8, s: u16, fail: i32, c: u64 } + GetElementX;
            "A tuple and an element." ArityGet = IsTupleOfArity { s: Src, fail: i32, arity: u32 } + GetElementX;
            "A tuple and two elements." ArityGet2 = IsTupleOfArity { s: Src, fail: i32, arity: u32 } + GetElement2X;
            "A tuple, its arity, an element." TupleArityGet = IsTuple { s: Src, fail: i32 } + TestArity + GetElementX;
            "An element and a tail call." GetElementCallOnly = GetElementX { s: u16, i: u16, d: u16 } + CallOnly;
            "An element and a comparison." GetElementLt = GetElementX { s: u16, i: u16, d: u16 } + IsLtXX;
            "An element and a sum." GetElementAdd = GetElementX { s: u16, i: u16, d: u16 } + AddXC;
            "A match context, its position, a byte." MatchByte = BsStartMatch { live: u8, s: Src, d: Dst, fail: i32 } + BsGetPosition + BsGetByte;
            "A match context and its position." MatchPosition = BsStartMatch { live: u8, s: Src, d: Dst, fail: i32 } + BsGetPosition;
        }
    };
}

/// Returns from the surrounding function with a field that is a target.
macro_rules! target_field {
    (to, $e:expr) => {
        return Some($e)
    };
    (fail, $e:expr) => {
        return Some($e)
    };
    ($other:ident, $e:expr) => {
        let _ = $e;
    };
}

macro_rules! define {
    (
        $($doc:literal $name:ident { $($f:ident : $t:ty),* })* ;
        $($cdoc:literal $chain:ident = $first:ident { $($cf:ident : $ct:ty),* } $(+ $then:ident)+ ;)*
    ) => {
        /// One instruction of the specialised set.
        #[derive(Clone, Copy, Debug, PartialEq)]
        pub enum Instr {
            $(#[doc = $doc] $name { $($f: $t),* },)*
            $(#[doc = $cdoc] $chain { $($cf: $ct),* },)*
        }

        impl Instr {
            pub const fn name(&self) -> &'static str {
                match self {
                    $(Instr::$name { .. } => stringify!($name),)*
                    $(Instr::$chain { .. } => stringify!($chain),)*
                }
            }

            /// The distance field, if the instruction has one.
            #[allow(unreachable_code, unused_variables, clippy::needless_return)]
            pub fn target_mut(&mut self) -> Option<&mut i32> {
                match self {
                    $(Instr::$name { $($f),* } => { $(target_field!($f, $f);)* None })*
                    $(Instr::$chain { $($cf),* } => { $(target_field!($cf, $cf);)* None })*
                }
            }

            /// The chain that this run of instructions starts with, to stand in place of the first, and how many it has.
            pub fn chained(run: &[Instr]) -> Option<(Instr, usize)> {
                match run {
                    $([Instr::$first { $($cf),* }, $(Instr::$then { .. },)+ ..] => {
                        Some((Instr::$chain { $($cf: *$cf),* }, 1 + [$(stringify!($then)),+].len()))
                    })*
                    _ => None,
                }
            }

            /// The first instruction of a chain by itself.
            pub fn alone(&self) -> Option<Instr> {
                match *self {
                    $(Instr::$chain { $($cf),* } => Some(Instr::$first { $($cf),* }),)*
                    _ => None,
                }
            }
        }

        /// Name, operands and description of every instruction.
        pub const REFERENCE: &[(&str, &[(&str, &str)], &str)] = &[
            $((stringify!($name), &[$((stringify!($f), stringify!($t))),*], $doc),)*
            $((stringify!($chain), &[$((stringify!($cf), stringify!($ct))),*], $cdoc),)*
        ];
    };
}
for_each_op!(define);

/// Kinds of [`Instr::TypeTest`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub enum TypeKind {
    Integer,
    Float,
    Number,
    Atom,
    Pid,
    Reference,
    Port,
    Binary,
    Bitstring,
    List,
    Tuple,
    Boolean,
    Function,
    Map,
}

impl TypeKind {
    pub const ALL: [TypeKind; 14] = [
        TypeKind::Integer,
        TypeKind::Float,
        TypeKind::Number,
        TypeKind::Atom,
        TypeKind::Pid,
        TypeKind::Reference,
        TypeKind::Port,
        TypeKind::Binary,
        TypeKind::Bitstring,
        TypeKind::List,
        TypeKind::Tuple,
        TypeKind::Boolean,
        TypeKind::Function,
        TypeKind::Map,
    ];
}

/// Kinds of [`Instr::Demand`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub enum DemandKind {
    Cons,
    Float,
    /// A match context.
    Context,
    /// A tuple of at least `n` elements.
    Tuple,
    /// A tuple of exactly `n`.
    Exact,
}

/// The targets of a `select`.
#[derive(Clone, Debug)]
pub enum SelectTable {
    /// Small integers `base..base + to.len()`; 0: fail.
    Dense { base: i64, to: Vec<i32> },
    /// Words in ascending order, and where each goes.
    Sorted { keys: Vec<u64>, to: Vec<i32> },
    /// Constants that must be compared as terms.
    Linear { keys: Vec<u64>, to: Vec<i32> },
}

impl SelectTable {
    /// Distance to jump for the word, or `None`. Words of [`SelectTable::Linear`] are the caller's affair.
    #[inline(always)]
    pub fn find(&self, word: u64) -> Option<i32> {
        match self {
            SelectTable::Dense { base, to } => {
                let v = word as i64 >> 4;
                if word & 0xF != 0xF {
                    return None;
                }
                to.get(usize::try_from(v.wrapping_sub(*base)).ok()?).copied().filter(|d| *d != 0)
            }
            SelectTable::Sorted { keys, to } if keys.len() <= 8 => keys.iter().position(|k| *k == word).map(|i| to[i]),
            SelectTable::Sorted { keys, to } => keys.binary_search(&word).ok().map(|i| to[i]),
            SelectTable::Linear { .. } => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instruction_is_sixteen_bytes() {
        assert_eq!(size_of::<Instr>(), 16);
    }
}
