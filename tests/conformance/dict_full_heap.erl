%% put/2 on heaps that are full to the last word, in tail position with a frame and without one: it collects first, and once.
-module(dict_full_heap).
-export([main/0]).

main() ->
    [in_process(N) || N <- lists:seq(0, 260)],
    io:format("~p~n", [ok]).

in_process(N) ->
    {P, M} = spawn_monitor(fun() ->
                                   L = fill(N, []),
                                   framed(first, {L, N}),
                                   Again = fill(N, []),
                                   plain(first, {Again, N}),
                                   [put({N, I}, {I, Again}) || I <- lists:seq(1, 20)],
                                   erase({N, 3}),
                                   exit({length(get()), get(first) =:= {Again, N}, lists:sum(L)})
                           end),
    receive
        {'DOWN', M, process, P, Why} when N rem 20 =:= 0 -> io:format("~p: ~p~n", [N, Why]);
        {'DOWN', M, process, P, {20, true, _}} -> ok;
        {'DOWN', M, process, P, Why} -> io:format("~p: ~p~n", [N, Why])
    end.

fill(0, L) -> L;
fill(N, L) -> fill(N - 1, [N | L]).

framed(K, V) ->
    Old = get(K),
    undefined = put(other, Old),
    erase(other),
    put(K, V).

plain(K, V) -> put(K, V).
