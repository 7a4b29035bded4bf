%% SPDX-License-Identifier: Apache-2.0
-module(backtrace_zero).
%% Stack traces of every depth: the function that failed is in each.
-export([main/0]).

main() ->
    [begin
         erlang:system_flag(backtrace_depth, Depth),
         io:format("~p: ~p~n", [Depth, [caught(Fun) || Fun <- failing()]])
     end || Depth <- [0, 1, 2, 3, 8]],
    erlang:system_flag(backtrace_depth, 8),
    ok.

failing() ->
    [fun() -> thrown(1), ok end,
     fun() -> no_list(a), ok end,
     fun() -> ended(), ok end,
     fun() -> no_match(a), ok end,
     fun() -> no_clause(1), ok end,
     fun() -> lists:reverse(a), ok end,
     fun() -> foo:bar(1), ok end,
     fun() -> {'EXIT', {_, S}} = (catch error(x)), throw({stack, length(S) > 0}) end].

%% What called main/0 differs from host to host.
caught(Fun) ->
    try Fun()
    catch C:R:S -> {C, R, [{M, F, A} || {M, F, A, _} <- lists:sublist(S, 2), M =/= init, M =/= erl_eval]}
    end.

thrown(X) -> throw(X), ok.
no_list(X) -> a = hd(X), ok.
ended() -> exit(q), ok.
no_match(X) -> {ok, _} = X, ok.
no_clause(2) -> ok.
