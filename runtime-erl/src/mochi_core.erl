-module(mochi_core).
-moduledoc """
The heart of the runtime: the entry, errors, output and input, comparison, calls, conversions. Numbers are in `m:mochi_num`, indexing and
assignment in `m:mochi_ref`.

Values: ints and floats are Erlang's (infinities and NaN are the atoms `inf`, `neg_inf`, `nan`), strings UTF-8 binaries, null the atom `nil`, lists
`m:mochi_list` vectors, maps `m:mochi_map`, structs `{Tag, Desc, Field...}` with `Desc = {Module, Name, Positions, Order}`, rationals
`{'$q', N, D}`, groups `{'$group', Key, Items}`; what has several names and is changed is in a `m:mochi_cell`.
A runtime error is `error({mochi, Message})`.
""".

-export([start/1, run/1, fail/1, panic/1, print1/1, print/1, input/0]).
-export([lt/2, le/2, gt/2, ge/2, eq/2, ne/2, truthy/1, contains/2, is_variant/2]).
-export([cons/2, call/2, bind/2, import/1, member/2, method/3, global/1, read_global/1, set_global/2]).
-export([len/1, str/1, cast/2, reverse/1, exists/1, sha256/1, now/0, mem/0]).
-export([eval/1, union/2, union_all/2, except/2, intersect/2, bench_start/0, bench_end/2]).

-compile({no_auto_import, [now/0]}).

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
    _ = try Module:'__mochi__'() of {File, _} -> erlang:put('$source_file', File) catch error:undef -> undefined end,
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
    Lines = maps:from_list([{M, source_lines(M)} || M <- [Module | [M || {M, _, _, _} <- Stack, is_program(M)]]]),
    Frames = [{frame_name(F, A), proplists:get_value(file, Info, ""), proplists:get_value(line, Info, 0), maps:get(M, Lines)}
              || {M, F, A, Info} <- Stack, is_program(M), frame_name(F, A) =/= <<>>],
    Names = [N || {N, _, _, _} <- lists:reverse(Frames)],
    io:put_chars([<<"call graph: ">>, lists:join(<<" -> ">>, Names), $\n, <<"stack trace:\n">>,
                  [frame(Frame) || Frame <- Frames]]),
    io:put_chars(standard_error, [message(Class, Reason), $\n]).

source_lines(Module) ->
    Source = try Module:'__mochi__'() of {_, S} -> S catch error:undef -> <<>> end,
    list_to_tuple(binary:split(Source, <<"\n">>, [global])).

is_program(M) ->
    case atom_to_list(M) of
        "mochi_main_" ++ _ -> true;
        _ -> erlang:function_exported(M, '__mochi__', 0)
    end.

frame({Name, File, Line, Lines}) ->
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
message(Class, Reason) -> io_lib:format("internal error: ~w: ~tw", [Class, Reason]).

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

chomp(<<>>) -> <<>>;
chomp(B) ->
    case binary:last(B) of
        C when C =:= $\n; C =:= $\r -> chomp(binary:part(B, 0, byte_size(B) - 1));
        _ -> B
    end.

-doc "Start of a `bench` block.".
-spec bench_start() -> {integer(), non_neg_integer()}.
bench_start() -> {erlang:monotonic_time(microsecond), heap()}.

-doc "End of a `bench` block: prints what it took.".
-spec bench_end(binary(), {integer(), non_neg_integer()}) -> nil.
bench_end(Name, {Start, Before}) ->
    D = erlang:monotonic_time(microsecond) - Start,
    Grown = erlang:max(0, heap() - Before),
    mochi_json:print(#{<<"duration_us">> => D, <<"memory_bytes">> => Grown, <<"name">> => Name}).

%% Bytes that the process holds.
heap() ->
    {memory, Bytes} = erlang:process_info(self(), memory),
    Bytes.

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
    case mochi_num:number(X) of
        none -> none;
        N -> ord(N, Y)
    end;
order(X, Y) when is_number(X), is_binary(Y) ->
    case mochi_num:number(Y) of
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
    {'$q', A, B} = mochi_num:to_bigrat(X),
    {'$q', C, D} = mochi_num:to_bigrat(Y),
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

-doc "A method with its receiver.".
-spec bind(function(), value()) -> value().
bind(F, Receiver) ->
    {arity, Arity} = erlang:fun_info(F, arity),
    partial(F, [Receiver], Arity - 1).

-doc "`import` of a package: it is evaluated once.".
-spec import(module()) -> nil.
import(Module) ->
    case erlang:put({'$imported', Module}, true) of
        true -> nil;
        undefined ->
            _ = Module:main(),
            nil
    end.

-doc "A function that a package exports.".
-spec member(module(), atom()) -> value().
member(Module, Name) ->
    case [A || {N, A} <- Module:module_info(exports), N =:= Name] of
        [Arity | _] -> fun Module:Name/Arity;
        [] -> fail([<<"the package has no function ">>, atom_to_binary(Name)])
    end.

partial(F, As, 0) -> fun() -> apply(F, As) end;
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
    case mochi_ref:field(V, Name) of
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

-doc "A global, wherever it is.".
-spec read_global(atom()) -> value().
read_global(Key) ->
    case erlang:get(Key) of
        undefined -> global(Key);
        V -> V
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

-doc "`v as T`; the type as the compiler writes it.".
-spec cast(value(), term()) -> value().
cast(V, any) -> V;
cast(V, int) -> mochi_num:to_int(V);
cast(V, bigint) -> mochi_num:to_int(V);
cast(V, bigrat) -> mochi_num:to_bigrat(V);
cast(V, float) when is_binary(V) -> mochi_num:cannot(V, <<"float">>);
cast(V, float) -> mochi_num:to_float(V);
cast(V, string) when is_binary(V) -> V;
cast(V, string) -> mochi_num:cannot(V, <<"string">>);
cast(V, bool) when is_boolean(V) -> V;
cast(V, bool) -> mochi_num:cannot(V, <<"bool">>);
cast(nil, {option, _}) -> nil;
cast(V, {option, T}) -> cast(V, T);
cast({'$cell', _, _} = C, T) -> cast(mochi_cell:plain(C), T);
cast({'$v', _, _, _, _} = L, {list, T}) -> mochi_list:map(fun(E) -> cast(E, T) end, L);
cast({'$group', _, Items}, {list, _} = T) -> cast(Items, T);
cast(nil, {list, _}) -> nil;
cast(V, {list, _}) -> mochi_num:cannot(V, <<"list">>);
cast(M, {map, T}) when is_map(M) -> maps:map(fun(_, E) -> cast(E, T) end, M);
cast(nil, {map, _}) -> nil;
cast(S, {map, T}) when is_tuple(S), tuple_size(S) >= 2, tuple_size(element(2, S)) =:= 4 ->
    mochi_map:from_pairs([{K, cast(V, T)} || {K, V} <- mochi_ref:entries(S, <<>>)]);
cast(V, {map, _}) -> mochi_num:cannot(V, <<"map">>);
cast(M, {struct, Tag, Desc, Fields}) when is_map(M) ->
    list_to_tuple([Tag, Desc | [cast_field(M, F, T, Desc) || {F, T} <- Fields]]);
cast(S, {struct, Tag, Desc, Fields}) when is_tuple(S), tuple_size(S) >= 2, tuple_size(element(2, S)) =:= 4 ->
    case S of
        _ when element(1, S) =:= Tag -> S;
        _ -> cast(mochi_map:from_pairs(mochi_ref:entries(S, <<>>)), {struct, Tag, Desc, Fields})
    end;
cast(nil, {struct, _, _, _}) -> nil;
cast(V, {struct, _, Desc, _}) -> mochi_num:cannot(V, element(2, Desc)).

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
exists(V) when is_list(V) -> V =/= [];
exists(V) -> len(V) > 0.

-doc "`sha256(x)`: 32 ints.".
-spec sha256(value()) -> value().
sha256(S) when is_binary(S) -> mochi_list:from_list(binary_to_list(mochi_str:sha256(S)));
sha256({'$cell', _, _} = C) -> sha256(mochi_cell:plain(C));
sha256({'$v', _, _, _, _} = V) -> sha256(list_to_binary(mochi_list:to_list(V)));
sha256(_) -> fail(<<"sha256 expects string or list">>).

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

-doc "`eval(source)`: what `m:mochi_eval` can do with the text.".
-spec eval(value()) -> value().
eval(Source) when is_binary(Source) -> mochi_eval:run(Source);
eval(_) -> fail(<<"eval expects string">>).

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
