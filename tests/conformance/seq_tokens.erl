%% SPDX-License-Identifier: Apache-2.0
-module(seq_tokens).
-export([main/0]).
%% Sequential tracing: tokens, what carries them on, what takes them away, and what the system tracer is told.

main() ->
    settings(),
    told(),
    chain(),
    spawned(),
    labels(),
    bad().

settings() ->
    show(none, [seq_trace:get_token(), seq_trace:get_token(label), seq_trace:get_token(send), seq_trace:get_token(serial)]),
    show(set, [seq_trace:set_token(label, 17), seq_trace:set_token(send, true), seq_trace:set_token(print, true)]),
    {Flags, Label, Serial, From, Last} = seq_trace:get_token(),
    show(token, {Flags, Label, Serial, From =:= self(), Last}),
    show(again, [seq_trace:set_token(label, 18), seq_trace:set_token(send, false), seq_trace:set_token(serial, {3, 7}),
                 seq_trace:get_token(serial), seq_trace:get_token(label), seq_trace:get_token('receive')]),
    Old = seq_trace:set_token([]),
    show(off, {element(1, Old), element(2, Old), seq_trace:get_token()}),
    _ = seq_trace:set_token(Old),
    show(back, [seq_trace:get_token(K) || K <- [label, serial, print, send, timestamp, monotonic_timestamp]]),
    show(info, element(1, process_info(self(), sequential_trace_token))),
    seq_trace:reset_trace(),
    show(reset, [seq_trace:get_token(), process_info(self(), sequential_trace_token)]).

%% A tracer that keeps what it is told.
tracer() ->
    spawn(fun() -> keep([]) end).

keep(Seen) ->
    receive
        {give, To} -> To ! {seen, lists:reverse(Seen)}, keep([]);
        M -> keep([M | Seen])
    end.

seen(Tracer, Names) ->
    seq_trace:set_token([]),
    Tracer ! {give, self()},
    receive {seen, L} -> [name(M, Names) || M <- L] end.

%% Pids and references by name, times away.
name(P, Names) when is_pid(P) -> proplists:get_value(P, Names, pid);
name(R, _) when is_reference(R) -> ref;
name(T, Names) when is_tuple(T) -> list_to_tuple([name(X, Names) || X <- tuple_to_list(T)]);
name([H | T], Names) -> [name(H, Names) | name(T, Names)];
name(X, _) -> X.

told() ->
    T = tracer(),
    show(before, seq_trace:set_system_tracer(T)),
    show(now, seq_trace:get_system_tracer() =:= T),
    Echo = spawn(fun Echo() -> receive {From, X} -> From ! {echo, X}, Echo() end end),
    Names = [{self(), me}, {Echo, echo}, {T, tracer}],
    [seq_trace:set_token(F, true) || F <- [send, 'receive', print]],
    seq_trace:set_token(label, 12),
    show(print, [seq_trace:print(12, one), seq_trace:print(13, two), seq_trace:print(three)]),
    Echo ! {self(), 1},
    receive {echo, 1} -> ok end,
    show(serial, seq_trace:get_token(serial)),
    show(told, seen(T, Names)),
    Echo ! {self(), 2},
    receive {echo, 2} -> ok end,
    show(untold, {seq_trace:get_token(), seen(T, Names)}),
    exit(Echo, kill),
    show(off, seq_trace:set_system_tracer(false) =:= T),
    exit(T, kill).

%% A token goes through several processes; a message without one takes it away; a timer's message leaves it alone.
chain() ->
    T = tracer(),
    seq_trace:set_system_tracer(T),
    Me = self(),
    Last = spawn(fun() -> receive {go, X} -> Me ! {done, X, seq_trace:get_token(label)} end end),
    Mid = spawn(fun() -> receive {go, X} -> Last ! {go, X + 1} end end),
    seq_trace:set_token(label, 5),
    seq_trace:set_token('receive', true),
    Mid ! {go, 1},
    receive {done, X, L} -> show(done, {X, L}) end,
    show(label, seq_trace:get_token(label)),
    erlang:send_after(1, self(), tick),
    receive tick -> show(after_timer, seq_trace:get_token(label)) end,
    show(told, seen(T, [{Me, me}, {Mid, mid}, {Last, last}])),
    seq_trace:set_token(label, 6),
    Plain = spawn(fun() -> receive go -> ok end, seq_trace:set_token([]), Me ! plain end),
    Plain ! go,
    receive plain -> show(after_plain, seq_trace:get_token()) end,
    seq_trace:set_system_tracer(false),
    exit(T, kill).

spawned() ->
    seq_trace:reset_trace(),
    T = tracer(),
    seq_trace:set_system_tracer(T),
    Me = self(),
    seq_trace:set_token(label, family),
    [seq_trace:set_token(F, true) || F <- [send, 'receive']],
    P = spawn(fun() -> Me ! {child, seq_trace:get_token(label), seq_trace:get_token(serial)} end),
    receive {child, L, S} -> show(child, {L, S}) end,
    Names = [{Me, me}, {P, child}],
    Told = [{element(1, M), element(2, element(3, M)), element(1, element(3, M)), element(1, element(5, element(3, M)))}
            || M <- seen(T, Names)],
    show(told, Told),
    seq_trace:set_system_tracer(false),
    exit(T, kill).

labels() ->
    seq_trace:set_token(label, {a, [<<"term">>], #{k => 1.5}}),
    erlang:garbage_collect(),
    show(label, seq_trace:get_token(label)),
    Me = self(),
    spawn(fun() -> Me ! {label, seq_trace:get_token(label)} end),
    receive {label, L} -> show(inherited, L) end,
    show(equal, [erlang:seq_trace_print({a, [<<"term">>], #{k => F}}, x) || F <- [1.5, 1.25]]),
    seq_trace:reset_trace(),
    T = tracer(),
    seq_trace:set_system_tracer(T),
    [seq_trace:set_token(F, true) || F <- [print, timestamp]],
    seq_trace:print(timed),
    [{seq_trace, 0, {print, _, _, [], timed}, {_, _, _}}] = seen(T, []),
    [seq_trace:set_token(F, V) || {F, V} <- [{print, true}, {strict_monotonic_timestamp, true}]],
    seq_trace:print(timed),
    [{seq_trace, 0, {print, _, _, [], timed}, {_, _}}] = seen(T, []),
    exit(T, kill),
    show(stamps, ok).

bad() ->
    [show(bad, try erlang:seq_trace(K, V) catch error:E -> E end)
     || {K, V} <- [{nokey, true}, {send, perhaps}, {serial, 1}, {serial, {a, b}}, {"send", true}, {sequential_trace_token, x}]],
    [show(bad, try erlang:seq_trace_info(K) catch error:E -> E end) || K <- [nokey, 1, send, label]],
    [show(bad, try erlang:system_flag(K, V) catch error:E -> E end)
     || {K, V} <- [{sequential_tracer, x}, {sequential_tracer, true}, {reset_seq_trace, false}]].

%% Without the token, which would go with the messages of the output and count them.
show(What, Value) ->
    Token = seq_trace:set_token([]),
    io:format("~p: ~tp~n", [What, Value]),
    seq_trace:set_token(Token).
