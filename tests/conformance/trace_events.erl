%% Traces of sends, receives, processes' lives, links and names, inheritance, and patterns of events.
-module(trace_events).
-export([main/0, loop/1, child/0]).

main() ->
    show("send and receive", traced([send, 'receive'], fun(Me) -> Me ! hello, self() ! me, receive me -> ok end, dead() ! lost end)),
    show("receive after", traced(['receive'], fun(_) -> erlang:send_after(1, self(), late), receive late -> ok end end)),
    show("down", traced(['receive'], fun(_) -> {_, R} = spawn_monitor(fun() -> exit(bye) end), receive {'DOWN', R, _, _, bye} -> ok end end)),
    show("procs", traced([procs], fun(_) -> spawn(?MODULE, child, []) end)),
    show("links", traced([procs], fun(_) -> P = spawn(fun() -> receive stop -> ok end end), link(P), unlink(P), P ! stop end)),
    show("names", traced([procs], fun(_) -> register(a_name, self()), unregister(a_name), register(b_name, self()) end)),
    show("link exit", traced([procs], fun(_) -> process_flag(trap_exit, true), P = spawn_link(fun() -> exit(oops) end), receive {'EXIT', P, oops} -> ok end end)),
    show("inherited", all([procs, set_on_spawn], fun(_) -> spawn(?MODULE, child, []) end)),
    show("inherited first", all([procs, set_on_first_spawn], fun(_) -> spawn(?MODULE, child, []), spawn(?MODULE, child, []) end)),
    show("set on link", all([procs, set_on_link], fun(_) -> P = spawn(fun() -> receive stop -> ok end end), link(P), P ! stop end)),
    Me = self(),
    io:format("~p~n", [erlang:trace_pattern(send, [{['_', {keep, '_'}], [], []}], [])]),
    io:format("~p~n", [erlang:trace_info(send, match_spec)]),
    show("send pattern", traced([send], fun(_) -> Me ! {keep, 1}, Me ! {drop, 1} end)),
    io:format("~p~n", [erlang:trace_pattern(send, false, [])]),
    show("no sends", traced([send], fun(_) -> Me ! {keep, 1} end)),
    io:format("~p~n", [erlang:trace_pattern(send, true, [])]),
    io:format("~p~n", [erlang:trace_pattern('receive', [{[node(), '_', {keep, '_'}], [], []}], [])]),
    show("receive pattern", traced(['receive'], fun(_) -> self() ! {keep, 1}, self() ! {drop, 1} end)),
    io:format("~p~n", [erlang:trace_pattern('receive', true, [])]),
    io:format("~p~n", [erlang:trace(new, true, [procs])]),
    flush(any),
    P = spawn(?MODULE, child, []),
    erlang:trace(new, false, [procs]),
    timer:sleep(20),
    show("new", [pids(T) || T <- flush(P)]),
    timestamps().

child() -> ok.

dead() -> {P, R} = spawn_monitor(fun() -> ok end), receive {'DOWN', R, _, _, _} -> P end.

loop(Parent) ->
    receive
        {run, F} -> catch F(Parent), Parent ! done, loop(Parent);
        stop -> exit(finished)
    end.

traced(Flags, F) ->
    {P, All} = run(Flags, F),
    [pids(T) || T <- All, element(2, T) =:= P].
all(Flags, F) ->
    {_, All} = run(Flags, F),
    lists:sort([pids(T) || T <- All]).

run(Flags, F) ->
    Me = self(),
    flush(any),
    {P, M} = spawn_monitor(?MODULE, loop, [Me]),
    1 = erlang:trace(P, true, Flags),
    P ! {run, F},
    receive done -> ok end,
    P ! stop,
    receive {'DOWN', M, _, _, finished} -> ok end,
    timer:sleep(20),
    {P, flush(any)}.

flush(P) ->
    receive
        T when element(1, T) =:= trace, (P =:= any orelse element(2, T) =:= P) -> [T | flush(P)];
        T when element(1, T) =:= trace_ts -> [T | flush(P)]
    after 0 -> []
    end.

%% Pids and references differ from run to run.
pids(P) when is_pid(P) -> if P =:= self() -> me; true -> pid end;
pids(R) when is_reference(R) -> ref;
pids(F) when is_function(F) -> 'fun';
pids(T) when is_tuple(T) -> list_to_tuple([pids(E) || E <- tuple_to_list(T)]);
pids([H | T]) -> [pids(H) | pids(T)];
pids(X) -> X.

show(Title, L) ->
    io:format("~s~n", [Title]),
    [io:format("  ~p~n", [X]) || X <- L].

timestamps() ->
    [begin
         [T | _] = [T0 || T0 <- element(2, run([send, Flag], fun(Me) -> Me ! x end)), element(3, T0) =:= send],
         io:format("~p ~p~n", [Flag, kind(element(tuple_size(T), T))])
     end || Flag <- [timestamp, monotonic_timestamp, strict_monotonic_timestamp]].

kind({A, B, C}) when is_integer(A), is_integer(B), is_integer(C) -> now;
kind({A, B}) when is_integer(A), is_integer(B) -> strict;
kind(A) when is_integer(A) -> monotonic;
kind(X) -> X.
