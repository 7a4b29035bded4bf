%% erlang:memory/1 by type: what equal loads add. OTP's own structures are in its figures, so they agree within a tenth only; the figures below are OTP's.
-module(mem_types).
-export([main/0]).

main() ->
    adds("a thousand processes", processes, 2648256, fun() -> [idle(none) || _ <- lists:seq(1, 1000)] end),
    adds("a process with a list", processes, 4120272, fun() -> idle(fun() -> lists:seq(1, 100000) end) end),
    adds("large binaries", binary, 1005600, fun() -> [binary:copy(<<"x">>, 10000) || _ <- lists:seq(1, 100)] end),
    adds("small binaries", binary, 1600048, fun() -> [binary:copy(<<"x">>, 100) || _ <- lists:seq(1, 10000)] end),
    adds("a table of pairs", ets, 726624, fun() -> table(set, 10000, fun(N) -> {N, N} end) end),
    adds("a table of lists", ets, 1673128, fun() -> table(ordered_set, 1000, fun(N) -> {N, lists:seq(1, 100)} end) end),
    adds("a bag", ets, 84952, fun() -> table(bag, 1000, fun(N) -> {N rem 10, N} end) end),
    adds("atoms", atom, 278560, fun() -> [list_to_atom("some_atom_" ++ integer_to_list(N)) || N <- lists:seq(1, 10000)] end),
    adds("a persistent term", system, 1600264, fun() -> persistent_term:put(mem_types, lists:seq(1, 100000)) end),
    M = erlang:memory(),
    io:format("~p~n", [[K || {K, _} <- M]]),
    io:format("~p~n", [proplists:get_value(total, M) =:= proplists:get_value(processes, M) + proplists:get_value(system, M)]),
    io:format("~p~n", [try erlang:memory(nothing) catch C:E -> {C, E} end]).

idle(F) ->
    Me = self(),
    P = spawn(fun() -> Kept = case F of none -> []; _ -> F() end, Me ! ready, receive stop -> Kept end end),
    receive ready -> P end.

table(Type, N, F) ->
    T = ets:new(t, [Type]),
    [ets:insert(T, F(K)) || K <- lists:seq(1, N)],
    T.

%% What the load adds, beside what OTP says: in tenths.
adds(Name, Type, Otp, Load) ->
    Me = self(),
    P = spawn(fun() ->
                      garbage_collect(),
                      Before = erlang:memory(Type),
                      Kept = Load(),
                      garbage_collect(),
                      Me ! {self(), erlang:memory(Type) - Before},
                      receive stop -> Kept end
              end),
    receive
        {P, Added} when abs(Added - Otp) * 10 =< Otp -> io:format("~s: within a tenth~n", [Name]);
        {P, Added} -> io:format("~s: ~p, ~p on OTP~n", [Name, Added, Otp])
    end.
