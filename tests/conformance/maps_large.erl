%% Maps of more than 32 keys: growing, shrinking, updating; output is sorted.
-module(maps_large).
-export([main/0]).

main() ->
    M = lists:foldl(fun(I, A) -> A#{I => I * I} end, #{}, lists:seq(1, 1000)),
    io:format("~w~n", [map_size(M)]),
    io:format("~w~n", [[maps:get(I, M) || I <- [1, 31, 32, 33, 500, 1000]]]),
    io:format("~w~n", [lists:sort(maps:keys(M)) =:= lists:seq(1, 1000)]),
    io:format("~w~n", [lists:sum(maps:values(M))]),
    M2 = lists:foldl(fun(I, A) -> maps:remove(I, A) end, M, lists:seq(11, 1000)),
    io:format("~w ~w~n", [map_size(M2), lists:sort(maps:to_list(M2))]),
    io:format("~w~n", [M2 =:= maps:from_list([{I, I * I} || I <- lists:seq(1, 10)])]),
    %% around the border
    [begin
         X = maps:from_list([{{k, I}, I} || I <- lists:seq(1, N)]),
         Y = lists:foldl(fun(I, A) -> A#{{k, I} => I} end, #{}, lists:reverse(lists:seq(1, N))),
         io:format("~w ~w ~w ~w~n", [N, map_size(X), X =:= Y, erlang:phash2(lists:sort(maps:to_list(X)))])
     end || N <- [30, 31, 32, 33, 34, 64, 65, 1024]],
    %% keys of every kind in one big map
    Ks = [atom, "string", <<"binary">>, {tuple, 1}, [list], 1.5, 1 bsl 80, -1, #{m => 1}, <<5:3>>, [], {}] ++ lists:seq(1, 40),
    B = maps:from_list([{K, erlang:phash2(K)} || K <- Ks]),
    io:format("~w~n", [[maps:get(K, B) =:= erlang:phash2(K) || K <- Ks]]),
    io:format("~p~n", [lists:sort(maps:to_list(B))]),
    io:format("~w ~w~n", [maps:is_key(1.0, B), maps:is_key("strin", B)]),
    U = maps:map(fun(_, V) -> V + 1 end, M),
    io:format("~w ~w~n", [maps:get(77, U), map_size(U)]),
    F = maps:filter(fun(K, _) -> K rem 100 =:= 0 end, M),
    io:format("~w~n", [lists:sort(maps:to_list(F))]),
    io:format("~w~n", [maps:fold(fun(K, V, A) -> K + V + A end, 0, M)]),
    io:format("~w~n", [map_size(maps:merge(M, maps:from_list([{I, x} || I <- lists:seq(900, 1100)])))]),
    #{500 := Q, 501 := R} = M,
    io:format("~w ~w~n", [Q, R]),
    io:format("~w~n", [(M#{1 := one, 2 := two}) =:= (M#{2 := two, 1 := one})]),
    io:format("~w~n", [try M#{0 := x} catch K:E -> {K, E} end]),
    io:format("~w ~w~n", [M < M#{1001 => x}, M =:= M#{5 => 25}]),
    io:format("~w~n", [words()]),
    ok.

words() ->
    Text = lists:append([integer_to_list(I * 7919 rem 100) ++ " " || I <- lists:seq(1, 2000)]),
    Counts = lists:foldl(fun(W, M) -> maps:update_with(W, fun(N) -> N + 1 end, 1, M) end, #{}, string:tokens(Text, " ")),
    {map_size(Counts), lists:sum(maps:values(Counts)), lists:sublist(lists:sort(maps:to_list(Counts)), 5)}.
