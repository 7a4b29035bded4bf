//! The generic BEAM instruction set: one table, from which everything that knows opcodes is generated.
//!
//! Owns number, name, arity and history of each generic opcode of OTP 26 to 28. Says nothing of what operands
//! mean to a VM; the doc lines only give their order. Facts from `lib/compiler/src/genop.tab`.

/// Calls `$mac!` with every generic opcode, one parenthesised row each:
/// `(number, Variant, "name", arity, since, removed, "doc line")`.
///
/// `since` is the OTP release that brought the opcode (5 stands for R5 and all before). `removed` is 0 for a
/// current opcode and 26 for one that no release from 26 on emits or loads.
#[macro_export]
macro_rules! for_each_genop {
    ($mac:ident) => {
        $mac! {
            (1, Label, "label", 1, 5, 0, "Lbl: names this place; starts a basic block.")
            (2, FuncInfo, "func_info", 3, 5, 0, "M F A: heads a function; when reached, raises function_clause.")
            (3, IntCodeEnd, "int_code_end", 0, 5, 0, "The end of the module's code.")
            (4, Call, "call", 2, 5, 0, "Arity Lbl: calls a local function.")
            (5, CallLast, "call_last", 3, 5, 0, "Arity Lbl N: frees the frame of N slots, then tail-calls a local function.")
            (6, CallOnly, "call_only", 2, 5, 0, "Arity Lbl: tail-calls a local function; there is no frame.")
            (7, CallExt, "call_ext", 2, 5, 0, "Arity Import: calls an external function.")
            (8, CallExtLast, "call_ext_last", 3, 5, 0, "Arity Import N: frees the frame of N slots, then tail-calls an external function.")
            (9, Bif0, "bif0", 2, 5, 0, "Import Dst: calls a BIF without arguments, which can't fail.")
            (10, Bif1, "bif1", 4, 5, 0, "Fail Import A Dst: calls a BIF that builds nothing on the heap.")
            (11, Bif2, "bif2", 5, 5, 0, "Fail Import A B Dst: calls a BIF that builds nothing on the heap.")
            (12, Allocate, "allocate", 2, 5, 0, "N Live: makes a frame of N slots, which hold no terms yet.")
            (13, AllocateHeap, "allocate_heap", 3, 5, 0, "N Heap Live: makes a frame of N slots and ensures heap words.")
            (14, AllocateZero, "allocate_zero", 2, 5, 26, "N Live: makes a frame of N slots that hold nil.")
            (15, AllocateHeapZero, "allocate_heap_zero", 3, 5, 26, "N Heap Live: makes a frame of N nil slots and ensures heap words.")
            (16, TestHeap, "test_heap", 2, 5, 0, "Heap Live: ensures heap words; may collect.")
            (17, Init, "init", 1, 5, 26, "Y: sets one slot to nil.")
            (18, Deallocate, "deallocate", 1, 5, 0, "N: frees the frame of N slots.")
            (19, Return, "return", 0, 5, 0, "Returns x0 to the caller.")
            (20, Send, "send", 0, 5, 0, "Sends x1 to the process x0; the message is the result.")
            (21, RemoveMessage, "remove_message", 0, 5, 0, "Takes the current message out of the mailbox and stops the timer.")
            (22, Timeout, "timeout", 0, 5, 0, "Puts the mailbox's save pointer back and clears the timer flag.")
            (23, LoopRec, "loop_rec", 2, 5, 0, "Lbl Dst: fetches the message at the save pointer, or jumps when there is none.")
            (24, LoopRecEnd, "loop_rec_end", 1, 5, 0, "Lbl: the message did not match; goes on to the next one.")
            (25, Wait, "wait", 1, 5, 0, "Lbl: waits for a message, then goes on at the label.")
            (26, WaitTimeout, "wait_timeout", 2, 5, 0, "Lbl Time: waits for a message or, at most, so many milliseconds.")
            (27, MPlus, "m_plus", 4, 5, 26, "Old addition.")
            (28, MMinus, "m_minus", 4, 5, 26, "Old subtraction.")
            (29, MTimes, "m_times", 4, 5, 26, "Old multiplication.")
            (30, MDiv, "m_div", 4, 5, 26, "Old division.")
            (31, IntDiv, "int_div", 4, 5, 26, "Old integer division.")
            (32, IntRem, "int_rem", 4, 5, 26, "Old integer remainder.")
            (33, IntBand, "int_band", 4, 5, 26, "Old bitwise and.")
            (34, IntBor, "int_bor", 4, 5, 26, "Old bitwise or.")
            (35, IntBxor, "int_bxor", 4, 5, 26, "Old bitwise exclusive or.")
            (36, IntBsl, "int_bsl", 4, 5, 26, "Old left shift.")
            (37, IntBsr, "int_bsr", 4, 5, 26, "Old right shift.")
            (38, IntBnot, "int_bnot", 3, 5, 26, "Old bitwise not.")
            (39, IsLt, "is_lt", 3, 5, 0, "Fail A B: goes on when A < B.")
            (40, IsGe, "is_ge", 3, 5, 0, "Fail A B: goes on when A >= B.")
            (41, IsEq, "is_eq", 3, 5, 0, "Fail A B: goes on when A == B.")
            (42, IsNe, "is_ne", 3, 5, 0, "Fail A B: goes on when A /= B.")
            (43, IsEqExact, "is_eq_exact", 3, 5, 0, "Fail A B: goes on when A =:= B.")
            (44, IsNeExact, "is_ne_exact", 3, 5, 0, "Fail A B: goes on when A =/= B.")
            (45, IsInteger, "is_integer", 2, 5, 0, "Fail A: goes on when A is an integer.")
            (46, IsFloat, "is_float", 2, 5, 0, "Fail A: goes on when A is a float.")
            (47, IsNumber, "is_number", 2, 5, 0, "Fail A: goes on when A is a number.")
            (48, IsAtom, "is_atom", 2, 5, 0, "Fail A: goes on when A is an atom.")
            (49, IsPid, "is_pid", 2, 5, 0, "Fail A: goes on when A is a pid.")
            (50, IsReference, "is_reference", 2, 5, 0, "Fail A: goes on when A is a reference.")
            (51, IsPort, "is_port", 2, 5, 0, "Fail A: goes on when A is a port.")
            (52, IsNil, "is_nil", 2, 5, 0, "Fail A: goes on when A is [].")
            (53, IsBinary, "is_binary", 2, 5, 0, "Fail A: goes on when A is a bitstring of whole bytes.")
            (54, IsConstant, "is_constant", 2, 5, 26, "Old test for an atom or number.")
            (55, IsList, "is_list", 2, 5, 0, "Fail A: goes on when A is a cons cell or [].")
            (56, IsNonemptyList, "is_nonempty_list", 2, 5, 0, "Fail A: goes on when A is a cons cell.")
            (57, IsTuple, "is_tuple", 2, 5, 0, "Fail A: goes on when A is a tuple.")
            (58, TestArity, "test_arity", 3, 5, 0, "Fail Tuple N: goes on when the tuple has N elements.")
            (59, SelectVal, "select_val", 3, 5, 0, "A Fail [Value Lbl ..]: jumps by A's value.")
            (60, SelectTupleArity, "select_tuple_arity", 3, 5, 0, "Tuple Fail [N Lbl ..]: jumps by the tuple's size.")
            (61, Jump, "jump", 1, 5, 0, "Lbl: jumps.")
            (62, Catch, "catch", 2, 5, 0, "Y Lbl: opens a catch; the slot remembers it.")
            (63, CatchEnd, "catch_end", 1, 5, 0, "Y: closes a catch and shapes a caught exception into x0.")
            (64, Move, "move", 2, 5, 0, "Src Dst: copies a value.")
            (65, GetList, "get_list", 3, 5, 0, "Cons Head Tail: takes a cons cell apart.")
            (66, GetTupleElement, "get_tuple_element", 3, 5, 0, "Tuple Index Dst: reads an element; the index counts from 0.")
            (67, SetTupleElement, "set_tuple_element", 3, 5, 0, "New Tuple Index: overwrites an element of a fresh tuple.")
            (68, PutString, "put_string", 3, 5, 26, "Old building of a string.")
            (69, PutList, "put_list", 3, 5, 0, "Head Tail Dst: builds a cons cell.")
            (70, PutTuple, "put_tuple", 2, 5, 26, "Old building of a tuple.")
            (71, Put, "put", 1, 5, 26, "Old next element of put_tuple.")
            (72, Badmatch, "badmatch", 1, 5, 0, "A: raises {badmatch, A}.")
            (73, IfEnd, "if_end", 0, 5, 0, "Raises if_clause.")
            (74, CaseEnd, "case_end", 1, 5, 0, "A: raises {case_clause, A}.")
            (75, CallFun, "call_fun", 1, 5, 0, "Arity: calls the fun that lies in the X register after the arguments.")
            (76, MakeFun, "make_fun", 3, 5, 26, "Old building of a fun.")
            (77, IsFunction, "is_function", 2, 5, 0, "Fail A: goes on when A is a fun.")
            (78, CallExtOnly, "call_ext_only", 2, 5, 0, "Arity Import: tail-calls an external function; there is no frame.")
            (79, BsStartMatch, "bs_start_match", 2, 7, 26, "Old start of binary matching.")
            (80, BsGetInteger, "bs_get_integer", 5, 7, 26, "Old matching of an integer.")
            (81, BsGetFloat, "bs_get_float", 5, 7, 26, "Old matching of a float.")
            (82, BsGetBinary, "bs_get_binary", 5, 7, 26, "Old matching of a binary.")
            (83, BsSkipBits, "bs_skip_bits", 4, 7, 26, "Old skipping of bits.")
            (84, BsTestTail, "bs_test_tail", 2, 7, 26, "Old test of what is left.")
            (85, BsSave, "bs_save", 1, 7, 26, "Old saving of a position.")
            (86, BsRestore, "bs_restore", 1, 7, 26, "Old restoring of a position.")
            (87, BsInit, "bs_init", 2, 7, 26, "Old start of building a binary.")
            (88, BsFinal, "bs_final", 2, 7, 26, "Old end of building a binary.")
            (89, BsPutInteger, "bs_put_integer", 5, 7, 0, "Fail Size Unit Flags Src: appends an integer to the binary being built.")
            (90, BsPutBinary, "bs_put_binary", 5, 7, 0, "Fail Size Unit Flags Src: appends a bitstring to the binary being built.")
            (91, BsPutFloat, "bs_put_float", 5, 7, 0, "Fail Size Unit Flags Src: appends a float to the binary being built.")
            (92, BsPutString, "bs_put_string", 2, 7, 0, "Len Offset: appends bytes of the string table to the binary being built.")
            (93, BsNeedBuf, "bs_need_buf", 1, 7, 26, "Old reservation of a buffer.")
            (94, Fclearerror, "fclearerror", 0, 8, 26, "Old clearing of the float error flag.")
            (95, Fcheckerror, "fcheckerror", 1, 8, 26, "Old test of the float error flag.")
            (96, Fmove, "fmove", 2, 8, 0, "Src Dst: moves a float between a float register and a term.")
            (97, Fconv, "fconv", 2, 8, 0, "Src FDst: makes a number a float in a float register, or raises badarith.")
            (98, Fadd, "fadd", 4, 8, 0, "Fail A B Dst: adds float registers.")
            (99, Fsub, "fsub", 4, 8, 0, "Fail A B Dst: subtracts float registers.")
            (100, Fmul, "fmul", 4, 8, 0, "Fail A B Dst: multiplies float registers.")
            (101, Fdiv, "fdiv", 4, 8, 0, "Fail A B Dst: divides float registers.")
            (102, Fnegate, "fnegate", 3, 8, 0, "Fail A Dst: negates a float register.")
            (103, MakeFun2, "make_fun2", 1, 8, 26, "Old building of a fun.")
            (104, Try, "try", 2, 10, 0, "Y Lbl: opens a try; the slot remembers it.")
            (105, TryEnd, "try_end", 1, 10, 0, "Y: closes a try that ended well.")
            (106, TryCase, "try_case", 1, 10, 0, "Y: enters the handlers: class, reason, raw trace in x0, x1, x2.")
            (107, TryCaseEnd, "try_case_end", 1, 10, 0, "A: raises {try_clause, A}.")
            (108, Raise, "raise", 2, 10, 0, "Trace Reason: raises a caught exception once more.")
            (109, BsInit2, "bs_init2", 6, 10, 0, "Fail Size Words Live Flags Dst: starts building a binary of so many bytes.")
            (110, BsBitsToBytes, "bs_bits_to_bytes", 3, 10, 26, "Old division of a size by 8.")
            (111, BsAdd, "bs_add", 5, 10, 0, "Fail A B Unit Dst: computes A + B * Unit, a binary's size.")
            (112, Apply, "apply", 1, 10, 0, "Arity: calls the function named by the two X registers after the arguments.")
            (113, ApplyLast, "apply_last", 2, 10, 0, "Arity N: frees the frame of N slots, then tail-calls as apply does.")
            (114, IsBoolean, "is_boolean", 2, 10, 0, "Fail A: goes on when A is true or false.")
            (115, IsFunction2, "is_function2", 3, 10, 0, "Fail A Arity: goes on when A is a fun of that arity.")
            (116, BsStartMatch2, "bs_start_match2", 5, 11, 26, "Old start of binary matching.")
            (117, BsGetInteger2, "bs_get_integer2", 7, 11, 0, "Fail Ctx Live Size Unit Flags Dst: matches an integer.")
            (118, BsGetFloat2, "bs_get_float2", 7, 11, 0, "Fail Ctx Live Size Unit Flags Dst: matches a float.")
            (119, BsGetBinary2, "bs_get_binary2", 7, 11, 0, "Fail Ctx Live Size Unit Flags Dst: matches a bitstring.")
            (120, BsSkipBits2, "bs_skip_bits2", 5, 11, 0, "Fail Ctx Size Unit Flags: skips bits.")
            (121, BsTestTail2, "bs_test_tail2", 3, 11, 0, "Fail Ctx Bits: goes on when exactly so many bits are left.")
            (122, BsSave2, "bs_save2", 2, 11, 26, "Old saving of a position.")
            (123, BsRestore2, "bs_restore2", 2, 11, 26, "Old restoring of a position.")
            (124, GcBif1, "gc_bif1", 5, 11, 0, "Fail Live Import A Dst: calls a BIF that may build on the heap.")
            (125, GcBif2, "gc_bif2", 6, 11, 0, "Fail Live Import A B Dst: calls a BIF that may build on the heap.")
            (126, BsFinal2, "bs_final2", 2, 11, 26, "Never in use.")
            (127, BsBitsToBytes2, "bs_bits_to_bytes2", 2, 11, 26, "Never in use.")
            (128, PutLiteral, "put_literal", 2, 11, 26, "Old loading of a literal.")
            (129, IsBitstr, "is_bitstr", 2, 11, 0, "Fail A: goes on when A is a bitstring.")
            (130, BsContextToBinary, "bs_context_to_binary", 1, 12, 26, "Old turning of a match context into a binary.")
            (131, BsTestUnit, "bs_test_unit", 3, 12, 0, "Fail Ctx Unit: goes on when the bits left are a multiple of the unit.")
            (132, BsMatchString, "bs_match_string", 4, 12, 0, "Fail Ctx Bits Offset: matches bits of the string table.")
            (133, BsInitWritable, "bs_init_writable", 0, 12, 0, "Makes x0, a size, into an empty binary that can be appended to.")
            (134, BsAppend, "bs_append", 8, 12, 0, "Fail Size Words Live Unit Bin Flags Dst: starts appending to a binary.")
            (135, BsPrivateAppend, "bs_private_append", 6, 12, 0, "Fail Size Unit Bin Flags Dst: starts appending to a binary that nobody else holds.")
            (136, Trim, "trim", 2, 12, 0, "N Left: drops the N lowest slots of the frame.")
            (137, BsInitBits, "bs_init_bits", 6, 12, 0, "Fail Bits Words Live Flags Dst: starts building a bitstring of so many bits.")
            (138, BsGetUtf8, "bs_get_utf8", 5, 12, 0, "Fail Ctx Live Flags Dst: matches a UTF-8 character.")
            (139, BsSkipUtf8, "bs_skip_utf8", 4, 12, 0, "Fail Ctx Live Flags: skips a UTF-8 character.")
            (140, BsGetUtf16, "bs_get_utf16", 5, 12, 0, "Fail Ctx Live Flags Dst: matches a UTF-16 character.")
            (141, BsSkipUtf16, "bs_skip_utf16", 4, 12, 0, "Fail Ctx Live Flags: skips a UTF-16 character.")
            (142, BsGetUtf32, "bs_get_utf32", 5, 12, 0, "Fail Ctx Live Flags Dst: matches a UTF-32 character.")
            (143, BsSkipUtf32, "bs_skip_utf32", 4, 12, 0, "Fail Ctx Live Flags: skips a UTF-32 character.")
            (144, BsUtf8Size, "bs_utf8_size", 3, 12, 0, "Fail Src Dst: bytes that a character takes in UTF-8.")
            (145, BsPutUtf8, "bs_put_utf8", 3, 12, 0, "Fail Flags Src: appends a UTF-8 character.")
            (146, BsUtf16Size, "bs_utf16_size", 3, 12, 0, "Fail Src Dst: bytes that a character takes in UTF-16.")
            (147, BsPutUtf16, "bs_put_utf16", 3, 12, 0, "Fail Flags Src: appends a UTF-16 character.")
            (148, BsPutUtf32, "bs_put_utf32", 3, 12, 0, "Fail Flags Src: appends a UTF-32 character.")
            (149, OnLoad, "on_load", 0, 13, 0, "Marks the function that runs when the module is loaded.")
            (150, RecvMark, "recv_mark", 1, 14, 26, "Old receive marker.")
            (151, RecvSet, "recv_set", 1, 14, 26, "Old use of a receive marker.")
            (152, GcBif3, "gc_bif3", 7, 14, 0, "Fail Live Import A B C Dst: calls a BIF that may build on the heap.")
            (153, Line, "line", 1, 15, 0, "Item: the code that follows comes from this item of the line table.")
            (154, PutMapAssoc, "put_map_assoc", 5, 17, 0, "Fail Map Dst Live [Key Value ..]: adds or replaces pairs.")
            (155, PutMapExact, "put_map_exact", 5, 17, 0, "Fail Map Dst Live [Key Value ..]: replaces pairs that must be there.")
            (156, IsMap, "is_map", 2, 17, 0, "Fail A: goes on when A is a map.")
            (157, HasMapFields, "has_map_fields", 3, 17, 0, "Fail Map [Key ..]: goes on when the map has every key.")
            (158, GetMapElements, "get_map_elements", 3, 17, 0, "Fail Map [Key Dst ..]: fetches the keys' values.")
            (159, IsTaggedTuple, "is_tagged_tuple", 4, 20, 0, "Fail A N Atom: goes on when A is a tuple of N that starts with the atom.")
            (160, BuildStacktrace, "build_stacktrace", 0, 21, 0, "Makes the raw trace in x0 into a list.")
            (161, RawRaise, "raw_raise", 0, 21, 0, "Raises class x0, reason x1 with raw trace x2.")
            (162, GetHd, "get_hd", 2, 21, 0, "Cons Dst: reads the head.")
            (163, GetTl, "get_tl", 2, 21, 0, "Cons Dst: reads the tail.")
            (164, PutTuple2, "put_tuple2", 2, 22, 0, "Dst [A ..]: builds a tuple.")
            (165, BsGetTail, "bs_get_tail", 3, 22, 0, "Ctx Dst Live: what is left, as a bitstring.")
            (166, BsStartMatch3, "bs_start_match3", 4, 22, 0, "Fail Src Live Dst: makes a match context.")
            (167, BsGetPosition, "bs_get_position", 3, 22, 0, "Ctx Dst Live: reads the position.")
            (168, BsSetPosition, "bs_set_position", 2, 22, 0, "Ctx Pos: sets the position.")
            (169, Swap, "swap", 2, 23, 0, "A B: swaps two registers.")
            (170, BsStartMatch4, "bs_start_match4", 4, 23, 0, "Fail|no_fail|resume Live Src Dst: makes or resumes a match context.")
            (171, MakeFun3, "make_fun3", 3, 24, 0, "Lambda Dst [Free ..]: builds a fun.")
            (172, InitYregs, "init_yregs", 1, 24, 0, "[Y ..]: sets slots to nil.")
            (173, RecvMarkerBind, "recv_marker_bind", 2, 24, 0, "Marker Ref: ties a reserved marker to a reference.")
            (174, RecvMarkerClear, "recv_marker_clear", 1, 24, 0, "Ref: forgets the reference's marker.")
            (175, RecvMarkerReserve, "recv_marker_reserve", 1, 24, 0, "Dst: sets a marker at the mailbox's end.")
            (176, RecvMarkerUse, "recv_marker_use", 1, 24, 0, "Ref: starts the search at the reference's marker.")
            (177, BsCreateBin, "bs_create_bin", 6, 25, 0, "Fail Heap Live Unit Dst [Type Seg Unit Flags Src Size ..]: builds a bitstring at once.")
            (178, CallFun2, "call_fun2", 3, 25, 0, "Lambda|safe|unsafe Arity Fun: calls a fun.")
            (179, NifStart, "nif_start", 0, 25, 0, "Heads a function that a NIF may replace.")
            (180, Badrecord, "badrecord", 1, 25, 0, "A: raises {badrecord, A}.")
            (181, UpdateRecord, "update_record", 5, 26, 0, "copy|reuse N Src Dst [Index Value ..]: copies a tuple with changes; indices count from 1.")
            (182, BsMatch, "bs_match", 3, 26, 0, "Fail Ctx [Command ..]: matches several segments of known size.")
            (183, ExecutableLine, "executable_line", 2, 27, 0, "Item Index: an executable line, for coverage.")
            (184, DebugLine, "debug_line", 4, 28, 0, "Kind Item Index Live: a place where a debugger can stop.")
        }
    };
}

macro_rules! define_ops {
    ($(($num:literal, $variant:ident, $name:literal, $arity:literal, $since:literal, $removed:literal, $doc:literal))*) => {
        /// A generic opcode; its number is the byte in the file.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[repr(u8)]
        pub enum Op {
            $(#[doc = $doc] $variant = $num,)*
        }

        impl Op {
            /// Every opcode, by number.
            pub const ALL: &'static [Op] = &[$(Op::$variant,)*];

            /// The opcode with this number, if there is one.
            pub fn from_u8(number: u8) -> Option<Op> {
                match number {
                    $($num => Some(Op::$variant),)*
                    _ => None,
                }
            }

            /// The name in Erlang's own listings.
            pub fn name(self) -> &'static str {
                match self { $(Op::$variant => $name,)* }
            }

            /// Number of operands; an operand list counts as one.
            pub fn arity(self) -> usize {
                match self { $(Op::$variant => $arity,)* }
            }

            /// The OTP release that brought it; 5 for all old ones.
            pub fn since(self) -> u8 {
                match self { $(Op::$variant => $since,)* }
            }

            /// The release (26 stands for all before, too) from which on it is gone.
            pub fn removed(self) -> Option<u8> {
                match self { $(Op::$variant => if $removed == 0 { None } else { Some($removed) },)* }
            }

            /// One line on operands and effect.
            pub fn doc(self) -> &'static str {
                match self { $(Op::$variant => $doc,)* }
            }
        }
    };
}

for_each_genop!(define_ops);

impl Op {
    /// The opcode of this name.
    pub fn from_name(name: &str) -> Option<Op> {
        Op::ALL.iter().copied().find(|op| op.name() == name)
    }

    /// The opcode's number.
    pub fn number(self) -> u8 {
        self as u8
    }
}

#[cfg(test)]
mod tests {
    use super::Op;

    #[test]
    fn numbers_are_dense_and_names_unique() {
        for (i, op) in Op::ALL.iter().enumerate() {
            assert_eq!(op.number() as usize, i + 1);
            assert_eq!(Op::from_u8(op.number()), Some(*op));
            assert_eq!(Op::from_name(op.name()), Some(*op));
            assert!(op.doc().ends_with('.'));
        }
        assert_eq!(Op::from_u8(0), None);
        assert_eq!(Op::from_u8(185), None);
    }
}
