%% Maps at every size around the step from flat to hashed, and what an update costs.
-module(mem_maps).
-export([main/0]).

main() ->
    [sizes(N) || N <- [0, 1, 2, 3, 7, 8, 16, 31, 32, 33, 34, 40, 64, 65, 100, 128, 200, 256, 500, 1000, 2048, 5000]],
    keys_shared(),
    back_again(),
    keys_of_all_kinds().

sizes(N) ->
    M = maps:from_list([{I, I} || I <- lists:seq(1, N)]),
    P = maps:fold(fun(K, V, A) -> A#{K => V} end, #{}, M),
    io:format("~p: ~p ~p ~p~n", [N, erts_debug:flat_size(M), erts_debug:size(M), erts_debug:flat_size(P)]).

%% A flat map that is updated shares its keys with the one it came from.
keys_shared() ->
    M = maps:from_list([{{1, I}, I} || I <- lists:seq(1, 20)]),
    New = M#{{1, 3} := new},
    io:format("updated: ~p of ~p~n", [erts_debug:size([M, New]), erts_debug:flat_size([M, New])]),
    Same = M#{{1, 3} := 3},
    io:format("the same value: ~p of ~p~n", [erts_debug:size([M, Same]), erts_debug:flat_size([M, Same])]),
    Big = maps:from_list([{{1, I}, I} || I <- lists:seq(1, 2000)]),
    Changed = Big#{{1, 700} := new},
    io:format("a path of a large one: ~p~n", [erts_debug:size([Big, Changed]) - erts_debug:size([Big])]),
    Added = Big#{{1, 4000} => new},
    io:format("one key more: ~p~n", [erts_debug:size([Big, Added]) - erts_debug:size([Big])]).

%% A hashed map that shrinks becomes flat where OTP makes it flat.
back_again() ->
    M = maps:from_list([{I, I} || I <- lists:seq(1, 40)]),
    lists:foldl(fun(I, A) ->
                        Less = maps:remove(I, A),
                        case map_size(Less) of
                            S when S > 28, S < 36 -> io:format("shrunk to ~p: ~p~n", [S, erts_debug:flat_size(Less)]);
                            _ -> ok
                        end,
                        Less
                end, M, lists:seq(1, 40)),
    io:format("emptied ~p~n", [erts_debug:flat_size(lists:foldl(fun maps:remove/2, M, lists:seq(1, 40)))]).

keys_of_all_kinds() ->
    Kinds = [{ints, fun(I) -> I * 7 end},
             {strings, fun(I) -> "k" ++ integer_to_list(I) end},
             {binaries, fun(I) -> <<"k", (integer_to_binary(I))/binary>> end},
             {floats, fun(I) -> I * 1.5 end},
             {bigs, fun(I) -> I bsl 70 end},
             {tuples, fun(I) -> {I, I} end}],
    [io:format("~p: ~p~n", [Name, [erts_debug:flat_size(maps:from_list([{Key(I), I} || I <- lists:seq(1, N)]))
                                   || N <- [10, 33, 300, 1500]]])
     || {Name, Key} <- Kinds].
