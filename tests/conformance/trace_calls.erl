%% Call traces: local and global, match specifications with their actions, meta, counters, returns and exceptions.
-module(trace_calls).
-export([main/0, f/1, g/2, loop/1, boom/1, catcher/1, rec/1, tail/1, ext/1]).

main() ->
    Self = self(),
    local(Self),
    global(Self),
    specs(),
    returns(),
    meta(),
    counters(),
    info(),
    sessions(),
    errors().

f(X) -> g(X, 1) + 1.
g(X, Y) -> X + Y.
rec(0) -> done;
rec(N) -> X = rec(N - 1), X.
tail(0) -> done;
tail(N) -> tail(N - 1).
ext(X) -> ?MODULE:f(X).
boom(X) -> catcher_aux(X).
catcher_aux(X) -> error({bad, X}).
catcher(X) -> try boom(X) catch error:{bad, Y} -> {caught, Y} end.

loop(Parent) ->
    receive
        {run, F} -> R = (catch F()), Parent ! {done, R}, loop(Parent);
        stop -> ok
    end.

%% Runs F in a traced process and returns its trace messages.
traced(Flags, F) ->
    Me = self(),
    P = spawn(?MODULE, loop, [Me]),
    1 = erlang:trace(P, true, Flags),
    P ! {run, F},
    receive {done, _} -> ok end,
    erlang:trace(P, false, [all]),
    P ! stop,
    Ref = erlang:trace_delivered(P),
    receive {trace_delivered, P, Ref} -> ok end,
    flush(P).

flush(P) ->
    receive
        T when element(1, T) =:= trace, element(2, T) =:= P -> [strip(T, P) | flush(P)];
        T when element(1, T) =:= trace_ts, element(2, T) =:= P -> [strip(setelement(tuple_size(T), T, ts), P) | flush(P)]
    after 0 -> []
    end.

strip(T, P) -> Me = self(), list_to_tuple([case E of P -> pid; Me -> me; _ -> E end || E <- tuple_to_list(T)]).

show(Title, L) ->
    io:format("~s~n", [Title]),
    [io:format("  ~p~n", [X]) || X <- L].

tp(MFA, MS, Opts) -> io:format("pattern ~p ~p: ~p~n", [MFA, Opts, erlang:trace_pattern(MFA, MS, Opts)]).

local(_) ->
    tp({?MODULE, g, 2}, true, [local]),
    tp({?MODULE, f, '_'}, [], [local]),
    show("local", traced([call], fun() -> f(3), ext(4) end)),
    show("arity", traced([call, arity], fun() -> f(3) end)),
    show("silent", traced([call, silent], fun() -> f(3) end)),
    show("nothing", traced([send], fun() -> f(3) end)),
    tp({?MODULE, g, 2}, false, [local]),
    show("only f", traced([call], fun() -> f(3) end)),
    tp({?MODULE, f, 1}, false, [local]),
    show("none", traced([call], fun() -> f(3) end)),
    tp({?MODULE, tail, 1}, true, [local]),
    show("tail", traced([call, return_to], fun() -> tail(2) end)),
    tp({?MODULE, tail, 1}, false, [local]),
    tp({?MODULE, rec, 1}, true, [local]),
    show("rec", traced([call, return_to], fun() -> rec(2) end)),
    tp({?MODULE, rec, 1}, false, [local]),
    tp({?MODULE, '_', '_'}, false, [local]).

global(_) ->
    tp({?MODULE, f, 1}, true, []),
    show("global", traced([call], fun() -> f(3), ext(4), ?MODULE:f(5), apply(?MODULE, f, [6]) end)),
    tp({?MODULE, f, 1}, false, []),
    show("no global", traced([call], fun() -> ext(4) end)),
    tp({lists, seq, 2}, true, [global]),
    show("other module", traced([call], fun() -> lists:seq(1, 3) end)),
    tp({lists, seq, 2}, false, [global]),
    tp({erlang, atom_to_list, 1}, true, []),
    show("bif", traced([call], fun() -> atom_to_list(abc) end)),
    tp({erlang, atom_to_list, 1}, [{'_', [], [{return_trace}]}], []),
    show("bif return", traced([call], fun() -> atom_to_list(abc) end)),
    tp({erlang, atom_to_list, 1}, [{'_', [], [{exception_trace}]}], [local]),
    show("bif exception", traced([call], fun() -> catch atom_to_list(id(1)) end)),
    tp({erlang, atom_to_list, 1}, false, [local]).

id(X) -> X.

specs() ->
    tp({?MODULE, g, 2}, [{[3, '_'], [], []}], [local]),
    show("one argument", traced([call], fun() -> g(2, 1), g(3, 1) end)),
    tp({?MODULE, g, 2}, [{['$1', '$2'], [{'>', '$1', '$2'}], [{message, {{'$1', x}}}]}], [local]),
    show("message", traced([call], fun() -> g(2, 1), g(1, 3) end)),
    tp({?MODULE, g, 2}, [{'_', [], [{message, false}]}], [local]),
    show("message false", traced([call], fun() -> g(2, 1) end)),
    tp({?MODULE, g, 2}, [{'_', [], [{message, true}]}], [local]),
    show("message true", traced([call], fun() -> g(2, 1) end)),
    tp({?MODULE, g, 2}, [{'_', [], [{message, {caller}}]}], [local]),
    show("caller", traced([call], fun() -> X = f(2), X end)),
    tp({?MODULE, g, 2}, [{'_', [], [{message, '$_'}]}], [local]),
    show("all arguments", traced([call], fun() -> g(2, 1) end)),
    tp({?MODULE, g, 2}, [{['$1', '$2'], [], [{message, '$$'}]}], [local]),
    show("all variables", traced([call], fun() -> g(2, 1) end)),
    tp({?MODULE, g, 2}, [{'_', [], [{silent, true}]}], [local]),
    show("silent", traced([call], fun() -> g(2, 1), g(3, 1) end)),
    tp({?MODULE, g, 2}, [{['_', 1], [], [{disable_trace, call}]}], [local]),
    show("disable", traced([call], fun() -> g(2, 1), g(3, 1) end)),
    tp({?MODULE, g, 2}, [{['_', 1], [], [{enable_trace, arity}]}], [local]),
    show("enable", traced([call], fun() -> g(2, 1), g(3, 1) end)),
    tp({?MODULE, g, 2}, [{['_', 1], [], [{trace, [], [arity]}]}, {['_', 2], [], [{trace, [arity], []}]}], [local]),
    show("trace", traced([call], fun() -> g(2, 1), g(3, 2), g(3, 3) end)),
    tp({?MODULE, g, 2}, [{'_', [{'==', {get_tcw}, 0}], [{message, {get_tcw}}]}], [local]),
    show("tcw", traced([call], fun() -> g(2, 1) end)),
    tp({?MODULE, g, 2}, [{'_', [{is_seq_trace}], []}], [local]),
    show("seq", traced([call], fun() -> g(2, 1) end)),
    tp({?MODULE, g, 2}, [{[x, y], [], []}, {['$1', '_'], [{is_integer, '$1'}], [{message, {{{self}, self, {const, '$1'}}}}]}], [local]),
    show("clauses", [setelement(5, T, setelement(1, element(5, T), p)) || T <- traced([call], fun() -> g(2, 1) end)]),
    tp({?MODULE, g, 2}, false, [local]).

returns() ->
    R = [{'_', [], [{return_trace}]}],
    E = [{'_', [], [{exception_trace}]}],
    tp({?MODULE, f, 1}, R, [local]),
    tp({?MODULE, g, 2}, R, [local]),
    show("returns", traced([call], fun() -> f(1) end)),
    tp({?MODULE, g, 2}, false, [local]),
    tp({?MODULE, f, 1}, false, [local]),
    tp({?MODULE, rec, 1}, R, [local]),
    show("recursive returns", traced([call], fun() -> rec(2) end)),
    tp({?MODULE, rec, 1}, false, [local]),
    tp({?MODULE, tail, 1}, R, [local]),
    show("tail returns", traced([call], fun() -> tail(2) end)),
    tp({?MODULE, tail, 1}, false, [local]),
    tp({?MODULE, boom, 1}, E, [local]),
    tp({?MODULE, catcher_aux, 1}, E, [local]),
    show("exceptions", traced([call], fun() -> catcher(7) end)),
    show("exceptions, return_to", traced([call, return_to], fun() -> catcher(7) end)),
    tp({?MODULE, boom, 1}, R, [local]),
    tp({?MODULE, catcher_aux, 1}, false, [local]),
    show("no return", traced([call], fun() -> catcher(7) end)),
    tp({?MODULE, boom, 1}, false, [local]).

meta() ->
    tp({?MODULE, g, 2}, [{'_', [], [{return_trace}]}], [meta]),
    Me = self(),
    P = spawn(fun() -> g(1, 2), Me ! go end),
    receive go -> ok end,
    show("meta", flush(P)),
    io:format("~p~n", [element(2, erlang:trace_info({?MODULE, g, 2}, meta)) =:= self()]),
    io:format("~p~n", [erlang:trace_info({?MODULE, g, 2}, meta_match_spec)]),
    tp({?MODULE, g, 2}, false, [meta]),
    io:format("~p~n", [erlang:trace_info({?MODULE, g, 2}, meta)]).

counters() ->
    tp({?MODULE, tail, 1}, true, [call_count]),
    tail(10),
    io:format("~p~n", [erlang:trace_info({?MODULE, tail, 1}, call_count)]),
    tp({?MODULE, tail, 1}, pause, [call_count]),
    tail(10),
    io:format("~p~n", [erlang:trace_info({?MODULE, tail, 1}, call_count)]),
    tp({?MODULE, tail, 1}, restart, [call_count]),
    tail(4),
    io:format("~p~n", [erlang:trace_info({?MODULE, tail, 1}, call_count)]),
    tp({?MODULE, tail, 1}, false, [call_count]),
    io:format("~p~n", [erlang:trace_info({?MODULE, tail, 1}, call_count)]),
    tp({?MODULE, rec, 1}, true, [call_time]),
    Me = self(),
    P = spawn(?MODULE, loop, [Me]),
    erlang:trace(P, true, [call]),
    P ! {run, fun() -> rec(5) end},
    receive {done, _} -> ok end,
    {call_time, [{Q, N, S, U}]} = erlang:trace_info({?MODULE, rec, 1}, call_time),
    io:format("~p~n", [{Q =:= P, N, S, is_integer(U)}]),
    tp({?MODULE, rec, 1}, false, [call_time]),
    io:format("~p~n", [erlang:trace_info({?MODULE, rec, 1}, call_time)]),
    tp({?MODULE, rec, 1}, true, [call_memory]),
    P ! {run, fun() -> rec(5) end},
    receive {done, _} -> ok end,
    {call_memory, [{Q2, N2, W}]} = erlang:trace_info({?MODULE, rec, 1}, call_memory),
    io:format("~p~n", [{Q2 =:= P, N2, W}]),
    tp({?MODULE, rec, 1}, false, [call_memory]),
    P ! stop,
    flush(P).

info() ->
    io:format("~p~n", [erlang:trace_info({?MODULE, g, 2}, traced)]),
    erlang:trace_pattern({?MODULE, g, 2}, [{['$1', 2], [], []}], [local, call_count]),
    [io:format("~p~n", [erlang:trace_info({?MODULE, g, 2}, K)]) || K <- [traced, match_spec, meta, meta_match_spec, call_count, call_time, call_memory, all]],
    erlang:trace_pattern({?MODULE, g, 2}, false, [local, call_count]),
    erlang:trace_pattern({?MODULE, g, 2}, true, []),
    [io:format("~p~n", [erlang:trace_info({?MODULE, g, 2}, K)]) || K <- [traced, match_spec, all]],
    erlang:trace_pattern({?MODULE, g, 2}, false, []),
    io:format("~p~n", [erlang:trace_info({?MODULE, no_such, 2}, traced)]),
    io:format("~p~n", [erlang:trace_info(self(), flags)]),
    P = spawn(?MODULE, loop, [self()]),
    erlang:trace(P, true, [call, send, 'receive', procs, timestamp, arity, set_on_spawn]),
    io:format("~p~n", [erlang:trace_info(P, flags)]),
    io:format("~p~n", [element(2, erlang:trace_info(P, tracer)) =:= self()]),
    erlang:trace(P, false, [all]),
    io:format("~p~n", [erlang:trace_info(P, flags)]),
    io:format("~p~n", [erlang:trace_info(P, tracer)]),
    P ! stop,
    io:format("~p~n", [erlang:trace_info(new, flags)]),
    io:format("~p~n", [erlang:trace_info(new, tracer)]),
    io:format("~p ~p~n", [erlang:trace_info(send, match_spec), erlang:trace_info('receive', match_spec)]),
    io:format("~p~n", [erlang:trace_info(on_load, all)]),
    io:format("~p~n", [erlang:trace_pattern(on_load, true, [local])]),
    io:format("~p~n", [erlang:trace_info(on_load, all)]),
    sofs:set([1]),
    io:format("~p~n", [erlang:trace_info({sofs, set, 1}, traced)]),
    io:format("~p~n", [erlang:trace_pattern(on_load, false, [local])]),
    erlang:trace_pattern({sofs, '_', '_'}, false, [local]),
    io:format("~p ~p~n", [erlang:trace_info(on_load, traced), erlang:trace_info({sofs, set, 1}, traced)]).

sessions() ->
    Me = self(),
    S = trace:session_create(mine, Me, []),
    {_, {mine, _}} = S,
    P = spawn(?MODULE, loop, [Me]),
    io:format("~p ~p~n", [trace:process(S, P, true, [call]), trace:function(S, {?MODULE, g, 2}, true, [local])]),
    P ! {run, fun() -> g(1, 2) end},
    receive {done, _} -> ok end,
    show("session", flush(P)),
    io:format("~p ~p~n", [trace:info(S, P, flags), trace:info(S, {?MODULE, g, 2}, traced)]),
    io:format("~p~n", [erlang:trace_info(P, flags)]),
    L = trace:session_info(P),
    io:format("~p~n", [[N || {N, _} <- L]]),
    L2 = trace:session_info(all),
    io:format("~p~n", [[N || {N, _} <- L2]]),
    L3 = trace:session_info({?MODULE, g, 2}),
    io:format("~p~n", [[N || {N, _} <- L3]]),
    io:format("~p~n", [trace:session_destroy(S)]),
    io:format("~p~n", [trace:session_destroy(S)]),
    P ! {run, fun() -> g(1, 2) end},
    receive {done, _} -> ok end,
    show("destroyed", flush(P)),
    bad(fun() -> trace:info(S, P, flags) end),
    P ! stop.

errors() ->
    bad(fun() -> erlang:trace_pattern({?MODULE, g, 2}, foo, []) end),
    bad(fun() -> erlang:trace_pattern({?MODULE, g, 2}, [{x}], []) end),
    bad(fun() -> erlang:trace_pattern({?MODULE, '_', 2}, true, []) end),
    bad(fun() -> erlang:trace_pattern({?MODULE, g}, true, []) end),
    bad(fun() -> erlang:trace_pattern({?MODULE, g, 2}, true, [foo]) end),
    bad(fun() -> erlang:trace_pattern({?MODULE, g, 2}, true, [local, global]) end),
    bad(fun() -> erlang:trace_pattern({?MODULE, g, 2}, [{'_', [], []}], [call_count]) end),
    bad(fun() -> erlang:trace_pattern({?MODULE, g, 2}, [{'_', [], [{foo}]}], []) end),
    bad(fun() -> erlang:trace_pattern({?MODULE, g, 2}, [{'_', [{message, x}], []}], []) end),
    bad(fun() -> erlang:trace(self(), true, [foo]) end),
    bad(fun() -> erlang:trace(self(), foo, [call]) end),
    bad(fun() -> erlang:trace(foo, true, [call]) end),
    bad(fun() -> erlang:trace(spawn(fun() -> ok end), true, []) end),
    bad(fun() -> erlang:trace_info(self(), foo) end),
    bad(fun() -> erlang:trace_info(foo, flags) end),
    bad(fun() -> erlang:trace_info(1, flags) end),
    bad(fun() -> erlang:trace_info({?MODULE, g}, traced) end),
    bad(fun() -> trace:process(foo, self(), true, [call]) end),
    bad(fun() -> trace:session_create(1, self(), []) end),
    bad(fun() -> trace:session_create(a, foo, []) end),
    bad(fun() -> trace:session_create(a, self(), [x]) end),
    bad(fun() -> erlang:trace_delivered(foo) end),
    io:format("~p~n", [erlang:match_spec_test([1, 2], [{['$1', '_'], [], [{return_trace}, {message, '$1'}]}], trace)]),
    io:format("~p~n", [erlang:match_spec_test([1, 2], [{[x, '_'], [], []}], trace)]),
    io:format("~p~n", [erlang:match_spec_test({1, 2}, [{{'$1', '_'}, [], ['$1']}], table)]).

bad(F) ->
    try F() of V -> io:format("no error: ~p~n", [V])
    catch C:R:St ->
        {M, Fn, A, I} = hd(St),
        EI = case lists:keyfind(error_info, 1, I) of {_, X} -> X; false -> none end,
        io:format("~p ~w ~p ~p~n", [C, case R of {badmatch, _} -> badmatch; _ -> R end, {M, Fn, if is_list(A) -> length(A); true -> A end}, EI])
    end.
