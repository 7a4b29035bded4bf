-module(mochi_core).
-moduledoc """
What compiled Mochi code calls: operators for operands of any kind, indexing and assignment, casts, errors, and the entry.

Values: ints and floats are Erlang's (infinities and NaN are the atoms `inf`, `neg_inf`, `nan`), strings UTF-8 binaries, null the atom `nil`, lists
`m:mochi_list` vectors, maps `m:mochi_map`, structs `{Tag, Desc, Field...}` with `Desc = {Module, Name, Positions, Order}`, rationals
`{'$q', N, D}`, groups `{'$group', Key, Items}`; what has several names and is changed is in a `m:mochi_cell`.
A runtime error is `error({mochi, Message})`.
""".

-export([start/1, run/1, fail/1, panic/1, print1/1, print/1, input/0]).
-export([add/2, sub/2, mul/2, divide/2, 'rem'/2, add_num/2, neg/1]).
-export([lt/2, le/2, gt/2, ge/2, eq/2, ne/2, truthy/1, contains/2, is_variant/2]).
-export([index/2, index_for_set/2, field/2, set_index/4, put_index/3, set_field/4, put_field/3, update_fields/3, rebuild/2]).
-export([slice/3, slice/4, iter/1, cons/2, call/2, method/3, global/1, set_global/2, entries/2]).
-export([len/1, str/1, to_int/1, to_float/1, to_bigrat/1, cast/2, reverse/1, exists/1]).
-export([round/1, round/2, abs/1, ceil/1, floor/1, pow/2, sha256/1, num/1, denom/1, now/0, mem/0]).
-export([union/2, union_all/2, except/2, intersect/2, bench_start/0, bench_end/2]).

-compile({no_auto_import, [round/1, abs/1, ceil/1, floor/1, now/0]}).

-type value() :: term().

%%% Entry and errors

-doc """
Runs a compiled program in a process of its own. Returns its exit status, 0 or 1, after all its output is written and its
agents are stopped.
""".
-spec start(module()) -> 0 | 1.
start(Module) ->
    _ = try erlang:system_flag(backtrace_depth, 64) catch _:_ -> ok end,
    {Pid, Ref} = spawn_monitor(fun() -> exit({mochi_status, run_main(Module)}) end),
    receive
        {'DOWN', Ref, process, Pid, {mochi_status, Status}} ->
            Status;
        {'DOWN', Ref, process, Pid, Reason} ->
            io:put_chars(standard_error, io_lib:format("the program was stopped: ~p~n", [Reason])),
            1
    end.

-doc """
Runs a compiled program in this process and halts with its exit status: the entry of a VM that runs one program and is looked at
afterwards, so its agents are left as they are.
""".
-spec run(module()) -> no_return().
run(Module) ->
    _ = try erlang:system_flag(backtrace_depth, 64) catch _:_ -> ok end,
    erlang:halt(run_program(Module)).

run_main(Module) ->
    Status = run_program(Module),
    mochi_agent:stop_all(),
    Status.

run_program(Module) ->
    mochi_agent:init_root(),
    try Module:main() of
        _ -> 0
    catch
        error:{mochi_panic, Message}:_ ->
            io:put_chars(standard_error, [Message, $\n]),
            1;
        Class:Reason:Stack ->
            report(Module, Class, Reason, Stack),
            1
    end.

report(Module, Class, Reason, Stack) ->
    Source = try Module:'__mochi__'() of {_, S} -> S catch error:undef -> <<>> end,
    Lines = list_to_tuple(binary:split(Source, <<"\n">>, [global])),
    Frames = [{frame_name(F, A), proplists:get_value(file, Info, ""), proplists:get_value(line, Info, 0)}
              || {M, F, A, Info} <- Stack, is_program(M), frame_name(F, A) =/= <<>>],
    Names = [N || {N, _, _} <- lists:reverse(Frames)],
    io:put_chars([<<"call graph: ">>, lists:join(<<" -> ">>, Names), $\n, <<"stack trace:\n">>,
                  [frame(Frame, Lines) || Frame <- Frames]]),
    io:put_chars(standard_error, [message(Class, Reason), $\n]).

is_program(M) ->
    case atom_to_list(M) of
        "mochi_main_" ++ _ -> true;
        _ -> erlang:function_exported(M, '__mochi__', 0)
    end.

frame({Name, File, Line}, Lines) ->
    Text = case Line > 0 andalso Line =< tuple_size(Lines) of
               true -> string:trim(element(Line, Lines));
               false -> <<>>
           end,
    [<<"  ">>, Name, <<" at ">>, File, $:, integer_to_list(Line), $\n, <<"    ">>, Text, $\n].

%% The name in the source: without the marks of loops, closures and nested functions.
frame_name(main, 0) ->
    <<"__main">>;
frame_name(F, _) ->
    Name = hd(binary:split(atom_to_binary(F), <<"-loop-">>)),
    case Name of
        <<"main">> -> <<"__main">>;
        _ -> hd(binary:split(Name, <<"$">>))
    end.

message(error, {mochi, Message}) -> Message;
message(error, badarith) -> <<"division by zero">>;
message(error, system_limit) -> <<"a number or text is too large">>;
message(Class, Reason) -> io_lib:format("internal error: ~p: ~p", [Class, Reason]).

-doc "Raises a runtime error.".
-spec fail(iodata()) -> no_return().
fail(Message) -> erlang:error({mochi, iolist_to_binary(Message)}).

-doc "`panic(msg)`: message to stderr, exit 1.".
-spec panic(value()) -> no_return().
panic(V) -> erlang:error({mochi_panic, str(V)}).

%%% Output and input

-doc "`print(v)`".
-spec print1(value()) -> nil.
print1(V) when is_binary(V) ->
    io:put_chars([V, $\n]),
    nil;
print1(V) ->
    io:put_chars([mochi_fmt:top(V), $\n]),
    nil.

-doc "`print(a, b, ...)`: three or more are trimmed as a line.".
-spec print([value()]) -> nil.
print(Vs) ->
    Line = iolist_to_binary(lists:join($\s, [mochi_fmt:top(V) || V <- Vs])),
    Text = case Vs of
               [_, _, _ | _] -> string:trim(Line);
               _ -> Line
           end,
    io:put_chars([Text, $\n]),
    nil.

-doc "One line from standard input without its end; empty at the end of input.".
-spec input() -> binary().
input() ->
    case io:get_line("") of
        Line when is_list(Line) -> chomp(unicode:characters_to_binary(Line));
        Line when is_binary(Line) -> chomp(Line);
        _ -> <<>>
    end.

chomp(B) -> string:trim(B, trailing, "\r\n").

-doc "Start of a `bench` block.".
-spec bench_start() -> integer().
bench_start() -> erlang:monotonic_time(microsecond).

-doc "End of a `bench` block: prints what it took.".
-spec bench_end(binary(), integer()) -> nil.
bench_end(Name, Start) ->
    D = erlang:monotonic_time(microsecond) - Start,
    mochi_json:print(#{<<"duration_us">> => D, <<"memory_bytes">> => 0, <<"name">> => Name}).

%%% Arithmetic

-doc "`+`: numbers, else texts, else lists; null absorbs.".
-spec add(value(), value()) -> value().
add(X, Y) when is_number(X), is_number(Y) -> float_op('+', X, Y);
add(nil, _) -> nil;
add(_, nil) -> nil;
add(X, Y) when is_binary(X), is_binary(Y) -> <<X/binary, Y/binary>>;
add(X, Y) when is_binary(X); is_binary(Y) ->
    iolist_to_binary([str(X), str(Y)]);
add({'$v', _, _, _, _} = X, Y) -> mochi_list:concat([X, Y]);
add({'$cell', _, _} = X, Y) -> add(mochi_cell:plain(X), Y);
add(X, {'$cell', _, _} = Y) -> add(X, mochi_cell:plain(Y));
add(X, Y) -> special('+', X, Y).

-doc "`+` where the program means numbers: digits in a text count as their number.".
-spec add_num(value(), value()) -> value().
add_num(X, Y) when is_binary(X), is_binary(Y) -> <<X/binary, Y/binary>>;
add_num(X, Y) when is_binary(X), is_number(Y) ->
    case number(X) of
        none -> add(X, Y);
        N -> add(N, Y)
    end;
add_num(X, Y) when is_number(X), is_binary(Y) ->
    case number(Y) of
        none -> add(X, Y);
        N -> add(X, N)
    end;
add_num(X, Y) -> add(X, Y).

-doc "`-`".
-spec sub(value(), value()) -> value().
sub(X, Y) -> special('-', X, Y).

-doc "`*`".
-spec mul(value(), value()) -> value().
mul(X, Y) -> special('*', X, Y).

-doc "`/`: truncating on two ints.".
-spec divide(value(), value()) -> value().
divide(X, Y) -> special('/', X, Y).

-doc "`%`: sign of the dividend; `fmod` as soon as a float takes part.".
-spec 'rem'(value(), value()) -> value().
'rem'(X, Y) -> special('%', X, Y).

-doc "Unary minus.".
-spec neg(value()) -> value().
neg(nil) -> nil;
neg(X) when is_number(X) -> -X;
neg(inf) -> neg_inf;
neg(neg_inf) -> inf;
neg(nan) -> nan;
neg({'$q', N, D}) -> {'$q', -N, D};
neg(X) -> special('-', 0, X).

special(_, nil, _) -> nil;
special(_, _, nil) -> nil;
special(Op, X, Y) when is_number(X), is_number(Y) -> float_op(Op, X, Y);
special(Op, {'$cell', _, _} = X, Y) -> special(Op, mochi_cell:plain(X), Y);
special(Op, X, {'$cell', _, _} = Y) -> special(Op, X, mochi_cell:plain(Y));
special(Op, {'$q', _, _} = X, Y) -> rational(Op, X, to_bigrat(Y));
special(Op, X, {'$q', _, _} = Y) -> rational(Op, to_bigrat(X), Y);
special(Op, X, Y) -> extended(Op, operand(Op, X), operand(Op, Y)).

operand(_, X) when is_number(X); X =:= inf; X =:= neg_inf; X =:= nan -> X;
operand(_, X) when is_binary(X) ->
    case number(X) of
        none -> 0;
        N -> N
    end;
operand(Op, X) -> fail([<<"cannot use ">>, kind(X), <<" with ">>, atom_to_binary(Op)]).

float_op('+', X, Y) ->
    try X + Y catch error:badarith -> extended('+', X, Y) end;
float_op('-', X, Y) ->
    try X - Y catch error:badarith -> extended('-', X, Y) end;
float_op('*', X, Y) ->
    try X * Y catch error:badarith -> extended('*', X, Y) end;
float_op('/', _, Y) when Y == 0 -> fail(<<"division by zero">>);
float_op('/', X, Y) when is_integer(X), is_integer(Y) -> X div Y;
float_op('/', X, Y) ->
    try X / Y catch error:badarith -> extended('/', X, Y) end;
float_op('%', _, Y) when Y == 0 -> fail(<<"division by zero">>);
float_op('%', X, Y) when is_integer(X), is_integer(Y) -> X rem Y;
float_op('%', X, Y) -> math:fmod(X, Y).

%% At least one infinity or NaN, or a result beyond the floats.
extended(Op, X, Y) when is_number(X), is_number(Y) ->
    case Op of
        '+' -> overflow(sign(X));
        '-' -> overflow(sign(X));
        '*' -> overflow(sign(X) * sign(Y));
        '/' when Y == 0 -> fail(<<"division by zero">>);
        '/' -> overflow(sign(X) * sign(Y));
        '%' -> float_op('%', X, Y)
    end;
extended(_, nan, _) -> nan;
extended(_, _, nan) -> nan;
extended('/', _, Y) when Y == 0 -> fail(<<"division by zero">>);
extended('%', _, Y) when Y == 0 -> fail(<<"division by zero">>);
extended('+', X, Y) ->
    case {sign_inf(X), sign_inf(Y)} of
        {0, B} -> overflow(B);
        {A, 0} -> overflow(A);
        {A, A} -> overflow(A);
        _ -> nan
    end;
extended('-', X, Y) -> extended('+', X, neg(Y));
extended('*', X, Y) ->
    case sign(X) * sign(Y) of
        0 -> nan;
        S -> overflow(S)
    end;
extended('/', X, Y) ->
    case {sign_inf(X), sign_inf(Y)} of
        {0, _} -> 0.0;
        {_, 0} -> overflow(sign(X) * sign(Y));
        _ -> nan
    end;
extended('%', X, _) when X =:= inf; X =:= neg_inf -> nan;
extended('%', X, _) -> float(X).

overflow(1) -> inf;
overflow(-1) -> neg_inf.

sign(inf) -> 1;
sign(neg_inf) -> -1;
sign(X) when X > 0 -> 1;
sign(X) when X < 0 -> -1;
sign(_) -> 0.

sign_inf(inf) -> 1;
sign_inf(neg_inf) -> -1;
sign_inf(_) -> 0.

rational('+', {'$q', A, B}, {'$q', C, D}) -> rat(A * D + C * B, B * D);
rational('-', {'$q', A, B}, {'$q', C, D}) -> rat(A * D - C * B, B * D);
rational('*', {'$q', A, B}, {'$q', C, D}) -> rat(A * C, B * D);
rational('/', _, {'$q', 0, _}) -> fail(<<"division by zero">>);
rational('/', {'$q', A, B}, {'$q', C, D}) -> rat(A * D, B * C);
rational('%', _, _) -> fail(<<"cannot use bigrat with %">>).

rat(N, D) when D < 0 -> rat(-N, -D);
rat(N, D) ->
    G = gcd(erlang:abs(N), D),
    {'$q', N div G, D div G}.

gcd(0, B) -> B;
gcd(A, 0) -> A;
gcd(A, B) -> gcd(B, A rem B).

%%% Comparison

-doc "`<`; false with null.".
-spec lt(value(), value()) -> boolean().
lt(X, Y) -> order(X, Y) =:= lt.
-doc "`<=`".
-spec le(value(), value()) -> boolean().
le(X, Y) ->
    case order(X, Y) of
        lt -> true;
        eq -> true;
        _ -> false
    end.
-doc "`>`".
-spec gt(value(), value()) -> boolean().
gt(X, Y) -> order(X, Y) =:= gt.
-doc "`>=`".
-spec ge(value(), value()) -> boolean().
ge(X, Y) ->
    case order(X, Y) of
        gt -> true;
        eq -> true;
        _ -> false
    end.

order(X, Y) when is_number(X), is_number(Y); is_binary(X), is_binary(Y); is_boolean(X), is_boolean(Y) -> ord(X, Y);
order(nil, _) -> none;
order(_, nil) -> none;
order(nan, _) -> none;
order(_, nan) -> none;
order(X, Y) when is_binary(X), is_number(Y) ->
    case number(X) of
        none -> none;
        N -> ord(N, Y)
    end;
order(X, Y) when is_number(X), is_binary(Y) ->
    case number(Y) of
        none -> none;
        N -> ord(X, N)
    end;
order({'$q', _, _} = X, Y) -> rat_order(X, Y);
order(X, {'$q', _, _} = Y) -> rat_order(X, Y);
order(X, X) -> eq;
order(inf, _) -> gt;
order(neg_inf, _) -> lt;
order(_, inf) -> lt;
order(_, neg_inf) -> gt;
order(X, Y) -> mochi_query:compare(X, Y).

rat_order(X, Y) ->
    {'$q', A, B} = to_bigrat(X),
    {'$q', C, D} = to_bigrat(Y),
    ord(A * D, C * B).

ord(X, Y) when X < Y -> lt;
ord(X, Y) when X > Y -> gt;
ord(_, _) -> eq.

-doc "`==`: deep, by value; functions and NaN equal nothing.".
-spec eq(value(), value()) -> boolean().
eq(X, Y) when is_number(X); is_binary(X); is_boolean(X); X =:= nil ->
    case Y of
        {'$q', _, _} when is_number(X) -> order(X, Y) =:= eq;
        _ -> X == Y
    end;
eq(nan, _) -> false;
eq(X, _) when is_function(X) -> false;
eq({'$q', _, _} = X, Y) when is_number(Y) -> order(X, Y) =:= eq;
eq(X, Y) when is_atom(X) -> X =:= Y;
eq(X, Y) -> deep(X, Y, #{}).

deep({'$cell', _, _} = C, C, _) -> true;
deep({'$cell', _, _} = X, Y, Seen) ->
    case Seen of
        #{{X, Y} := _} -> true;
        #{} -> deep(mochi_cell:plain(X), Y, Seen#{{X, Y} => []})
    end;
deep(X, {'$cell', _, _} = Y, Seen) -> deep(X, mochi_cell:plain(Y), Seen);
deep({'$v', N, _, _, _} = X, {'$v', M, _, _, _} = Y, Seen) ->
    N =:= M andalso deep_all(mochi_list:to_list(X), mochi_list:to_list(Y), Seen);
deep(X, Y, Seen) when is_map(X), is_map(Y) ->
    map_size(X) =:= map_size(Y) andalso
        lists:all(fun({K, V}) ->
                          case Y of
                              #{K := W} -> deep(V, W, Seen);
                              #{} -> false
                          end
                  end, maps:to_list(X));
deep({'$group', K1, I1}, {'$group', K2, I2}, Seen) -> deep(K1, K2, Seen) andalso deep(I1, I2, Seen);
deep(X, Y, Seen) when is_tuple(X), is_tuple(Y), tuple_size(X) =:= tuple_size(Y), tuple_size(X) >= 2,
                      element(1, X) =:= element(1, Y) ->
    deep_all(tl(tuple_to_list(X)), tl(tuple_to_list(Y)), Seen);
deep(nan, nan, _) -> false;
deep(X, Y, _) when is_function(X); is_function(Y) -> false;
deep(X, Y, _) -> X == Y.

deep_all([X | Xs], [Y | Ys], Seen) -> deep(X, Y, Seen) andalso deep_all(Xs, Ys, Seen);
deep_all([], [], _) -> true.

-doc "`!=`".
-spec ne(value(), value()) -> boolean().
ne(X, Y) -> not eq(X, Y).

-doc "Does a condition hold?".
-spec truthy(value()) -> boolean().
truthy(B) when is_boolean(B) -> B;
truthy(nil) -> false;
truthy(<<>>) -> false;
truthy(N) when is_number(N) -> N /= 0;
truthy(F) when is_function(F) -> false;
truthy({'$v', 0, _, _, _}) -> false;
truthy(M) when M =:= #{} -> false;
truthy({'$cell', _, _} = C) -> truthy(mochi_cell:plain(C));
truthy(_) -> true.

-doc "`x in coll`, with the collection first.".
-spec contains(value(), value()) -> boolean().
contains({'$cell', _, _} = C, X) -> contains(mochi_cell:plain(C), X);
contains({'$v', _, _, _, _} = L, X) ->
    lists:any(fun(E) -> same(E, X) end, mochi_list:to_list(L));
contains({'$group', _, L}, X) -> contains(L, X);
contains(M, K) when is_map(M) -> mochi_map:has(M, K);
contains(S, X) when is_binary(S), is_binary(X) -> X =:= <<>> orelse binary:match(S, X) =/= nomatch;
contains(S, X) when is_binary(S) -> contains(S, str(X));
contains(nil, _) -> false;
contains(S, K) when is_tuple(S), tuple_size(S) >= 2, is_tuple(element(2, S)) ->
    is_map_key(K, element(3, element(2, S)));
contains(_, _) -> fail(<<"invalid 'in' operand">>).

%% Membership tells ints from floats.
same(X, Y) when is_number(X), is_number(Y) -> X =:= Y;
same(X, Y) -> eq(X, Y).

-doc "Is it a value of the variant or struct of that name?".
-spec is_variant(value(), binary()) -> boolean().
is_variant({'$cell', _, _} = C, Name) -> is_variant(mochi_cell:plain(C), Name);
is_variant(V, Name) when is_tuple(V), tuple_size(V) >= 2 ->
    case element(2, V) of
        {_, Name, _, _} -> true;
        _ -> false
    end;
is_variant(M, Name) when is_map(M) -> maps:get(<<"__name">>, M, nil) =:= Name;
is_variant(_, _) -> false.

%%% Indexing and fields

-doc "`v[i]` for any `v`.".
-spec index(value(), value()) -> value().
index({'$v', Size, _, _, _} = V, I) when is_integer(I) ->
    if
        I >= 0, I < Size -> mochi_list:nth(I, V);
        I < 0, I >= -Size -> mochi_list:nth(Size + I, V);
        true -> fail([<<"list index out of range: ">>, integer_to_binary(I), <<" (len ">>, integer_to_binary(Size), $)])
    end;
index({'$cell', _, _} = C, I) -> index(mochi_cell:plain(C), I);
index(M, K) when is_map(M) -> mochi_map:at(M, K);
index(nil, _) -> nil;
index(S, I) when is_binary(S), is_integer(I) -> mochi_str:at(S, I);
index(S, I) when is_binary(S) ->
    case number(I) of
        N when is_integer(N) -> index(S, N);
        _ -> fail(<<"string index must be int">>)
    end;
index({'$v', _, _, _, _} = V, I) when is_binary(I); is_float(I) ->
    case number(I) of
        N when is_integer(N) -> index(V, N);
        _ -> fail(<<"invalid index">>)
    end;
index({'$v', _, _, _, _}, _) -> fail(<<"invalid index">>);
index({'$group', _, Items}, I) when is_integer(I) -> index(Items, I);
index(S, K) when is_tuple(S), tuple_size(S) >= 2, is_tuple(element(2, S)), is_binary(K) -> field(S, K);
index({'$group', _, _} = G, K) -> field(G, K);
index(_, _) -> fail(<<"cannot index value of this kind">>).

-doc "`v[i]` on the way to an assignment: what is not there yet is null.".
-spec index_for_set(value(), value()) -> value().
index_for_set(V, I) ->
    case mochi_cell:plain(V) of
        {'$v', Size, _, _, _} when is_integer(I), I >= Size -> nil;
        P -> index(P, I)
    end.

-doc "`v.name` for any `v`: null when there is no such field.".
-spec field(value(), binary()) -> value().
field({'$cell', _, _} = C, K) -> field(mochi_cell:plain(C), K);
field(M, K) when is_map(M) -> mochi_map:at(M, K);
field(nil, _) -> nil;
field({'$group', Key, _}, <<"key">>) -> Key;
field({'$group', _, Items}, <<"items">>) -> Items;
field({'$group', _, Items}, <<"count">>) -> mochi_list:size(Items);
field({'$group', Key, _}, K) -> field(Key, K);
field({'$agent', _, _, _} = A, K) -> mochi_agent:field(A, K);
field(S, K) when is_tuple(S), tuple_size(S) >= 2, tuple_size(element(2, S)) =:= 4 ->
    {_, Name, Positions, _} = element(2, S),
    case Positions of
        #{K := P} -> element(P, S);
        #{} when K =:= <<"__name">> -> Name;
        #{} -> nil
    end;
field({'$v', _, _, _, _}, _) -> fail(<<"cannot index value of this kind">>);
field(_, _) -> fail(<<"cannot index value of this kind">>).

-doc "The new version of `v` after `v[i] = x`; a cell changes in place.".
-spec set_index(value(), value(), value(), non_neg_integer()) -> value().
set_index({'$cell', _, _} = C, I, X, _) ->
    mochi_cell:set(C, put_index(mochi_cell:get(C), I, X)),
    C;
set_index(nil, I, X, Mask) ->
    mochi_cell:fresh(Mask, put_index(nil, I, X));
set_index(V, I, X, Mask) ->
    shared(V, Mask),
    put_index(V, I, X).

%% A plain aggregate of a kind that the compiler keeps in cells could have other names that would miss the change.
shared(V, Mask) ->
    case mochi_cell:fresh(0, V) of
        {'$v', _, _, _, _} when Mask band 1 =/= 0 -> unshared();
        M when is_map(M), Mask band 2 =/= 0 -> unshared();
        S when is_tuple(S), tuple_size(S) >= 2, tuple_size(element(2, S)) =:= 4, Mask band 4 =/= 0 -> unshared();
        _ -> ok
    end.

-spec unshared() -> no_return().
unshared() -> fail(<<"not supported yet: assigning into a value that the runtime made">>).

-doc "The new version of `v` after `v[i] = x`, a part of it being a cell or a new version.".
-spec put_index(value(), value(), value()) -> value().
put_index({'$v', _, _, _, _} = L, I, X) when is_integer(I) -> mochi_list:grow_set(L, I, X);
put_index(M, K, X) when is_map(M) -> mochi_map:put(M, K, X);
put_index({'$cell', _, _} = C, I, X) ->
    mochi_cell:set(C, put_index(mochi_cell:get(C), I, X)),
    C;
put_index(nil, I, X) when is_integer(I) -> put_index(mochi_list:new(), I, X);
put_index(nil, K, X) -> put_index(#{}, K, X);
put_index({'$v', _, _, _, _} = L, I, X) when is_binary(I) ->
    case number(I) of
        N when is_integer(N) -> put_index(L, N, X);
        _ -> fail(<<"invalid index">>)
    end;
put_index({'$v', _, _, _, _}, _, _) -> fail(<<"invalid index">>);
put_index(S, K, X) when is_tuple(S), tuple_size(S) >= 2, is_tuple(element(2, S)), is_binary(K) -> put_field(S, K, X);
put_index(_, _, _) -> fail(<<"invalid index target">>).

-doc "The new version of `v` after `v.name = x`; a cell changes in place.".
-spec set_field(value(), binary(), value(), non_neg_integer()) -> value().
set_field({'$cell', _, _} = C, K, X, _) ->
    mochi_cell:set(C, put_field(mochi_cell:get(C), K, X)),
    C;
set_field(nil, K, X, Mask) ->
    mochi_cell:fresh(Mask, put_field(nil, K, X));
set_field(V, K, X, Mask) ->
    shared(V, Mask),
    put_field(V, K, X).

-doc "The new version of `v` after `v.name = x`, a part of it being a cell or a new version.".
-spec put_field(value(), binary(), value()) -> value().
put_field(M, K, X) when is_map(M) -> mochi_map:put(M, K, X);
put_field({'$cell', _, _} = C, K, X) ->
    mochi_cell:set(C, put_field(mochi_cell:get(C), K, X)),
    C;
put_field(nil, K, X) -> put_field(#{}, K, X);
put_field(S, K, X) when is_tuple(S), tuple_size(S) >= 2, tuple_size(element(2, S)) =:= 4 ->
    case element(3, element(2, S)) of
        #{K := P} -> setelement(P, S, X);
        #{} -> mochi_map:put(mochi_map:from_pairs(entries(S, <<>>)), K, X)
    end;
put_field(_, _, _) -> fail(<<"invalid index target">>).

-doc "An element of `update` with new field values.".
-spec update_fields(value(), [{binary(), value()}], non_neg_integer()) -> value().
update_fields({'$cell', _, _} = C, Pairs, Mask) ->
    mochi_cell:set(C, update_fields(mochi_cell:get(C), Pairs, Mask)),
    C;
update_fields(V, Pairs, _) ->
    lists:foldl(fun({K, X}, Acc) -> put_field(Acc, K, X) end, V, Pairs).

-doc "A list with these elements (in reverse) for the old one: in its cell if it has one.".
-spec rebuild(value(), [value()]) -> value().
rebuild({'$cell', _, _} = C, Reversed) ->
    mochi_cell:set(C, rebuild(mochi_cell:get(C), Reversed)),
    C;
rebuild({'$v', _, _, _, _}, Reversed) -> mochi_list:from_reversed(Reversed);
rebuild(V, _) -> V.

-doc "Fields or entries by name, in order; struct names included.".
-spec entries(value(), binary()) -> [{binary(), value()}].
entries({'$cell', _, _} = C, Message) -> entries(mochi_cell:plain(C), Message);
entries(M, _) when is_map(M) -> mochi_map:sorted(M);
entries(S, _) when is_tuple(S), tuple_size(S) >= 2, tuple_size(element(2, S)) =:= 4 ->
    {_, Name, _, Order} = element(2, S),
    lists:map(fun({K, name}) -> {K, Name};
                 ({K, method}) -> {K, nil};
                 ({K, P}) -> {K, element(P, S)}
              end, Order);
entries(_, Message) -> fail(Message).

-doc "`v[a:b]` (and `substring`): a copy, bounds from the end when negative, clamped.".
-spec slice(value(), value(), value()) -> value().
slice(V, A, B) -> slice(V, A, B, nil).

-doc "The same with a step, which is ignored.".
-spec slice(value(), value(), value(), value()) -> value().
slice({'$cell', _, _} = C, A, B, S) -> slice(mochi_cell:plain(C), A, B, S);
slice({'$group', _, Items}, A, B, S) -> slice(Items, A, B, S);
slice(nil, _, _, _) -> nil;
slice({'$v', Size, _, _, _} = L, A, B, _) ->
    {X, Y} = bounds(A, B, Size),
    mochi_list:slice(L, X, Y);
slice(S, A, B, _) when is_binary(S) ->
    {X, Y} = bounds(A, B, mochi_str:len(S)),
    mochi_str:sub(S, X, Y);
slice(_, _, _, _) -> fail(<<"invalid index target">>).

bounds(A, B, Size) -> {bound(A, 0, Size), bound(B, Size, Size)}.

bound(nil, Default, _) -> Default;
bound(I, _, Size) when is_integer(I), I < 0 -> max(0, I + Size);
bound(I, _, Size) when is_integer(I) -> min(I, Size);
bound(F, D, Size) when is_float(F), trunc(F) == F -> bound(trunc(F), D, Size);
bound(_, _, _) -> fail(<<"invalid index">>).

-doc "What `for` goes through, as an Erlang list.".
-spec iter(value()) -> [value()].
iter({'$v', _, _, _, _} = V) -> mochi_list:to_list(V);
iter({'$cell', _, _} = C) -> iter(mochi_cell:plain(C));
iter(M) when is_map(M) -> lists:sort([mochi_map:text(K) || K := _ <- M]);
iter(S) when is_binary(S) -> [<<C/utf8>> || <<C/utf8>> <= S];
iter({'$group', _, Items}) -> iter(Items);
iter(nil) -> [];
iter(S) when is_tuple(S), tuple_size(S) >= 2, tuple_size(element(2, S)) =:= 4 ->
    [K || {K, _} <- entries(S, <<>>)];
iter(_) -> fail(<<"invalid iterator">>).

-doc "An Erlang list cell.".
-spec cons(term(), [term()]) -> [term()].
cons(H, T) -> [H | T].

%%% Calls

-doc "Calls a function value with any number of arguments: fewer give a function that awaits the rest, extra ones are dropped.".
-spec call(value(), [value()]) -> value().
call(F, Args) when is_function(F) ->
    {arity, Arity} = erlang:fun_info(F, arity),
    Given = length(Args),
    if
        Given =:= Arity -> apply(F, Args);
        Given > Arity -> apply(F, lists:sublist(Args, Arity));
        true -> partial(F, Args, Arity - Given)
    end;
call(_, _) -> fail(<<"cannot call a value that is not a function">>).

partial(F, As, 1) -> fun(A) -> apply(F, As ++ [A]) end;
partial(F, As, 2) -> fun(A, B) -> apply(F, As ++ [A, B]) end;
partial(F, As, 3) -> fun(A, B, C) -> apply(F, As ++ [A, B, C]) end;
partial(F, As, 4) -> fun(A, B, C, D) -> apply(F, As ++ [A, B, C, D]) end;
partial(F, As, 5) -> fun(A, B, C, D, E) -> apply(F, As ++ [A, B, C, D, E]) end;
partial(F, As, 6) -> fun(A, B, C, D, E, G) -> apply(F, As ++ [A, B, C, D, E, G]) end;
partial(F, As, 7) -> fun(A, B, C, D, E, G, H) -> apply(F, As ++ [A, B, C, D, E, G, H]) end;
partial(F, As, 8) -> fun(A, B, C, D, E, G, H, I) -> apply(F, As ++ [A, B, C, D, E, G, H, I]) end;
partial(_, _, _) -> fail(<<"too many arguments left for a partial application">>).

-doc "`v.name(args)` where nothing is known of `v`.".
-spec method(value(), binary(), [value()]) -> value().
method({'$cell', _, _} = C, Name, Args) ->
    case field_function(mochi_cell:plain(C), Name) of
        none -> method_of(C, mochi_cell:plain(C), Name, Args);
        F -> call(F, Args)
    end;
method(V, Name, Args) ->
    case field_function(V, Name) of
        none -> method_of(V, V, Name, Args);
        F -> call(F, Args)
    end.

field_function(V, Name) when is_map(V); is_tuple(V), tuple_size(element(2, V)) =:= 4 ->
    case field(V, Name) of
        F when is_function(F) -> F;
        _ -> none
    end;
field_function(_, _) -> none.

method_of(Self, S, Name, Args) when is_tuple(S), tuple_size(S) >= 2, tuple_size(element(2, S)) =:= 4 ->
    {Module, Struct, _, _} = element(2, S),
    Fun = try binary_to_existing_atom(<<Struct/binary, $., Name/binary>>) catch error:badarg -> undefined end,
    case erlang:function_exported(Module, Fun, length(Args) + 1) of
        true -> apply(Module, Fun, [Self | Args]);
        false -> fail([<<"no method ">>, Name, <<" on ">>, Struct])
    end;
method_of(_, {'$agent', _, _, _} = A, Name, Args) -> mochi_agent:method(A, Name, Args);
method_of(_, V, <<"contains">>, [X]) -> contains(V, X);
method_of(_, V, <<"starts_with">>, [P]) -> mochi_str:starts_with(V, P);
method_of(_, V, <<"padStart">>, [N, P]) -> mochi_str:pad_start(V, N, P);
method_of(_, V, <<"keys">>, []) -> mochi_map:keys(V);
method_of(_, V, <<"get">>, [K]) -> mochi_map:get(V, K, nil);
method_of(_, V, <<"get">>, [K, D]) -> mochi_map:get(V, K, D);
method_of(_, _, Name, _) -> fail([<<"no method ">>, Name, <<" on this value">>]).

-doc "A global that is not in this process: unset, or in the process of the program.".
-spec global(atom()) -> value().
global(Key) ->
    case mochi_agent:root() of
        Root when Root =:= self() -> nil;
        Root -> mochi_agent:ask(Root, {global, Key})
    end.

-doc "Sets a global, wherever it is.".
-spec set_global(atom(), value()) -> ok.
set_global(Key, V) ->
    case mochi_agent:root() of
        Root when Root =:= self() -> erlang:put(Key, V), ok;
        Root -> mochi_agent:ask(Root, {set_global, Key, V}), ok
    end.

%%% Conversions

-doc "`len(v)`".
-spec len(value()) -> non_neg_integer().
len({'$v', Size, _, _, _}) -> Size;
len(S) when is_binary(S) -> mochi_str:len(S);
len({'$cell', _, _} = C) -> len(mochi_cell:plain(C));
len(M) when is_map(M) -> map_size(M);
len(nil) -> 0;
len({'$group', _, Items}) -> len(Items);
len(N) when is_number(N) -> byte_size(str(N));
len(S) when is_tuple(S), tuple_size(S) >= 2, tuple_size(element(2, S)) =:= 4 -> length(element(4, element(2, S)));
len(_) -> fail(<<"invalid len operand">>).

-doc "`str(v)`".
-spec str(value()) -> binary().
str(V) when is_binary(V) -> V;
str(V) when is_integer(V) -> integer_to_binary(V);
str(V) -> iolist_to_binary(mochi_fmt:str(V)).

number(N) when is_number(N) -> N;
number(B) when is_binary(B) ->
    T = string:trim(B),
    try binary_to_integer(T)
    catch error:badarg ->
            try binary_to_float(T) catch error:badarg -> none end
    end;
number(_) -> none.

-doc "`int(v)`, `v as int`".
-spec to_int(value()) -> integer().
to_int(N) when is_integer(N) -> N;
to_int(F) when is_float(F) -> trunc(F);
to_int(nil) -> 0;
to_int(B) when is_binary(B) ->
    try binary_to_integer(B)
    catch error:badarg -> fail([<<"cannot cast ">>, mochi_fmt:nested(B), <<" to int">>])
    end;
to_int({'$q', N, D}) -> N div D;
to_int(V) -> cannot(V, <<"int">>).

-doc "`float(v)`".
-spec to_float(value()) -> float() | inf | neg_inf | nan.
to_float(F) when is_float(F) -> F;
to_float(N) when is_integer(N) -> float_of(N);
to_float(nil) -> 0.0;
to_float(V) when V =:= inf; V =:= neg_inf; V =:= nan -> V;
to_float({'$q', N, D}) -> N / D;
to_float(B) when is_binary(B) ->
    case number(B) of
        none -> cannot(B, <<"float">>);
        N -> to_float(N)
    end;
to_float(V) -> cannot(V, <<"float">>).

float_of(N) ->
    try float(N)
    catch error:badarg when N > 0 -> inf;
          error:badarg -> neg_inf
    end.

-doc "`v as bigrat`".
-spec to_bigrat(value()) -> {'$q', integer(), pos_integer()} | nil.
to_bigrat({'$q', _, _} = Q) -> Q;
to_bigrat(N) when is_integer(N) -> {'$q', N, 1};
to_bigrat(F) when is_float(F) ->
    <<_:1, E:11, _:52>> = <<F/float>>,
    Shift = max(0, 1075 - E) + 1,
    %% A power of two times a float is exact.
    Scaled = scale(F, Shift),
    rat(Scaled, 1 bsl Shift);
to_bigrat(nil) -> nil;
to_bigrat(B) when is_binary(B) ->
    try
        case binary:split(B, <<"/">>) of
            [N, D] -> rat(binary_to_integer(N), binary_to_integer(D));
            [N] -> {'$q', binary_to_integer(N), 1}
        end
    catch error:_ -> cannot(B, <<"bigrat">>)
    end;
to_bigrat(V) -> cannot(V, <<"bigrat">>).

scale(F, Shift) ->
    <<S:1, E:11, M:52>> = <<F/float>>,
    Mantissa = if E =:= 0 -> M; true -> M bor (1 bsl 52) end,
    Exp = if E =:= 0 -> -1074; true -> E - 1075 end,
    V = Mantissa bsl (Exp + Shift),
    if S =:= 1 -> -V; true -> V end.

-spec cannot(value(), binary()) -> no_return().
cannot(V, To) -> fail([<<"cannot cast ">>, kind(V), <<" to ">>, To]).

kind(N) when is_integer(N) -> <<"int">>;
kind(F) when is_float(F) -> <<"float">>;
kind(B) when is_binary(B) -> <<"string">>;
kind(B) when is_boolean(B) -> <<"bool">>;
kind(nil) -> <<"null">>;
kind(V) when V =:= inf; V =:= neg_inf; V =:= nan -> <<"float">>;
kind({'$v', _, _, _, _}) -> <<"list">>;
kind({'$cell', _, _} = C) -> kind(mochi_cell:plain(C));
kind({'$q', _, _}) -> <<"bigrat">>;
kind(M) when is_map(M) -> <<"map">>;
kind(F) when is_function(F) -> <<"function">>;
kind(S) when is_tuple(S), tuple_size(S) >= 2, tuple_size(element(2, S)) =:= 4 -> element(2, element(2, S));
kind(_) -> <<"value">>.

-doc "`v as T`; the type as the compiler writes it.".
-spec cast(value(), term()) -> value().
cast(V, any) -> V;
cast(V, int) -> to_int(V);
cast(V, bigint) -> to_int(V);
cast(V, bigrat) -> to_bigrat(V);
cast(V, float) when is_binary(V) -> cannot(V, <<"float">>);
cast(V, float) -> to_float(V);
cast(V, string) when is_binary(V) -> V;
cast(V, string) -> cannot(V, <<"string">>);
cast(V, bool) when is_boolean(V) -> V;
cast(V, bool) -> cannot(V, <<"bool">>);
cast(nil, {option, _}) -> nil;
cast(V, {option, T}) -> cast(V, T);
cast({'$cell', _, _} = C, T) -> cast(mochi_cell:plain(C), T);
cast({'$v', _, _, _, _} = L, {list, T}) -> mochi_list:map(fun(E) -> cast(E, T) end, L);
cast({'$group', _, Items}, {list, _} = T) -> cast(Items, T);
cast(nil, {list, _}) -> nil;
cast(V, {list, _}) -> cannot(V, <<"list">>);
cast(M, {map, T}) when is_map(M) -> maps:map(fun(_, E) -> cast(E, T) end, M);
cast(nil, {map, _}) -> nil;
cast(S, {map, T}) when is_tuple(S), tuple_size(S) >= 2, tuple_size(element(2, S)) =:= 4 ->
    mochi_map:from_pairs([{K, cast(V, T)} || {K, V} <- entries(S, <<>>)]);
cast(V, {map, _}) -> cannot(V, <<"map">>);
cast(M, {struct, Tag, Desc, Fields}) when is_map(M) ->
    list_to_tuple([Tag, Desc | [cast_field(M, F, T, Desc) || {F, T} <- Fields]]);
cast(S, {struct, Tag, Desc, Fields}) when is_tuple(S), tuple_size(S) >= 2, tuple_size(element(2, S)) =:= 4 ->
    case S of
        _ when element(1, S) =:= Tag -> S;
        _ -> cast(mochi_map:from_pairs(entries(S, <<>>)), {struct, Tag, Desc, Fields})
    end;
cast(nil, {struct, _, _, _}) -> nil;
cast(V, {struct, _, Desc, _}) -> cannot(V, element(2, Desc)).

cast_field(M, F, T, Desc) ->
    Key = mochi_map:key(F),
    case M of
        #{Key := V} -> cast(V, T);
        #{} -> fail([<<"missing field ">>, F, <<" for ">>, element(2, Desc)])
    end.

%%% Built-in functions

-doc "`reverse(v)`: of a list, or of a string by code point.".
-spec reverse(value()) -> value().
reverse({'$cell', _, _} = C) -> reverse(mochi_cell:plain(C));
reverse({'$v', _, _, _, _} = V) -> mochi_list:reverse(V);
reverse(S) when is_binary(S) -> mochi_str:reverse(S);
reverse({'$group', _, Items}) -> reverse(Items);
reverse(nil) -> nil;
reverse(_) -> fail(<<"reverse expects list or string">>).

-doc "`exists(v)`: not empty.".
-spec exists(value()) -> boolean().
exists(V) when is_boolean(V) -> V;
exists(V) -> len(V) > 0.

-doc "`round(x)`: half away from zero.".
-spec round(value()) -> value().
round(X) when is_float(X) -> whole(erlang:round(X), X);
round(X) -> X.

-doc "`round(x, d)`".
-spec round(value(), value()) -> value().
round(X, D) when is_number(X), is_integer(D) ->
    P = math:pow(10.0, D),
    Scaled = X * P,
    erlang:round(Scaled) / P;
round(X, _) -> X.

whole(0, X) when X < 0 -> -0.0;
whole(N, _) -> float(N).

-doc "`abs(x)`: keeps the kind.".
-spec abs(value()) -> value().
abs(X) when is_number(X) -> erlang:abs(X);
abs(neg_inf) -> inf;
abs({'$q', N, D}) -> {'$q', erlang:abs(N), D};
abs(X) -> X.

-doc "`ceil(x)`".
-spec ceil(value()) -> value().
ceil(X) when is_float(X) -> whole(erlang:ceil(X), X);
ceil(X) -> X.

-doc "`floor(x)`".
-spec floor(value()) -> value().
floor(X) when is_float(X) -> whole(erlang:floor(X), X);
floor(X) -> X.

-doc "`pow(b, e)`: exact on ints with a non-negative exponent.".
-spec pow(value(), value()) -> value().
pow(nil, _) -> nil;
pow(_, nil) -> nil;
pow(B, E) when is_integer(B), is_integer(E), E >= 0 -> int_pow(B, E, 1);
pow(B, E) when is_number(B), is_number(E) ->
    try math:pow(B, E) catch error:badarith -> if B < 0, trunc(E) == E -> neg_inf; B < 0 -> nan; true -> inf end end;
pow(B, E) -> pow(operand('^', B), operand('^', E)).

int_pow(_, 0, Acc) -> Acc;
int_pow(B, E, Acc) when E band 1 =:= 1 -> int_pow(B * B, E bsr 1, Acc * B);
int_pow(B, E, Acc) -> int_pow(B * B, E bsr 1, Acc).

-doc "`sha256(x)`: 32 ints.".
-spec sha256(value()) -> value().
sha256(S) when is_binary(S) -> mochi_list:from_list(binary_to_list(mochi_str:sha256(S)));
sha256({'$cell', _, _} = C) -> sha256(mochi_cell:plain(C));
sha256({'$v', _, _, _, _} = V) -> sha256(list_to_binary(mochi_list:to_list(V)));
sha256(_) -> fail(<<"sha256 expects string or list">>).

-doc "`num(q)`".
-spec num(value()) -> value().
num(V) ->
    case to_bigrat(V) of
        {'$q', N, _} -> N;
        nil -> nil
    end.

-doc "`denom(q)`".
-spec denom(value()) -> value().
denom(V) ->
    case to_bigrat(V) of
        {'$q', _, D} -> D;
        nil -> nil
    end.

-doc "`now()`: nanoseconds; with `MOCHI_NOW_SEED` in the environment a sequence that is always the same.".
-spec now() -> integer().
now() ->
    case erlang:get('$now_seed') of
        undefined ->
            Seed = try os:getenv("MOCHI_NOW_SEED") catch _:_ -> false end,
            case is_list(Seed) andalso string:to_integer(Seed) of
                {N, _} when is_integer(N) -> erlang:put('$now_seed', N);
                _ -> erlang:put('$now_seed', none)
            end,
            now();
        none -> erlang:system_time(nanosecond);
        N ->
            Next = (N * 1664525 + 1013904223) rem 2147483647,
            erlang:put('$now_seed', Next),
            Next
    end.

-doc "`mem()`: bytes in use.".
-spec mem() -> integer().
mem() -> erlang:memory(total).

%%% Set operators on lists

-doc "`a union b`".
-spec union(value(), value()) -> value().
union(A, B) -> mochi_query:distinct(union_all(A, B)).
-doc "`a union all b`".
-spec union_all(value(), value()) -> value().
union_all(A, B) -> mochi_list:from_list(items(A, <<"union">>) ++ items(B, <<"union">>)).
-doc "`a except b`".
-spec except(value(), value()) -> value().
except(A, B) ->
    Not = mochi_query:key_set(items(B, <<"except">>)),
    mochi_list:from_list([X || X <- items(A, <<"except">>), not is_map_key(mochi_query:group_key(X), Not)]).
-doc "`a intersect b`: each once, in the order of `b`.".
-spec intersect(value(), value()) -> value().
intersect(A, B) ->
    In = mochi_query:key_set(items(A, <<"intersect">>)),
    Hits = [X || X <- items(B, <<"intersect">>), is_map_key(mochi_query:group_key(X), In)],
    mochi_query:distinct(mochi_list:from_list(Hits)).

items(V, Op) ->
    case mochi_cell:plain(V) of
        {'$v', _, _, _, _} = L -> mochi_list:to_list(L);
        {'$group', _, L} -> mochi_list:to_list(L);
        nil -> [];
        _ -> fail([Op, <<" expects lists">>])
    end.
