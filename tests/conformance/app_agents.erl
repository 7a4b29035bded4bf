-module(app_agents).
-moduledoc "The runtime's agents: calls, casts, events, crashes and restarts, on any host; the tree is started by itself.".
-export([main/0, construct/1, intent/3, event/3, on_close/2]).

construct({fail, Why}) -> error(Why);
construct(N) -> #{n => N, events => [], tell => none}.

intent(add, [X], #{n := N} = S) -> {N + X, S#{n := N + X}};
intent(value, [], #{n := N} = S) -> {N, S};
intent(events, [], #{events := E} = S) -> {lists:reverse(E), S};
intent(tell, [Pid], S) -> {ok, S#{tell := Pid}};
intent(ask, [Other, Args], S) -> {mochi_agent:call(Other, add, Args), S};
intent(slow, [Ms], S) -> timer:sleep(Ms), {slow, S};
intent(crash, [Why], _) -> exit(Why);
intent(fail, [Text], _) -> mochi_core:fail(Text);
intent(leave, [], _) -> exit(normal).

event(Stream, Event, #{events := E} = S) -> S#{events := [{Stream, Event} | E]}.

on_close(Reason, #{tell := Tell}) when is_pid(Tell) -> Tell ! {closed, Reason};
on_close(_, _) -> ok.

said(F) -> try F() of V -> V catch error:{mochi, M} -> {error, M} end.

until(F) -> case F() of true -> ok; _ -> timer:sleep(5), until(F) end.

main() ->
    A = mochi_agent:start(?MODULE, 1),
    io:format("~p ~p ~p~n", [mochi_agent:call(A, add, [2]), mochi_agent:tell(A, add, [10]), mochi_agent:call(A, value, [])]),
    B = mochi_agent:start(?MODULE, 100, #{name => <<"bee">>, restart => temporary, streams => [<<"s">>]}),
    io:format("~s ~p~n", [mochi_core:str(B), mochi_agent:call(A, ask, [B, [5]])]),
    io:format("published to ~p~n", [[mochi_stream:publish(S, E) || {S, E} <- [{<<"s">>, 1}, {<<"t">>, 2}, {<<"s">>, 3}]]]),
    io:format("~p~n", [mochi_agent:call(B, events, [])]),
    io:format("crash: ~p~n", [said(fun() -> mochi_agent:call(A, crash, [oops]) end)]),
    io:format("afterwards: ~p~n", [mochi_agent:call(A, value, [])]),
    io:format("fail: ~p, afterwards ~p~n", [said(fun() -> mochi_agent:call(A, fail, [<<"words">>]) end), mochi_agent:call(A, value, [])]),
    io:format("late: ~p~n", [said(fun() -> mochi_agent:call(A, slow, [50], 5) end)]),
    ok = mochi_agent:call(A, tell, [self()]),
    ok = mochi_agent:stop(A),
    receive {closed, Why} -> io:format("closed: ~p~n", [Why]) end,
    io:format("stopped: ~p~n", [said(fun() -> mochi_agent:call(A, value, []) end)]),
    io:format("temporary: ~p~n", [said(fun() -> mochi_agent:call(B, crash, [oops]) end)]),
    io:format("gone: ~p, members ~p~n", [said(fun() -> mochi_agent:call(B, value, []) end), mochi_stream:members(<<"s">>)]),
    io:format("~p~n", [element(1, said(fun() -> mochi_agent:start(?MODULE, {fail, bad}) end))]),
    %% One that crashes too often takes no other with it.
    [C, D] = [mochi_agent:start(?MODULE, N) || N <- [7, 8]],
    _ = [said(fun() -> mochi_agent:call(C, crash, [again]) end) || _ <- lists:seq(1, 8)],
    {'$agent', Keeper, _, _} = C,
    until(fun() -> not is_process_alive(Keeper) end),
    io:format("~p~n", [mochi_agent:call(D, value, [])]),
    %% The end of an agent is the end of its keeper.
    _ = said(fun() -> mochi_agent:call(D, leave, []) end),
    until(fun() -> [{active, 0}] =:= [P || {active, _} = P <- supervisor:count_children(mochi_agent_sup)] end),
    io:format("~p~n", [supervisor:count_children(mochi_agent_sup)]),
    Many = [mochi_agent:start(?MODULE, N, #{restart => temporary}) || N <- lists:seq(1, 200)],
    io:format("~p~n", [lists:sum([mochi_agent:call(X, value, []) || X <- Many])]),
    [ok = mochi_agent:stop(X) || X <- Many],
    io:format("~p~n", [process_info(self(), message_queue_len)]).
