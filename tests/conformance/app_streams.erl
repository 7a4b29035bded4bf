-module(app_streams).
-moduledoc "The runtime's streams: subscriptions, recorders, and what happens when parts of the tree are killed.".
-export([main/0]).

to(Pid, Tag) -> fun(E) -> Pid ! {Tag, E} end.
got(Tag, N) -> [receive {Tag, E} -> E after 5000 -> nothing end || _ <- lists:seq(1, N)].
until(F) -> case F() of true -> ok; _ -> timer:sleep(5), until(F) end.

main() ->
    A = mochi_stream:subscribe(<<"a">>, to(self(), one)),
    B = mochi_stream:subscribe(<<"a">>, fun(2) -> error(oops); (E) -> self() ! E end),
    io:format("~p~n", [[mochi_stream:publish(<<"a">>, N) || N <- [1, 2, 3]]]),
    io:format("~p~n", [got(one, 3)]),
    ok = mochi_stream:unsubscribe(B),
    io:format("~p~n", [mochi_stream:publish(<<"a">>, 4)]),
    try mochi_stream:subscribe(<<"b">>, to(self(), two), #{from => beginning})
    catch error:{mochi, M} -> io:format("~s~n", [M])
    end,
    ok = mochi_stream:record(<<"b">>, 3),
    [mochi_stream:publish(<<"b">>, N) || N <- lists:seq(1, 5)],
    io:format("~p~n", [mochi_stream:history(<<"b">>)]),
    C = mochi_stream:subscribe(<<"b">>, to(self(), two), #{from => beginning}),
    [mochi_stream:publish(<<"b">>, N) || N <- [6, 7]],
    io:format("~p~n", [got(two, 5)]),
    %% The recorder is killed: its history is not lost, the numbers go on.
    Old = mochi_stream:recorder(<<"b">>),
    exit(Old, kill),
    until(fun() -> P = mochi_stream:recorder(<<"b">>), is_pid(P) andalso P =/= Old end),
    mochi_stream:publish(<<"b">>, 8),
    io:format("~w ~w~n", [mochi_stream:history(<<"b">>), got(two, 1)]),
    %% The scope is killed: subscribers join the next one.
    exit(whereis(mochi), kill),
    until(fun() -> mochi_stream:publish(<<"a">>, 9) =:= 1 end),
    io:format("~p~n", [lists:usort(got(one, 2))]),
    until(fun() -> mochi_stream:members(<<"b">>) =/= [] end),
    mochi_stream:publish(<<"b">>, 10),
    io:format("~w~n", [got(two, 1)]),
    %% Many publishers, one order.
    ok = mochi_stream:record(<<"c">>, 1000),
    Publishers = [spawn_monitor(fun() -> [mochi_stream:publish(<<"c">>, {P, N}) || N <- lists:seq(1, 50)] end) || P <- lists:seq(1, 4)],
    D = mochi_stream:subscribe(<<"c">>, to(self(), three), #{from => beginning}),
    [receive {'DOWN', Ref, process, Pid, _} -> ok end || {Pid, Ref} <- Publishers],
    Seen = got(three, 200),
    io:format("~p ~p~n", [Seen =:= mochi_stream:history(<<"c">>), lists:sort(Seen) =:= [{P, N} || P <- lists:seq(1, 4), N <- lists:seq(1, 50)]]),
    ok = mochi_stream:stop_recording(<<"c">>),
    io:format("~p~n", [mochi_stream:history(<<"c">>)]),
    [ok = mochi_stream:unsubscribe(X) || X <- [A, C, D]],
    io:format("~p~n", [[mochi_stream:members(S) || S <- [<<"a">>, <<"b">>, <<"c">>]]]).
